/** A connection of its own for migrations and seeds, whose statements may run for long. */
import pg from 'pg';
import type { Queryable } from '../types.ts';

/** The longest that a migration may take, even one that rewrites a large table. */
export const MIGRATION_TIMEOUT_MS = 15 * 60_000;

const CONNECT_TIMEOUT_MS = 10_000;

/** Runs `use` on a new connection to this URL, and closes it. */
export async function withClient<T>(url: string, use: (client: Queryable) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'loms migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    lock_timeout: MIGRATION_TIMEOUT_MS,
  });
  // A connection that breaks fails the current query too; without a listener its error event would end the
  // process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client as unknown as Queryable);
  } finally {
    await client.end();
  }
}
