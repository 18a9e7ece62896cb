/**
 * Extending reservations: a batch in one transaction, two round trips.
 *
 * 1. Lock the orders, find those whose reservations have not ended, and read all of them (`change.ts`).
 * 2. Set the new ends, release the overdue ones with their stock, and commit.
 */
import type { Plan, Queryable } from '../../db/types.ts';
import { type IOrderChangeableResult, orderChangeable, orderExtend } from '../../generated/sql/orders.ts';
import type { Call } from '../call.ts';
import { EventLog } from '../events/log.ts';
import { formatInstant, type Instant, instantOfMicros } from '../instant.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { orderExpired, orderNotExtendable, orderNotFound } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import {
  changeOrders,
  isTooNew,
  orderOf,
  raised,
  release,
  settle,
  type TracedOrder,
  tracesOf,
} from './change.ts';
import { type Order, transitions } from './order.ts';

export interface ExtendOrderRequest {
  readonly orderId: bigint;
  /** How long the reservation is to last from now on. */
  readonly ttlSeconds: number;
}

/** The new end; undefined where the reservation never ends. */
type ExtendOrderOutcome = Outcome<{ readonly expiresAt: Instant | undefined }>;

/** A request as a batch takes it. */
export type OrderToExtend = ExtendOrderRequest & TracedOrder;

export function prepareExtension(
  { orderId, ttlSeconds }: ExtendOrderRequest,
  { traceparent }: Call,
): Outcome<OrderToExtend> {
  return accepted({ orderId, ttlSeconds, traceparent });
}

/**
 * Extends the reservations of a batch of orders. An end never becomes earlier, and never later than the
 * largest life of a reservation after the order's creation.
 *
 * @returns for each request the end of its order, or ORDER_NOT_FOUND, ORDER_EXPIRED or ORDER_NOT_EXTENDABLE.
 */
export async function extendOrders(
  tx: Queryable,
  requests: readonly OrderToExtend[],
  { reservationTtlMaxMs }: Settings,
): Promise<Plan<ExtendOrderOutcome[]>> {
  const orderIds = [...new Set(requests.map(({ orderId }) => orderId))];
  const { from, fromReason } = transitions.pay;
  const find = (ids: bigint[]) => orderChangeable.run({ orderIds: ids, from, fromReason, graceMs: 0 }, tx);
  const { locked, changed: found, overdue, orders } = await changeOrders(tx, orderIds, find);
  const open = found.filter((order) => locked.has(order.order_id));
  const ends = new Map(open.map((order) => [order.order_id, endOf(order, requests, reservationTtlMaxMs)]));
  const later = open.flatMap(({ order_id: id, expires_us: expiresUs }) => {
    const endUs = ends.get(id) ?? null;
    return endUs === null || endUs === expiresUs ? [] : [{ id, endUs }];
  });
  const traces = tracesOf(requests);
  const log = new EventLog();
  for (const { id, endUs } of later) {
    const { version } = raised(orderOf(orders, id));
    log.add('extended', id, BigInt(version), endUs, traces.get(id));
  }
  const released = { orders: overdue, transition: transitions.expire };
  const writes = [...extend(tx, later), ...release(tx, overdue), ...settle(tx, [released], traces, log)];
  return { writes, result: requests.map(({ orderId }) => outcomeOf(orderId, orders.get(orderId), ends)) };
}

/** The end of a reservation after all requests for its order, in microseconds; null where it never ends. */
function endOf(
  { order_id: id, created_us: createdUs, expires_us: expiresUs, now_us: nowUs }: IOrderChangeableResult,
  requests: readonly ExtendOrderRequest[],
  ttlMaxMs: number,
): bigint | null {
  if (expiresUs === null) return null;
  const latestUs = createdUs + BigInt(ttlMaxMs) * 1_000n;
  const own = requests.filter(({ orderId }) => orderId === id);
  const wanted = own.map(({ ttlSeconds }) => nowUs + BigInt(ttlSeconds) * 1_000_000n);
  return wanted.reduce((end, each) => latest(end, earliest(each, latestUs)), expiresUs);
}

const latest = (a: bigint, b: bigint) => (a > b ? a : b);
const earliest = (a: bigint, b: bigint) => (a < b ? a : b);

function extend(tx: Queryable, ends: readonly { id: bigint; endUs: bigint }[]): Promise<unknown>[] {
  if (ends.length === 0) return [];
  const orderIds = ends.map(({ id }) => id);
  const texts = ends.map(({ endUs }) => formatInstant(instantOfMicros(endUs)));
  return [orderExtend.run({ orderIds, ends: texts }, tx)];
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
  if (order === undefined || isTooNew(order)) return refused(orderNotFound(orderId));
  const { status, cancelReason, expiresAt } = order;
  const isExpired = cancelReason === 'expired' && expiresAt !== undefined;
  return refused(isExpired ? orderExpired(orderId, expiresAt) : orderNotExtendable(orderId, status));
}
