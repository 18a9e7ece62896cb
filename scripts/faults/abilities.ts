/** What the service under test can do, where a run depends on it. */
import { request } from 'node:http';
import pg from 'pg';
import { readConfig } from '../../src/config.ts';
import { hasKeys } from './final-state.ts';

export interface Abilities {
  /** It keeps idempotency keys, so that a create with an unknown outcome can be repeated. */
  readonly keys: boolean;
  /** It keeps the deadline that a caller names. */
  readonly deadlines: boolean;
  /** It finds the primary among several hosts. */
  readonly severalHosts: boolean;
}

/** Looks at a running service and its database. */
export async function findAbilities(databaseUrl: string, httpPort: number): Promise<Abilities> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return {
      keys: await hasKeys(client),
      deadlines: await refusesBadDeadline(httpPort),
      severalHosts: takesSeveralHosts(),
    };
  } finally {
    await client.end();
  }
}

/** Whether the configuration may name several hosts. */
export function takesSeveralHosts(): boolean {
  try {
    readConfig({ DATABASE_URL: 'postgres://user:password@one:1,two:2/loms' });
    return true;
  } catch {
    return false;
  }
}

function refusesBadDeadline(port: number): Promise<boolean> {
  const headers = { 'request-timeout': 'soon' };
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/order/info/1', headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 400);
    });
    asked.on('error', reject).end();
  });
}
