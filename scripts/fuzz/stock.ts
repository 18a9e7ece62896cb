/** The stock that the cases ask for, and the books that are kept of it. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { Books } from '../bench/books.ts';

/** Fills a database that has the seed set `development`, and opens its books. */
export async function openFilledBooks(url: string): Promise<Books> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(readFileSync(new URL('sql/stock-fill.sql', import.meta.url), 'utf8'));
  await client.end();
  const books = await Books.open(url);
  // The seed set has stock reserved that no order holds.
  await books.reset();
  return books;
}
