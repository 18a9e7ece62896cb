/**
 * Cancelling orders: a batch in one transaction, two round trips, like every transition.
 *
 * 1. Lock the orders, change the status of those that may change, and read all of them (`change.ts`).
 * 2. Release the overdue ones, lock the stock of all that is released, in sku order, write one movement per
 *    sku, and commit.
 */
import type { Plan, Queryable } from '../../db/types.ts';
import type { Call } from '../call.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { orderNotCancellable, orderNotFound } from '../refusals.ts';
import {
  changeOrders,
  closersOf,
  isTooNew,
  type OrderToClose,
  orderOf,
  release,
  settle,
  tracesOf,
  transit,
} from './change.ts';
import { type Order, transitions } from './order.ts';

export interface CancelOrderRequest {
  readonly orderId: bigint;
}

/** What a batch takes of a request. */
export function prepareCancellation(
  { orderId }: CancelOrderRequest,
  { caller: actor, traceparent }: Call,
): Outcome<OrderToClose> {
  return accepted({ orderId, actor, traceparent });
}

/**
 * Cancels a batch of orders: their reserved goods become available again.
 *
 * @param requests may name an order more than once: it changes once, and each gets the same outcome.
 * @returns for each request, whether its order is now cancelled; otherwise ORDER_NOT_FOUND or
 * ORDER_NOT_CANCELLABLE.
 */
export async function cancelOrders(
  tx: Queryable,
  requests: readonly OrderToClose[],
): Promise<Plan<Outcome<void>[]>> {
  const closers = closersOf(requests);
  const cancel = (ids: bigint[]) => transit(tx, ids, transitions.cancel, closers);
  const { changed, overdue, orders } = await changeOrders(tx, [...closers.keys()], cancel);
  const moved = [
    { orders: changed.map((row) => orderOf(orders, row.order_id)), transition: transitions.cancel },
    { orders: overdue, transition: transitions.expire },
  ];
  const writes = [...release(tx, overdue), ...settle(tx, moved, tracesOf(requests))];
  return { writes, result: requests.map(({ orderId }) => outcomeOf(orderId, orders.get(orderId))) };
}

function outcomeOf(orderId: bigint, order: Order | undefined): Outcome<void> {
  if (order === undefined || isTooNew(order)) return refused(orderNotFound(orderId));
  if (order.status === transitions.cancel.to) return accepted(undefined);
  return refused(orderNotCancellable(orderId, order.status));
}
