/** Reads of what is available: a batch is one statement, however many requests and skus it has. */
import { expect, test } from 'vitest';
import type { Queryable } from '../../db/types.ts';
import { readStockBatches, readStocks } from './read.ts';

const skus = Array.from({ length: 1_000 }, (_, index) => index + 1);

test.each([
  ['1,000 single reads', (db: Queryable) => readStocks(db, skus)],
  ['three reads of 1,000 skus', (db: Queryable) => readStockBatches(db, [{ skus }, { skus }, { skus }])],
])('%s are one statement', async (_title, read) => {
  let statements = 0;
  const db: Queryable = {
    query: async () => {
      statements++;
      return { rows: [], rowCount: 0 };
    },
  };
  await read(db);
  expect(statements).toBe(1);
});
