/** The stock that the cases ask for, and the books that are kept of it. */
import { readFileSync } from 'node:fs';
import { query } from '../../test/support/query.ts';
import { Books } from '../lib/books.ts';

const fill = readFileSync(new URL('sql/stock-fill.sql', import.meta.url), 'utf8');

/** Fills a database that has the seed set `development`, and opens its books. */
export async function openFilledBooks(url: string): Promise<Books> {
  await query(url, fill);
  const books = new Books(url, 'fuzz');
  await books.begin();
  // The seed set has stock reserved that no order holds.
  await books.reset();
  return books;
}
