/**
 * Transitions of orders, pay and cancel alike: a batch in one transaction, two round trips.
 *
 * 1. Change the status of the orders that may change (a guarded update, which is its own lock), and read all
 *    of them.
 * 2. Confirm the others, lock the stock of the changed orders' skus, in sku order, write one sum per sku, and
 *    commit.
 */
import type { Plan, Queryable } from '../../db/types.ts';
import { orderConfirm, orderRead, orderTransition } from '../../generated/sql/orders.ts';
import { accepted, type Outcome, type Refusal, refused } from '../outcome.ts';
import { orderExpired, orderNotCancellable, orderNotFound, orderNotPayable } from '../refusals.ts';
import { changeStock, lockStock, type StockChange } from '../stock/stock.ts';
import { type Order, type Transition, transitions } from './order.ts';
import { ordersOf } from './read.ts';

/** Refuses a transition that the order does not allow. */
type Refuse = (order: Order) => Refusal;

/** Pays a batch of orders: their reserved goods leave the stock. */
export function payOrders(tx: Queryable, orderIds: readonly bigint[]) {
  return transitionOrders(tx, orderIds, transitions.pay, notPayable);
}

/** Cancels a batch of orders: their reserved goods become available again. */
export function cancelOrders(tx: Queryable, orderIds: readonly bigint[]) {
  const refuse = ({ orderId, status }: Order) => orderNotCancellable(orderId, status);
  return transitionOrders(tx, orderIds, transitions.cancel, refuse);
}

function notPayable({ orderId, status, cancelReason, expiresAt }: Order): Refusal {
  const isExpired = cancelReason === 'expired' && expiresAt !== undefined;
  return isExpired ? orderExpired(orderId, expiresAt) : orderNotPayable(orderId, status);
}

/**
 * Changes the status of a batch of orders.
 *
 * @param orderIds may name an order more than once: it changes once, and each gets the same outcome.
 * @returns for each id, whether its order is now in the requested status; otherwise ORDER_NOT_FOUND, or what
 * `refuse` makes of the order's status.
 */
async function transitionOrders(
  tx: Queryable,
  orderIds: readonly bigint[],
  transition: Transition,
  refuse: Refuse,
): Promise<Plan<Outcome<void>[]>> {
  const distinct = [...new Set(orderIds)];
  const { from, to, cancelReason } = transition;
  const [changedRows, rows] = await Promise.all([
    orderTransition.run({ orderIds: distinct, from, to, cancelReason }, tx),
    orderRead.run({ orderIds: distinct }, tx),
  ]);
  const orders = ordersOf(rows);
  const changed = new Set(changedRows.map((row) => orders.get(row.order_id) as Order));
  const unchanged = [...orders.values()].filter((order) => !changed.has(order));
  const writes = [...confirm(tx, unchanged), ...changeStockOf(tx, [...changed], transition)];
  return { writes, result: orderIds.map((id) => outcomeOf(id, orders.get(id), transition, refuse)) };
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

/** Writes what a transition of orders does to the stock. */
export function changeStockOf(
  tx: Queryable,
  orders: readonly Order[],
  transition: Transition,
): Promise<unknown>[] {
  if (orders.length === 0) return [];
  const changes = stockChangesOf(orders, transition);
  const skus = changes.map(({ sku }) => sku);
  return [lockStock(tx, skus), changeStock(tx, changes)];
}

function outcomeOf(
  orderId: bigint,
  order: Order | undefined,
  transition: Transition,
  refuse: Refuse,
): Outcome<void> {
  // An order that could still change was written between the update and the read of this transaction: it did
  // not exist when the update ran.
  if (order === undefined || order.status === transition.from) return refused(orderNotFound(orderId));
  if (order.status === transition.to) return accepted(undefined);
  return refused(refuse(order));
}

/** What the orders' transition does to the stock, one sum per sku. */
function stockChangesOf(orders: readonly Order[], transition: Transition): StockChange[] {
  const counts = new Map<number, number>();
  for (const { sku, count } of orders.flatMap(({ items }) => items)) {
    counts.set(sku, (counts.get(sku) ?? 0) + count);
  }
  return [...counts].map(([sku, count]) => ({
    sku,
    total: transition.takesGoods ? -count : 0,
    reserved: -count,
  }));
}
