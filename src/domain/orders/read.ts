/** Reading orders, many in one statement, on any node. */
import type { Queryable } from '../../db/types.ts';
import { type IOrderReadResult, orderRead } from '../../generated/sql/orders.ts';
import { instantOfMicros } from '../instant.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { orderNotFound } from '../refusals.ts';
import { asOrderStatus, fromSkuColumn, type Line, type Order } from './order.ts';

/** @returns for each id its order, or ORDER_NOT_FOUND. */
export async function readOrders(db: Queryable, orderIds: readonly bigint[]): Promise<Outcome<Order>[]> {
  const orders = ordersOf(await orderRead.run({ orderIds: [...new Set(orderIds)] }, db));
  return orderIds.map((id) => {
    const order = orders.get(id);
    return order === undefined ? refused(orderNotFound(id)) : accepted(order);
  });
}

/** An order without its lines, as the database returns it. */
export interface OrderRow {
  readonly order_id: bigint;
  readonly user_id: bigint;
  readonly status: string;
  readonly created_us: bigint;
  readonly updated_us: bigint;
}

/** An order without its lines. */
export function headOf(row: OrderRow): Omit<Order, 'items'> {
  return {
    orderId: row.order_id,
    user: row.user_id,
    status: asOrderStatus(row.status),
    createdAt: instantOfMicros(row.created_us),
    updatedAt: instantOfMicros(row.updated_us),
  };
}

/** Assembles orders from rows of one line each, which are sorted by order and sku. */
export function ordersOf(rows: readonly IOrderReadResult[]): Map<bigint, Order> {
  const orders = new Map<bigint, Order & { items: Line[] }>();
  for (const row of rows) {
    const line = { sku: fromSkuColumn(row.sku), count: row.count };
    const order = orders.get(row.order_id);
    if (order !== undefined) {
      order.items.push(line);
      continue;
    }
    orders.set(row.order_id, { ...headOf(row), items: [line] });
  }
  return orders;
}
