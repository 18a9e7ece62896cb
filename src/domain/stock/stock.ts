/** Stock as transactions use it: locked in sku order, changed by one movement per sku. */
import type { Queryable } from '../../db/types.ts';
import { type IStockLockResult, stockChange, stockLock } from '../../generated/sql/stocks.ts';
import { fromSkuColumn, toSkuColumn } from '../orders/order.ts';
import type { Available } from './allocation.ts';
import { kindOf, type OrderMovement } from './movements.ts';

/** The pieces of a stock row that can be bought; never negative, as the table's CHECK has it. */
export function availableOf(row: { total_count: bigint; reserved: bigint }): bigint {
  const available = row.total_count - row.reserved;
  return available > 0n ? available : 0n;
}

/** The stock of a sku. */
export interface Stock {
  readonly sku: number;
  readonly total: bigint;
  readonly reserved: bigint;
  /** What is available. */
  readonly count: bigint;
}

/** The stock of a row. */
export function stockOf(row: { sku: bigint; total_count: bigint; reserved: bigint }): Stock {
  const { sku, total_count: total, reserved } = row;
  return { sku: fromSkuColumn(sku), total, reserved, count: availableOf(row) };
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

/** Writes what a batch's orders do to stock that the transaction has locked. */
export async function changeStock(tx: Queryable, movements: readonly OrderMovement[]): Promise<void> {
  const columns = {
    skus: toSkuColumn(movements.map(({ sku }) => sku)),
    kinds: movements.map(kindOf),
    totalChanges: movements.map(({ total }) => BigInt(total)),
    reservedChanges: movements.map(({ reserved }) => BigInt(reserved)),
    orderIds: movements.map(({ orderCount, orderId }) => (orderCount === 1 ? orderId : 0n)),
    orderCounts: movements.map(({ orderCount }) => orderCount),
    ...noEntry,
  };
  await stockChange.run(columns, tx);
}

/** What only changes by hand have. */
const noEntry = { countedAts: [], reasons: [], references: [], notes: [], actors: [] };
