/**
 * A consumer of the event feed: it counts how many pieces of each sku were sold, in a database of its
 * own, each sale once. The token of the next page is stored in the transaction that adds what the page
 * has, so both are done or neither, whenever the program is killed. Several may run: one of them applies
 * a page, the others see that the token is another one by then.
 *
 *     REPORTS_DATABASE_URL=postgres://... LOMS_URL=http://127.0.0.1:8080 npx tsx examples/reports.ts [--once]
 */
import pg from 'pg';
import { type FeedPage, type OrderChange, readPage } from './feed.ts';

/** Whether it ends when it has read all events, instead of waiting for the next one. */
const once = process.argv.includes('--once');

const database = new pg.Client({ connectionString: process.env.REPORTS_DATABASE_URL });
await database.connect();

async function createTables(): Promise<void> {
  await database.query(`
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtext('reports'));
    CREATE SCHEMA IF NOT EXISTS reports;
    CREATE TABLE IF NOT EXISTS reports.cursors (name text PRIMARY KEY, token text NOT NULL);
    CREATE TABLE IF NOT EXISTS reports.sold (sku bigint PRIMARY KEY, pieces bigint NOT NULL);
    INSERT INTO reports.cursors VALUES ('sold', '') ON CONFLICT DO NOTHING;
    COMMIT`);
}

/** Where to go on; empty before the first page. */
async function readToken(): Promise<string> {
  const { rows } = await database.query("SELECT token FROM reports.cursors WHERE name = 'sold'");
  return rows[0].token;
}

/** Adds what a page has, unless another instance has done so. */
async function apply(token: string, { events, nextPageToken }: FeedPage<OrderChange>): Promise<void> {
  const lines = events.flatMap(({ data }) => data.items);
  await database.query('BEGIN');
  const moved = await database.query(
    "UPDATE reports.cursors SET token = $2 WHERE name = 'sold' AND token = $1",
    [token, nextPageToken],
  );
  if (moved.rowCount === 1) {
    await database.query(
      `INSERT INTO reports.sold AS before (sku, pieces)
       SELECT sku, sum(count) FROM unnest($1::bigint[], $2::bigint[]) AS line (sku, count)
       GROUP BY sku ORDER BY sku
       ON CONFLICT (sku) DO UPDATE SET pieces = before.pieces + excluded.pieces`,
      [lines.map(({ sku }) => String(sku)), lines.map(({ count }) => String(count))],
    );
  }
  await database.query('COMMIT');
}

await createTables();
const query = { type: 'order.payed', page_size: '1000', wait_seconds: once ? '0' : '20' };
for (;;) {
  const token = await readToken();
  const page = await readPage<OrderChange>(token, query);
  // The same token again: nothing has happened since. A page without events may lead on to some.
  if (page.nextPageToken !== token) await apply(token, page);
  else if (once) break;
}
await database.end();
