/**
 * Changing orders: they are locked, changed by a guarded update and read in the first round trip of a
 * transaction; what follows from it is written in the last one.
 *
 * A transaction decides by the time at which it began. So one that began after the end of a reservation can
 * find an order overdue that another, which began before it, has yet to pay or extend. The lock waits for
 * the other: every answer about an order rests on a committed change. What is overdue under the lock is
 * released by the transaction that holds it.
 */
import type { Queryable } from '../../db/types.ts';
import { orderExpire, orderLock, orderTransition } from '../../generated/sql/orders.ts';
import { ANONYMOUS } from '../call.ts';
import { EventLog } from '../events/log.ts';
import { microsOf } from '../instant.ts';
import { type OrderMovement, OrderMovements } from '../stock/movements.ts';
import { changeStock, lockStock } from '../stock/stock.ts';
import { OPEN, type Order, type Transition, transitions } from './order.ts';
import { isUnreleased, ordersOf, readLines, type StoredOrder } from './read.ts';

interface ChangedOrders<Row> {
  /** The orders that are locked. One that was written behind the lock is not, and the update may find it. */
  readonly locked: ReadonlySet<bigint>;
  /** What the update returned. */
  readonly changed: readonly Row[];
  /** The orders that are overdue and must be released (`expire`), as they are after that. */
  readonly overdue: readonly StoredOrder[];
  /** All that are locked, and that the update returned, as they are after it. */
  readonly orders: ReadonlyMap<bigint, StoredOrder>;
}

/**
 * Locks orders, changes them, and reads all of them.
 *
 * @param update a guarded update of open orders, which skips those whose reservations have ended.
 * @throws MustSplit where the orders have too many lines together.
 */
export async function changeOrders<Row extends { readonly order_id: bigint }>(
  tx: Queryable,
  orderIds: bigint[],
  update: (orderIds: bigint[]) => Promise<Row[]>,
): Promise<ChangedOrders<Row>> {
  const [lockedRows, changed, rows] = await Promise.all([
    orderLock.run({ orderIds }, tx),
    update(orderIds),
    readLines(tx, orderIds, 0),
  ]);
  const locked = new Set(lockedRows.map((row) => row.order_id));
  const existing = new Set([...locked, ...changed.map((row) => row.order_id)]);
  const read = rows.filter((row) => existing.has(row.order_id));
  const orders = ordersOf(read);
  const overdue = new Set(read.filter(isUnreleased).map((row) => row.order_id));
  return { locked, changed, overdue: [...overdue].map((id) => raised(orderOf(orders, id))), orders };
}

/**
 * Runs the guarded update of a transition, whose orders' reservations may have ended so long ago.
 *
 * @param closers of these orders, and maybe of others.
 * @returns the ids of the orders that it changed.
 */
export function transit(
  tx: Queryable,
  orderIds: readonly bigint[],
  { from, fromReason, to, cancelReason }: Transition,
  closers: Closers,
  graceMs = 0,
): Promise<{ order_id: bigint }[]> {
  const columns = { orderIds: [...orderIds], actors: orderIds.map((id) => closers.get(id) ?? ANONYMOUS) };
  return orderTransition.run({ ...columns, from, fromReason, to, cancelReason, graceMs }, tx);
}

/** Cancels those of the orders whose reservations have ended. Returns their ids. */
export function expire(tx: Queryable, orderIds: readonly bigint[]): Promise<{ order_id: bigint }[]> {
  const { from, to, cancelReason } = transitions.expire;
  return orderExpire.run({ orderIds: [...orderIds], from, to, cancelReason }, tx);
}

/**
 * Whether an order is not to be found by this batch, although it was read: one that is still open behind the
 * update was written between the lock and the read, and did not exist when the batch began.
 */
export function isTooNew({ status }: Order): boolean {
  return status === OPEN;
}

/** An order that the same transaction has locked, and so has read. */
export function orderOf(orders: ReadonlyMap<bigint, StoredOrder>, orderId: bigint): StoredOrder {
  const order = orders.get(orderId);
  if (order === undefined) throw new Error(`order ${orderId} was changed and not read`);
  return order;
}

/** The order after one more change. */
export function raised(order: StoredOrder): StoredOrder {
  return { ...order, version: order.version + 1 };
}

/** Orders that go through a transition, as they are after it. */
export interface Moved {
  readonly orders: readonly StoredOrder[];
  readonly transition: Transition;
}

/** The traceparent of the first request for each order that has one. */
export type Traces = ReadonlyMap<bigint, string>;

export interface TracedOrder {
  readonly orderId: bigint;
  readonly traceparent?: string | undefined;
}

export function tracesOf(requests: readonly TracedOrder[]): Traces {
  const traces = new Map<bigint, string>();
  for (const { orderId, traceparent } of requests) {
    if (traceparent !== undefined && !traces.has(orderId)) traces.set(orderId, traceparent);
  }
  return traces;
}

/** A request that closes an order: pays or cancels it. */
export interface OrderToClose extends TracedOrder {
  /** Its caller's name; `ANONYMOUS` for none. */
  readonly actor: string;
}

/** The orders to close, and the actor of the first request for each. */
export type Closers = ReadonlyMap<bigint, string>;

export function closersOf(requests: readonly OrderToClose[]): Closers {
  const closers = new Map<bigint, string>();
  for (const { orderId, actor } of requests) if (!closers.has(orderId)) closers.set(orderId, actor);
  return closers;
}

/** Releases orders that are overdue, which the transaction has locked. Their stock is not changed here. */
export function release(tx: Queryable, overdue: readonly Order[]): Promise<unknown>[] {
  const orderIds = overdue.map(({ orderId }) => orderId);
  return orderIds.length > 0 ? [expire(tx, orderIds)] : [];
}

/**
 * Locks the stock of the orders, writes what their transitions do to it, one movement per sku, and last of
 * all the events.
 *
 * @param log has the events of other changes.
 */
export function settle(
  tx: Queryable,
  moved: readonly Moved[],
  traces: Traces,
  log = new EventLog(),
): Promise<unknown>[] {
  const movements = movementsOf(moved);
  const skus = movements.map(({ sku }) => sku);
  const stock = movements.length === 0 ? [] : [lockStock(tx, skus), changeStock(tx, movements)];
  for (const { orders, transition } of moved) {
    for (const { orderId, version, expiresAt } of orders) {
      const endUs = transition === transitions.expire && expiresAt ? microsOf(expiresAt) : undefined;
      log.add(transition.event, orderId, BigInt(version), endUs, traces.get(orderId));
    }
  }
  return [...stock, ...log.write(tx, skus)];
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
