/**
 * A database for one test file: a clone of the run's migrated and seeded one, on primary and replica. And
 * what tests open on it: a router, and the operations without a transport.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { Router, type RouterOptions } from '../../src/db/cluster/router.ts';
import type { Settings } from '../../src/domain/settings.ts';
import { FeedReaders } from '../../src/service/feed-readers.ts';
import { FeedWatch } from '../../src/service/feed-watch.ts';
import {
  type BatchingOptions,
  createService,
  type Service,
  type ServiceOptions,
} from '../../src/service/service.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { Deadlines } from '../../src/timing/deadlines.ts';
import { quiet } from './quiet.ts';

export interface TestDatabase {
  readonly primaryUrl: string;
  readonly replicaUrls: readonly string[];
  /** Runs a statement on the primary and returns its rows; 64-bit integers are strings. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** A database of its own for the tests of a file or block: created before them, dropped after them. */
export function useDatabase(): TestDatabase {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const withName = (url: string) => Object.assign(new URL(url), { pathname: name }).href;
  const primaryUrl = withName(inject('primaryUrl'));
  const pool = new pg.Pool({ connectionString: primaryUrl, max: 2 });
  pool.on('error', () => {});
  beforeAll(() => onServer(`CREATE DATABASE ${name} TEMPLATE loms`));
  afterAll(async () => {
    await pool.end();
    await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
  return {
    primaryUrl,
    replicaUrls: inject('replicaUrls').map(withName),
    query: async (text, values) => (await pool.query(text, values)).rows,
  };
}

/** A router for the tests of a file or block. It checks its nodes once before them. */
export function useRouter(...options: Parameters<typeof openRouter>): Router {
  const router = openRouter(...options);
  beforeAll(async () => {
    await router.check();
  });
  afterAll(() => router.stop());
  return router;
}

/** The operations on a database of their own, without a transport, for the tests of a file or block. */
export function useLoms(): { database: TestDatabase; router: Router; loms: Service } {
  const database = useDatabase();
  const router = useRouter(database);
  return { database, router, loms: openService(router) };
}

const OBJECT_IN_USE = '55006';
const CLONE_ATTEMPTS_MAX = 100;

/** Runs a statement outside of the tests' databases. Two files that clone at the same moment take turns. */
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

/** A router that is not started: the test checks the nodes, at least once before use. */
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

const DAY_MS = 86_400_000;

/** Settings for tests that do not care about them: reservations never end. */
export const testSettings: Settings = {
  idempotencyRetentionMs: DAY_MS,
  reservationTtlMs: 0,
  reservationTtlMaxMs: DAY_MS,
  writeTimeoutMs: 10_000,
  latePaymentWindowMs: DAY_MS,
  heldPiecesMaxPerUser: 0,
  countMaxAgeMs: DAY_MS,
  pageTokenKey: new Uint8Array(32),
};

/** The operations on a database, with limits that most tests do not care about. */
export function openService(
  database: ServiceOptions['database'],
  { deadlines = new Deadlines(), metrics = new Metrics(), settings, ...batching }: ServiceLimits = {},
): Service {
  const limits = { queueMax: 10_000, batchMax: 1_000, writeLanes: 1, readLanes: 2, ...batching };
  const allSettings = { ...testSettings, ...settings };
  const watch = new FeedWatch({ read: (work) => database.read(work), onError: () => {} });
  watch.start();
  const readers = new FeedReaders({ readersMax: 100, readersPerClientMax: 100 });
  const feed = { watch, readers };
  return createService({
    database,
    logger: quiet,
    deadlines,
    settings: allSettings,
    batching: limits,
    metrics,
    slowBatchMs: 0,
    ...feed,
  });
}

interface ServiceLimits extends Partial<BatchingOptions> {
  readonly deadlines?: ServiceOptions['deadlines'];
  readonly metrics?: Metrics;
  readonly settings?: Partial<Settings>;
}
