/** One statement on a connection of its own, for tests that look at a server from outside. */
import pg from 'pg';

/** Runs a statement and gives its rows; 64-bit integers come as strings. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that breaks fails the query in work as well; without a listener it would end the run.
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
