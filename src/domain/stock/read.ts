/**
 * Reading what can be bought, many skus at once, on any node.
 */
import type { Database } from '../../db/types.ts';
import { stockRead } from '../../generated/sql/stocks.ts';
import { accepted, type Outcome, refused, stockNotFound } from '../errors.ts';
import { availableOf } from './stock.ts';

/**
 * Reads stock in one statement.
 *
 * @returns for each sku how many pieces can be bought, or STOCK_NOT_FOUND.
 */
export async function readStocks(
  database: Database,
  skus: readonly number[],
): Promise<Outcome<{ count: bigint }>[]> {
  const rows = await database.read((db) => stockRead.run({ skus: Array.from(new Set(skus), BigInt) }, db));
  const counts = new Map(rows.map((row) => [Number(row.sku), availableOf(row)]));
  return skus.map((sku) => {
    const count = counts.get(sku);
    return count === undefined ? refused(stockNotFound(sku)) : accepted({ count });
  });
}
