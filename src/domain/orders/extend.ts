/**
 * Extending reservations: a batch in one transaction, two round trips.
 *
 * 1. Hold the orders whose reservations have not ended, and read all of them. Overdue ones are released
 *    (`change.ts`).
 * 2. Set the new ends, confirm the others, and commit.
 */
import type { Plan, Queryable } from '../../db/types.ts';
import { type IOrderHoldResult, orderExtend, orderHold } from '../../generated/sql/orders.ts';
import { type Instant, instantOfMicros } from '../instant.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { orderExpired, orderNotExtendable, orderNotFound } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { changeOrders, changeStockOf, confirm } from './change.ts';
import { type Order, transitions } from './order.ts';

export interface ExtendOrderRequest {
  readonly orderId: bigint;
  /** How long the reservation is to last from now on. */
  readonly ttlSeconds: number;
}

/** The new end; undefined where the reservation never ends. */
type ExtendOrderOutcome = Outcome<{ readonly expiresAt: Instant | undefined }>;

/**
 * Extends the reservations of a batch of orders. An end never becomes earlier, and never later than the
 * largest life of a reservation after the order's creation.
 *
 * @returns for each request the end of its order, or ORDER_NOT_FOUND, ORDER_EXPIRED or ORDER_NOT_EXTENDABLE.
 */
export async function extendOrders(
  tx: Queryable,
  requests: readonly ExtendOrderRequest[],
  { reservationTtlMaxMs }: Settings,
): Promise<Plan<ExtendOrderOutcome[]>> {
  const orderIds = [...new Set(requests.map(({ orderId }) => orderId))];
  const { from, fromReason } = transitions.pay;
  const hold = (ids: readonly bigint[]) =>
    orderHold.run({ orderIds: [...ids], from, fromReason, graceMs: 0 }, tx);
  const { changed: held, expired, orders } = await changeOrders(tx, orderIds, hold);
  const ends = new Map(held.map((hold) => [hold.order_id, endOf(hold, requests, reservationTtlMaxMs)]));
  const finite = [...ends].flatMap(([id, endUs]) => (endUs === null ? [] : [{ id, endUs }]));
  const others = [...orders.values()].filter(({ orderId }) => !ends.has(orderId));
  const released = { orders: expired, transition: transitions.expire };
  const writes = [...confirm(tx, others), ...extend(tx, finite), ...changeStockOf(tx, released)];
  return { writes, result: requests.map(({ orderId }) => outcomeOf(orderId, orders.get(orderId), ends)) };
}

/** The end of a reservation after all requests for its order, in microseconds; null where it never ends. */
function endOf(
  { order_id: id, created_us: createdUs, expires_us: expiresUs, now_us: nowUs }: IOrderHoldResult,
  requests: readonly ExtendOrderRequest[],
  ttlMaxMs: number,
): bigint | null {
  if (expiresUs === null) return null;
  const latestUs = createdUs + BigInt(ttlMaxMs) * 1_000n;
  const own = requests.filter(({ orderId }) => orderId === id);
  const wanted = own.map(({ ttlSeconds }) => nowUs + BigInt(ttlSeconds) * 1_000_000n);
  return wanted.reduce((end, each) => later(end, earlier(each, latestUs)), expiresUs);
}

const later = (a: bigint, b: bigint) => (a > b ? a : b);
const earlier = (a: bigint, b: bigint) => (a < b ? a : b);

function extend(tx: Queryable, ends: readonly { id: bigint; endUs: bigint }[]): Promise<unknown>[] {
  if (ends.length === 0) return [];
  const columns = { orderIds: ends.map(({ id }) => id), expiresUs: ends.map(({ endUs }) => endUs) };
  return [orderExtend.run(columns, tx)];
}

function outcomeOf(
  orderId: bigint,
  order: Order | undefined,
  ends: ReadonlyMap<bigint, bigint | null>,
): ExtendOrderOutcome {
  const endUs = ends.get(orderId);
  if (endUs !== undefined) {
    return accepted({ expiresAt: endUs === null ? undefined : instantOfMicros(endUs) });
  }
  // One that is still open was written between the two statements: it did not exist when the first ran.
  if (order === undefined || order.status === transitions.pay.from) return refused(orderNotFound(orderId));
  const { status, cancelReason, expiresAt } = order;
  const isExpired = cancelReason === 'expired' && expiresAt !== undefined;
  return refused(isExpired ? orderExpired(orderId, expiresAt) : orderNotExtendable(orderId, status));
}
