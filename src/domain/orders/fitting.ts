/** Bounds a step of background work by the lines of its orders, which the number of orders does not. */
import type { Queryable } from '../../db/types.ts';
import { orderLineCount } from '../../generated/sql/orders.ts';

/** Returns the longest prefix of the orders with at most `linesMax` lines in sum, and at least one order. */
export async function fitting(
  tx: Queryable,
  orderIds: readonly bigint[],
  linesMax: number,
): Promise<bigint[]> {
  if (orderIds.length === 0) return [];
  const columns = { orderIds: [...orderIds], limit: BigInt(linesMax) };
  const [counted] = await orderLineCount.run(columns, tx);
  const cut = counted?.lines === columns.limit ? counted.last_order_id : null;
  return orderIds.filter((id, index) => index === 0 || cut === null || id < cut);
}
