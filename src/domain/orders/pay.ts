/**
 * Paying orders: a batch in one transaction, two round trips, like every transition (`cancel.ts`).
 *
 * A payment may accept to be late. While the goods of an order that has ended are still reserved, it is payed
 * like any other. Once they were released they are taken again, with one more round trip: lock the stock,
 * then decide in memory who gets what is available, in the order of arrival. A batch of late payments that is
 * short of what open orders hold is rolled back and run again, like a batch of creates (`create.ts`).
 */
import { MustSplit, type Plan, type Queryable, type Rollback } from '../../db/types.ts';
import { orderChangeable } from '../../generated/sql/orders.ts';
import type { Call } from '../call.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { orderExpired, orderNotFound, orderNotPayable } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { type Available, allocate, type Shortage } from '../stock/allocation.ts';
import { lockStock } from '../stock/stock.ts';
import {
  type Closers,
  changeOrders,
  closersOf,
  isTooNew,
  type Moved,
  movementsOf,
  type OrderToClose,
  orderOf,
  raised,
  release,
  settle,
  skusOf,
  tracesOf,
  transit,
} from './change.ts';
import type { Holds, Shortfall } from './holds.ts';
import { type Order, transitions } from './order.ts';
import type { StoredOrder } from './read.ts';
import { datesOf, missingPieces } from './shortfall.ts';

export interface PayOrderRequest {
  readonly orderId: bigint;
  /** Whether an order whose reservation has ended is payed too, if its goods are still available. */
  readonly acceptLate?: boolean | undefined;
}

/** A request as a batch takes it. */
export type OrderToPay = PayOrderRequest & OrderToClose;

export function preparePayment(
  { orderId, acceptLate }: PayOrderRequest,
  { caller: actor, traceparent }: Call,
): Outcome<OrderToPay> {
  return accepted({ orderId, acceptLate, actor, traceparent });
}

/**
 * Pays a batch of orders: their goods leave the stock.
 *
 * @param requests in the order of their arrival. They may name an order more than once: it is payed once, and
 * late where one of them accepts that.
 * @param holds what was found after the runs before, which were rolled back.
 * @returns for each request, whether its order is now payed; otherwise ORDER_NOT_FOUND, ORDER_NOT_PAYABLE or
 * ORDER_EXPIRED, the latter with what is short where a late payment was tried; or what must be searched for
 * before the batch can run.
 * @throws MustSplit where others are payed beside late payments that are short, or the orders have too many
 * lines together.
 */
export async function payOrders(
  tx: Queryable,
  requests: readonly OrderToPay[],
  { latePaymentWindowMs: windowMs }: Settings,
  holds?: Holds,
): Promise<Plan<Outcome<void>[]> | Rollback<Shortfall>> {
  const closers = closersOf(requests);
  const late = new Set(requests.filter(({ acceptLate }) => acceptLate).map(({ orderId }) => orderId));
  const pay = (ids: bigint[]) => payOpen(tx, ids, late, { closers, windowMs });
  const { changed, overdue, orders } = await changeOrders(tx, [...closers.keys()], pay);
  const payed = changed.map((row) => orderOf(orders, row.order_id));
  const moved: Moved[] = [
    { orders: payed, transition: transitions.pay },
    { orders: overdue, transition: transitions.expire },
  ];
  const expired = [...late].flatMap((id) => orders.get(id) ?? []).filter(isExpired);
  const batch = { closers, moved, windowMs, holds };
  const again = expired.length > 0 ? await takeAgain(tx, expired, batch) : undefined;
  if (again !== undefined && 'rollback' in again) {
    // The search takes time. What is punctual now is payed before it, in a batch of its own.
    const searching = new Set(expired.map(({ orderId }) => orderId));
    const isLast = (request: unknown) => searching.has((request as OrderToPay).orderId);
    if (searching.size < closers.size) throw new MustSplit('late payments that are short', isLast);
    return again;
  }
  if (again !== undefined) moved.push({ orders: again.payed.map(raised), transition: transitions.payLate });
  const payedIds = new Set(again?.payed.map(({ orderId }) => orderId));
  const outcomes = requests.map((request) => {
    if (payedIds.has(request.orderId)) return accepted(undefined);
    return outcomeOf(request, orders.get(request.orderId), again?.shortages.get(request.orderId));
  });
  const writes = [
    ...release(tx, overdue),
    ...(again?.writes ?? []),
    ...settle(tx, moved, tracesOf(requests)),
  ];
  return { writes, result: outcomes };
}

/** Pays those of the orders that are open; those that accept to be late also after the end. */
async function payOpen(
  tx: Queryable,
  orderIds: bigint[],
  late: ReadonlySet<bigint>,
  { closers, windowMs }: Pick<LateBatch, 'closers' | 'windowMs'>,
): Promise<{ order_id: bigint }[]> {
  if (late.size === 0) return transit(tx, orderIds, transitions.pay, closers);
  const [punctual, overdue] = await Promise.all([
    transit(
      tx,
      orderIds.filter((id) => !late.has(id)),
      transitions.pay,
      closers,
    ),
    transit(
      tx,
      orderIds.filter((id) => late.has(id)),
      transitions.pay,
      closers,
      windowMs,
    ),
  ]);
  return [...punctual, ...overdue];
}

interface LateBatch {
  readonly closers: Closers;
  /** What the batch has changed so far. */
  readonly moved: readonly Moved[];
  readonly windowMs: number;
  readonly holds: Holds | undefined;
}

interface LatePayments {
  readonly payed: readonly StoredOrder[];
  /** What the others are short of, by order. */
  readonly shortages: ReadonlyMap<bigint, readonly Shortage[]>;
  readonly writes: readonly Promise<unknown>[];
}

/**
 * Finds the expired orders that can be payed late, and pays those whose goods are available.
 *
 * @param expired in the order of arrival.
 */
async function takeAgain(
  tx: Queryable,
  expired: readonly StoredOrder[],
  { closers, moved, windowMs: graceMs, holds }: LateBatch,
): Promise<LatePayments | Rollback<Shortfall>> {
  const { from, fromReason } = transitions.payLate;
  const orderIds = expired.map(({ orderId }) => orderId);
  const [rows, stock] = await Promise.all([
    orderChangeable.run({ orderIds, from, fromReason, graceMs }, tx),
    lockStock(tx, skusOf([...moved.flatMap(({ orders }) => orders), ...expired])),
  ]);
  const changeable = new Set(rows.map((row) => row.order_id));
  const candidates = expired.filter(({ orderId }) => changeable.has(orderId));
  const available = withFreed(stock.available, moved);
  const allocation = allocate(candidates, available);
  const batch = { stock: { ...stock, available }, reserved: allocation.reserved, holds };
  const missing = missingPieces(allocation.shortages, batch);
  if (missing !== undefined) return { rollback: { nowUs: rows[0]?.now_us ?? 0n, missing } };
  const date = datesOf(allocation.shortages, [], batch);
  const shortages = new Map(
    candidates.map(({ orderId }, index) => [orderId, (allocation.shortages[index] ?? []).map(date)]),
  );
  const payed = candidates.filter(({ orderId }) => shortages.get(orderId)?.length === 0);
  if (payed.length === 0) return { payed, shortages, writes: [] };
  const ids = payed.map(({ orderId }) => orderId);
  return { payed, shortages, writes: [transit(tx, ids, transitions.payLate, closers, graceMs)] };
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
  if (order === undefined || isTooNew(order)) return refused(orderNotFound(orderId));
  const { status, expiresAt } = order;
  if (status === transitions.pay.to) return accepted(undefined);
  if (!isExpired(order) || expiresAt === undefined) return refused(orderNotPayable(orderId, status));
  return refused(orderExpired(orderId, expiresAt, acceptLate ? shortages : []));
}
