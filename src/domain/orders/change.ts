/**
 * Changing orders by a guarded update, in the first round trip of a transaction, and what follows from it in
 * the last one.
 *
 * A transaction decides by the time at which it began. So one that began after the end of a reservation can
 * read an order as overdue while another, which began before it, is still to commit its payment or extension.
 * Therefore an order that is read as overdue is released there and then, which waits for the other: every
 * answer about it rests on a committed change.
 */
import type { Queryable } from '../../db/types.ts';
import { orderConfirm, orderExpire, orderRead, orderTransition } from '../../generated/sql/orders.ts';
import { type OrderMovement, OrderMovements } from '../stock/movements.ts';
import { changeStock, lockStock } from '../stock/stock.ts';
import { type Order, type Transition, transitions } from './order.ts';
import { isUnreleased, ordersOf } from './read.ts';

interface ChangedOrders<Row> {
  /** What the update returned of the orders that it changed. */
  readonly changed: readonly Row[];
  /** The orders that were overdue and were released. */
  readonly expired: readonly Order[];
  /** All of the orders, as they are after it. */
  readonly orders: ReadonlyMap<bigint, Order>;
}

/**
 * Changes orders, and reads all of them. Overdue ones are released, in one more round trip: behind the
 * release, `update` runs once more, for those that were extended meanwhile.
 *
 * @param update a guarded update of open orders, which skips those whose reservations have ended.
 */
export async function changeOrders<Row>(
  tx: Queryable,
  orderIds: readonly bigint[],
  update: (orderIds: readonly bigint[]) => Promise<Row[]>,
): Promise<ChangedOrders<Row>> {
  const [changed, rows] = await Promise.all([
    update(orderIds),
    orderRead.run({ orderIds: [...orderIds] }, tx),
  ]);
  const orders = ordersOf(rows);
  const overdue = [...new Set(rows.filter(isUnreleased).map((row) => row.order_id))];
  if (overdue.length === 0) return { changed, expired: [], orders };
  const [expired, extended, again] = await Promise.all([
    expire(tx, overdue),
    update(overdue),
    orderRead.run({ orderIds: overdue }, tx),
  ]);
  for (const [id, order] of ordersOf(again)) orders.set(id, order);
  return { changed: [...changed, ...extended], expired: expired.map((id) => orderOf(orders, id)), orders };
}

/**
 * Runs the guarded update of a transition, whose orders' reservations may have ended so long ago.
 *
 * @returns the ids of the orders that it changed.
 */
export function transit(
  tx: Queryable,
  orderIds: readonly bigint[],
  { from, fromReason, to, cancelReason }: Transition,
  graceMs = 0,
): Promise<{ order_id: bigint }[]> {
  return orderTransition.run({ orderIds: [...orderIds], from, fromReason, to, cancelReason, graceMs }, tx);
}

/** Cancels those of the orders whose reservations have ended. Returns their ids. */
export async function expire(tx: Queryable, orderIds: readonly bigint[]): Promise<bigint[]> {
  const { from, to, cancelReason } = transitions.expire;
  const rows = await orderExpire.run({ orderIds: [...orderIds], from, to, cancelReason }, tx);
  return rows.map((row) => row.order_id);
}

/** An order that the same transaction has locked, and so has read. */
export function orderOf(orders: ReadonlyMap<bigint, Order>, orderId: bigint): Order {
  const order = orders.get(orderId);
  if (order === undefined) throw new Error(`order ${orderId} was changed and not read`);
  return order;
}

/**
 * Lets the COMMIT wait until a replica has these orders. "It is payed already" may rest on a payment that was
 * never confirmed, and nothing else is written where that order lies.
 */
export function confirm(tx: Queryable, orders: readonly Order[]): Promise<unknown>[] {
  if (orders.length === 0) return [];
  const { from: open } = transitions.expire;
  return [orderConfirm.run({ orderIds: orders.map(({ orderId }) => orderId), open }, tx)];
}

/** Orders that go through a transition. */
export interface Moved {
  readonly orders: readonly Order[];
  readonly transition: Transition;
}

/** The orders that were read and not written. */
export function unwritten(orders: ReadonlyMap<bigint, Order>, moved: readonly Moved[]): Order[] {
  const written = new Set(moved.flatMap((each) => each.orders));
  return [...orders.values()].filter((order) => !written.has(order));
}

/** Locks the stock of the orders, and writes what their transitions do to it, one movement per sku. */
export function changeStockOf(tx: Queryable, ...moved: readonly Moved[]): Promise<unknown>[] {
  const movements = movementsOf(moved);
  if (movements.length === 0) return [];
  const skus = movements.map(({ sku }) => sku);
  return [lockStock(tx, skus), changeStock(tx, movements)];
}

/** The skus of orders, each once. */
export function skusOf(orders: readonly Order[]): Set<number> {
  return new Set(orders.flatMap(({ items }) => items.map(({ sku }) => sku)));
}

/** What transitions of orders do to the stock. */
export function movementsOf(moved: readonly Moved[]): readonly OrderMovement[] {
  const movements = new OrderMovements();
  for (const { orders, transition } of moved) {
    for (const { orderId, items } of orders) movements.add(orderId, items, transition.perPiece);
  }
  return movements.all;
}
