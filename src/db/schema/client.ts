/** A connection of its own for migrations and seeds, whose statements may run for long. */
import pg from 'pg';
import { connectionOf, optionsOf } from '../connection.ts';
import type { Queryable } from '../types.ts';

/** The longest that a statement of a migration may take, even one that rewrites a large table. */
const STATEMENT_TIMEOUT_MS = 15 * 60_000;

const CONNECT_TIMEOUT_MS = 10_000;

/** Runs `use` on a new connection to this URL, and closes it. */
export async function withClient<T>(url: string, use: (client: Queryable) => Promise<T>): Promise<T> {
  const connection = connectionOf(url);
  const client = new pg.Client({
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...connection,
    application_name: `${connection.application_name} migrate`,
    options: optionsOf({ statement_timeout: `${STATEMENT_TIMEOUT_MS}ms` }),
    keepAlive: true,
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
