/** Reading what can be bought, many skus in one statement, on any node. */
import type { Queryable } from '../../db/types.ts';
import { stockRead } from '../../generated/sql/stocks.ts';
import { fromSkuColumn, toSkuColumn } from '../orders/order.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { stockNotFound } from '../refusals.ts';
import { availableOf } from './stock.ts';

/** @returns for each sku how many pieces can be bought, or STOCK_NOT_FOUND. */
export async function readStocks(
  db: Queryable,
  skus: readonly number[],
): Promise<Outcome<{ count: bigint }>[]> {
  const rows = await stockRead.run({ skus: toSkuColumn(new Set(skus)) }, db);
  const counts = new Map(rows.map((row) => [fromSkuColumn(row.sku), availableOf(row)]));
  return skus.map((sku) => {
    const count = counts.get(sku);
    return count === undefined ? refused(stockNotFound(sku)) : accepted({ count });
  });
}
