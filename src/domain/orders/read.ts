/**
 * Reading orders, many at once, on any node.
 */
import type { Database } from '../../db/types.ts';
import { type IOrderReadResult, orderRead } from '../../generated/sql/orders.ts';
import { accepted, type Outcome, orderNotFound, refused } from '../errors.ts';
import { asOrderStatus, type Line, type Order } from './order.ts';

/**
 * Reads orders in one statement.
 *
 * @returns for each id its order, or ORDER_NOT_FOUND.
 */
export async function readOrders(database: Database, orderIds: readonly bigint[]): Promise<Outcome<Order>[]> {
  const rows = await database.read((db) => orderRead.run({ orderIds: [...new Set(orderIds)] }, db));
  const orders = ordersOf(rows);
  return orderIds.map((id) => {
    const order = orders.get(id);
    return order === undefined ? refused(orderNotFound(id)) : accepted(order);
  });
}

/** Puts orders together from rows of one line each, which come sorted by order and sku. */
export function ordersOf(rows: readonly IOrderReadResult[]): Map<bigint, Order> {
  const orders = new Map<bigint, Order & { items: Line[] }>();
  for (const row of rows) {
    const line = { sku: Number(row.sku), count: row.count };
    const order = orders.get(row.order_id);
    if (order !== undefined) {
      order.items.push(line);
      continue;
    }
    const { order_id: orderId, user_id: user } = row;
    orders.set(orderId, { orderId, user, status: asOrderStatus(row.status), items: [line] });
  }
  return orders;
}
