/**
 * Stock as the batch transactions use it: locked in sku order, changed by one sum per sku.
 */
import type { Queryable } from '../../db/types.ts';
import { stockChange, stockLock } from '../../generated/sql/stocks.ts';
import type { Available } from './allocation.ts';

/** One sku's summed change by a batch. */
export interface StockChange {
  readonly sku: number;
  readonly total: number;
  readonly reserved: number;
}

/** What can be bought of a stock row. The table's CHECK keeps it from being negative; the contract says so too. */
export function availableOf(row: { total_count: bigint; reserved: bigint }): bigint {
  const available = row.total_count - row.reserved;
  return available > 0n ? available : 0n;
}

/** Locks the stock of these skus until the transaction ends, and tells what can be bought of each. */
export async function lockStock(db: Queryable, skus: Iterable<number>): Promise<Available> {
  const rows = await stockLock.run({ skus: Array.from(skus, BigInt) }, db);
  return new Map(rows.map((row) => [Number(row.sku), availableOf(row)]));
}

/** Writes a batch's changes to stock that the transaction has locked. */
export async function changeStock(db: Queryable, changes: readonly StockChange[]): Promise<void> {
  const params = {
    skus: changes.map((change) => BigInt(change.sku)),
    totalChanges: changes.map((change) => BigInt(change.total)),
    reservedChanges: changes.map((change) => BigInt(change.reserved)),
  };
  await stockChange.run(params, db);
}
