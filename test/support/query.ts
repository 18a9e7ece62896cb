/** One statement on a connection of its own, for tests and scripts that observe a server from outside. */
import pg from 'pg';

const QUERY_LIMIT_MS = 10_000;

/** Runs a statement and returns its rows; 64-bit integers are strings. */
export async function query(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const limits = { connectionTimeoutMillis: 5_000, query_timeout: QUERY_LIMIT_MS };
  const client = new pg.Client({ connectionString: url, ...limits });
  // A lost connection fails the query under way as well; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(text, [...values])).rows;
  } finally {
    await client.end();
  }
}
