/**
 * A database for one test file: a clone of the run's migrated and seeded one, on primary and replica.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { Router, type RouterOptions } from '../../src/db/cluster/router.ts';
import { createService, type Service, type ServiceOptions } from '../../src/service/service.ts';
import { Deadlines } from '../../src/timing/deadlines.ts';
import { quiet } from './quiet.ts';

export interface TestDatabase {
  readonly primaryUrl: string;
  readonly replicaUrls: readonly string[];
  /** Runs a statement on the primary and gives its rows; integers come as strings. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

/** Clones the run's database under a new name. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const withName = (url: string) => Object.assign(new URL(url), { pathname: name }).href;
  await onServer(`CREATE DATABASE ${name} TEMPLATE loms`);
  const primaryUrl = withName(inject('primaryUrl'));
  const pool = new pg.Pool({ connectionString: primaryUrl, max: 2 });
  pool.on('error', () => {});
  return {
    primaryUrl,
    replicaUrls: inject('replicaUrls').map(withName),
    query: async (text, values) => (await pool.query(text, values)).rows,
    async drop() {
      await pool.end();
      await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

const OBJECT_IN_USE = '55006';
const CLONE_ATTEMPTS_MAX = 100;

/** Runs a statement beside the databases of tests. Two files that clone at the same moment take turns. */
export async function onServer(statement: string): Promise<void> {
  const url = Object.assign(new URL(inject('primaryUrl')), { pathname: 'postgres' }).href;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await client.query(statement);
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== OBJECT_IN_USE || attempt === CLONE_ATTEMPTS_MAX)
          throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  } finally {
    await client.end();
  }
}

/** A router on a test's database, not started: a test checks the nodes when it wants to, and once before use. */
export function openRouter(
  urls: { primaryUrl: string; replicaUrls: readonly string[] },
  more: Partial<RouterOptions> = {},
) {
  return new Router({
    urls: [urls.primaryUrl, ...urls.replicaUrls],
    poolSize: 8,
    connectTimeoutMs: 5_000,
    readTimeoutMs: 5_000,
    writeTimeoutMs: 10_000,
    checkIntervalMs: 60_000,
    replicaLagMaxMs: 5_000,
    logger: quiet,
    ...more,
  });
}

/** A service on a router, with the limits that a test does not care about. */
export function openService(
  database: ServiceOptions['database'],
  more: Partial<ServiceOptions> = {},
): Service {
  const options = {
    now: Date.now,
    deadlines: new Deadlines(),
    queueMax: 10_000,
    batchMax: 1_000,
    writeLanes: 1,
    readLanes: 2,
  };
  return createService({ database, logger: quiet, ...options, ...more });
}
