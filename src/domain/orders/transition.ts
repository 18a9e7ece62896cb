/**
 * Transitions of orders, pay and cancel alike: a batch in one transaction, two round trips.
 *
 * 1. Change the status of the orders that may change (a guarded update, which is its own lock), and read all
 *    of them. Overdue ones are released (`change.ts`).
 * 2. Confirm the others, lock the stock of the changed orders' skus, in sku order, write one sum per sku, and
 *    commit.
 */
import type { Plan, Queryable } from '../../db/types.ts';
import { orderTransition } from '../../generated/sql/orders.ts';
import { accepted, type Outcome, type Refusal, refused } from '../outcome.ts';
import { orderExpired, orderNotCancellable, orderNotFound, orderNotPayable } from '../refusals.ts';
import { changeOrders, changeStockOf, confirm, orderOf } from './change.ts';
import { type Order, type Transition, transitions } from './order.ts';

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
  const { perPiece: _, ...guard } = transition;
  const { changed, expired, orders } = await changeOrders(tx, [...new Set(orderIds)], (ids) =>
    orderTransition.run({ orderIds: [...ids], ...guard, graceMs: 0 }, tx),
  );
  const moved = changed.map((row) => orderOf(orders, row.order_id));
  const written = new Set([...moved, ...expired]);
  const writes = [
    ...confirm(
      tx,
      [...orders.values()].filter((order) => !written.has(order)),
    ),
    ...changeStockOf(tx, { orders: moved, transition }, { orders: expired, transition: transitions.expire }),
  ];
  return { writes, result: orderIds.map((id) => outcomeOf(id, orders.get(id), transition, refuse)) };
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
