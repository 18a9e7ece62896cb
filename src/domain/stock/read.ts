/** Reading what can be bought, many skus in one statement, on any node. */
import type { Queryable } from '../../db/types.ts';
import { stockRead } from '../../generated/sql/stocks.ts';
import { fromSkuColumn, toSkuColumn } from '../orders/order.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { stockNotFound } from '../refusals.ts';
import type { Available } from './allocation.ts';
import { availableOf } from './stock.ts';

/** @returns for each sku how many pieces can be bought, or STOCK_NOT_FOUND. */
export async function readStocks(
  db: Queryable,
  skus: readonly number[],
): Promise<Outcome<{ count: bigint }>[]> {
  const available = await readAvailable(db, new Set(skus));
  return skus.map((sku) => {
    const count = available.get(sku);
    return count === undefined ? refused(stockNotFound(sku)) : accepted({ count });
  });
}

/** What is available of many skus. Both lists are in ascending order and name each sku once. */
export interface StockBatch {
  readonly stocks: readonly { readonly sku: number; readonly count: bigint }[];
  readonly missing: readonly number[];
}

/** Reads what is available of many skus, for each request. */
export async function readStockBatches(
  db: Queryable,
  requests: readonly { readonly skus: readonly number[] }[],
): Promise<Outcome<StockBatch>[]> {
  const available = await readAvailable(db, new Set(requests.flatMap(({ skus }) => skus)));
  return requests.map(({ skus }) => {
    const stocks: { sku: number; count: bigint }[] = [];
    const missing: number[] = [];
    for (const sku of [...new Set(skus)].sort((a, b) => a - b)) {
      const count = available.get(sku);
      if (count === undefined) missing.push(sku);
      else stocks.push({ sku, count });
    }
    return accepted({ stocks, missing });
  });
}

async function readAvailable(db: Queryable, skus: ReadonlySet<number>): Promise<Available> {
  const rows = await stockRead.run({ skus: toSkuColumn(skus) }, db);
  return new Map(rows.map((row) => [fromSkuColumn(row.sku), availableOf(row)]));
}
