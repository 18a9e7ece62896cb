/**
 * Paying orders: a batch in one transaction, two round trips, like every transition (`cancel.ts`).
 *
 * A payment may accept to be late. While the goods of an order that has ended are still reserved, it is payed
 * like any other. Once they were released they are taken again, with one more round trip: hold the orders and
 * lock the stock, then decide in memory who gets what is available, in the order of arrival.
 */
import type { Plan, Queryable } from '../../db/types.ts';
import { orderHold, orderRead } from '../../generated/sql/orders.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { orderExpired, orderNotFound, orderNotPayable } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { type Available, allocate, type Shortage } from '../stock/allocation.ts';
import { changeStock, lockStock } from '../stock/stock.ts';
import {
  changeOrders,
  changeStockOf,
  confirm,
  type Moved,
  movementsOf,
  orderOf,
  skusOf,
  transit,
  unwritten,
} from './change.ts';
import { type Order, transitions } from './order.ts';
import { ordersOf } from './read.ts';

export interface PayOrderRequest {
  readonly orderId: bigint;
  /** Whether an order whose reservation has ended is payed too, if its goods are still available. */
  readonly acceptLate?: boolean | undefined;
}

/**
 * Pays a batch of orders: their goods leave the stock.
 *
 * @param requests in the order of their arrival. They may name an order more than once: it is payed once, and
 * late where one of them accepts that.
 * @returns for each request, whether its order is now payed; otherwise ORDER_NOT_FOUND, ORDER_NOT_PAYABLE or
 * ORDER_EXPIRED, the latter with what is short where a late payment was tried.
 */
export async function payOrders(
  tx: Queryable,
  requests: readonly PayOrderRequest[],
  { latePaymentWindowMs: windowMs }: Settings,
): Promise<Plan<Outcome<void>[]>> {
  const orderIds = [...new Set(requests.map(({ orderId }) => orderId))];
  const late = new Set(requests.filter(({ acceptLate }) => acceptLate).map(({ orderId }) => orderId));
  const pay = (ids: readonly bigint[]) => payOpen(tx, ids, late, windowMs);
  const { changed, expired, orders } = await changeOrders(tx, orderIds, pay);
  const payed = changed.map((row) => orderOf(orders, row.order_id));
  const moved = [
    { orders: payed, transition: transitions.pay },
    { orders: expired, transition: transitions.expire },
  ];
  const others = unwritten(orders, moved);
  const released = [...late].flatMap((id) => orders.get(id) ?? []).filter(isExpired);
  if (released.length > 0) {
    const { writes, orders: again, shortages } = await takeAgain(tx, released, moved, others, windowMs);
    const outcomes = requests.map((request) => {
      const order = again.get(request.orderId) ?? orders.get(request.orderId);
      return outcomeOf(request, order, shortages.get(request.orderId));
    });
    return { writes, result: outcomes };
  }
  const writes = [...confirm(tx, others), ...changeStockOf(tx, ...moved)];
  return { writes, result: requests.map((request) => outcomeOf(request, orders.get(request.orderId))) };
}

/** Pays those of the orders that are open; those that accept to be late also after the end. */
async function payOpen(
  tx: Queryable,
  orderIds: readonly bigint[],
  late: ReadonlySet<bigint>,
  windowMs: number,
): Promise<{ order_id: bigint }[]> {
  if (late.size === 0) return transit(tx, orderIds, transitions.pay);
  const [punctual, overdue] = await Promise.all([
    transit(
      tx,
      orderIds.filter((id) => !late.has(id)),
      transitions.pay,
    ),
    transit(
      tx,
      orderIds.filter((id) => late.has(id)),
      transitions.pay,
      windowMs,
    ),
  ]);
  return [...punctual, ...overdue];
}

/**
 * Takes the goods of released orders again, and pays them.
 *
 * @param released in the order of arrival.
 * @param moved what the batch has changed so far, which is written here too.
 * @param others the orders that it has not changed.
 * @returns the released orders as they are now, and what is short of those that are not payed for that.
 */
async function takeAgain(
  tx: Queryable,
  released: readonly Order[],
  moved: readonly Moved[],
  others: readonly Order[],
  graceMs: number,
) {
  const { from, fromReason, to: status } = transitions.payLate;
  const orderIds = released.map(({ orderId }) => orderId);
  const skus = skusOf([...moved.flatMap(({ orders }) => orders), ...released]);
  // All orders before the stock, also those that are only confirmed.
  const [held, rows, , stock] = await Promise.all([
    orderHold.run({ orderIds, from, fromReason, graceMs }, tx),
    orderRead.run({ orderIds }, tx),
    Promise.all(confirm(tx, others)),
    lockStock(tx, skus),
  ]);
  const orders = ordersOf(rows);
  const heldIds = new Set(held.map((row) => row.order_id));
  const ordered = released.filter(({ orderId }) => heldIds.has(orderId));
  const allocation = allocate(
    ordered.map(({ items }) => items),
    withFreed(stock.available, moved),
  );
  const shortages = new Map<bigint, readonly Shortage[]>();
  const payed = ordered.filter(({ orderId }, index) => {
    const short = allocation.shortages[index] ?? [];
    shortages.set(orderId, short);
    return short.length === 0;
  });
  for (const order of payed) orders.set(order.orderId, { ...order, status });
  const movements = movementsOf([...moved, { orders: payed, transition: transitions.payLate }]);
  const writes: Promise<unknown>[] = [];
  if (payed.length > 0) {
    writes.push(
      transit(
        tx,
        payed.map(({ orderId }) => orderId),
        transitions.payLate,
        graceMs,
      ),
    );
  }
  if (movements.length > 0) writes.push(changeStock(tx, movements));
  return { writes, orders, shortages };
}

/** What is available once the batch has written what it has changed so far. */
function withFreed(stock: Available, moved: readonly Moved[]): Available {
  const available = new Map(stock);
  for (const { sku, total, reserved } of movementsOf(moved)) {
    available.set(sku, (available.get(sku) ?? 0n) + BigInt(total - reserved));
  }
  return available;
}

function isExpired({ cancelReason }: Order): boolean {
  return cancelReason === transitions.expire.cancelReason;
}

function outcomeOf(
  { orderId, acceptLate }: PayOrderRequest,
  order: Order | undefined,
  shortages?: readonly Shortage[],
): Outcome<void> {
  // One that is still open was written between the update and the read: it did not exist when the update ran.
  if (order === undefined || order.status === transitions.pay.from) return refused(orderNotFound(orderId));
  const { status, expiresAt } = order;
  if (status === transitions.pay.to) return accepted(undefined);
  if (!isExpired(order) || expiresAt === undefined) return refused(orderNotPayable(orderId, status));
  return refused(orderExpired(orderId, expiresAt, acceptLate ? shortages : []));
}
