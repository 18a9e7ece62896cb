/** One statement on a connection of its own, for tests and tools that look at a server from outside. */
import pg from 'pg';

const QUERY_LIMIT_MS = 10_000;

/** Runs a statement and gives its rows; 64-bit integers come as strings. */
export async function query(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const limits = { connectionTimeoutMillis: 5_000, query_timeout: QUERY_LIMIT_MS };
  const client = new pg.Client({ connectionString: url, ...limits });
  // A connection that breaks fails the query in work as well; without a listener it would end the run.
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(text, [...values])).rows;
  } finally {
    await client.end();
  }
}
