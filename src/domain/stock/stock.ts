/** Stock as transactions use it: locked in sku order, changed by one sum per sku. */
import type { Queryable } from '../../db/types.ts';
import { type IStockLockResult, stockChange, stockLock } from '../../generated/sql/stocks.ts';
import { fromSkuColumn, toSkuColumn } from '../orders/order.ts';
import type { Available } from './allocation.ts';

/** The summed change of one sku by a batch. */
export interface StockChange {
  readonly sku: number;
  readonly total: number;
  readonly reserved: number;
}

/** The pieces of a stock row that can be bought; never negative, as the table's CHECK has it. */
export function availableOf(row: { total_count: bigint; reserved: bigint }): bigint {
  const available = row.total_count - row.reserved;
  return available > 0n ? available : 0n;
}

/** Stock that a transaction holds. */
export interface LockedStock {
  readonly available: Available;
  readonly rows: readonly IStockLockResult[];
}

/** Locks the stock of these skus until the transaction ends. */
export async function lockStock(tx: Queryable, skus: Iterable<number>): Promise<LockedStock> {
  const rows = await stockLock.run({ skus: toSkuColumn(skus) }, tx);
  return { available: new Map(rows.map((row) => [fromSkuColumn(row.sku), availableOf(row)])), rows };
}

/** Writes a batch's changes to stock that the transaction has locked. */
export async function changeStock(tx: Queryable, changes: readonly StockChange[]): Promise<void> {
  const columns = {
    skus: toSkuColumn(changes.map(({ sku }) => sku)),
    totalChanges: changes.map(({ total }) => BigInt(total)),
    reservedChanges: changes.map(({ reserved }) => BigInt(reserved)),
  };
  await stockChange.run(columns, tx);
}
