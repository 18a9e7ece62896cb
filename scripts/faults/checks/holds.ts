/**
 * Reservations that end: none before its end, none long after it, and no order is both expired and payed
 * without a late payment.
 *
 * Whether an order has expired is decided by the time at which a transaction began. A read may show an order
 * as expired while a payment or extension that began before the end is still to commit.
 */
import type { FinalOrder } from '../final-state.ts';
import type { Call, Sample } from '../history.ts';
import { isWrite } from '../history.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';

/** By how much the clocks of two processes may differ. */
const CLOCK_MS = 5;

/**
 * For how long a hold may outlive its end while the service does writes. A fault may hit the connection of
 * its release alone, which then hangs until the time limit of a transaction, two seconds here, and runs
 * again.
 */
const OUTLIVE_MAX_MS = 4_000;

/** Between two acknowledged writes of a service that does writes there is no longer pause. */
const PAUSE_MAX_MS = 500;
/** A write that took longer does not show that others are done now. */
const WRITE_MAX_MS = 1_000;

/** What the calls and the final state show of a reservation, in milliseconds of the history. */
export interface Reservation {
  /** It has not ended before this. */
  readonly firstEndMs: number;
  /** Its end after all extensions. */
  readonly lastEndMs: number;
  /** A late payment may have payed the order. */
  readonly mayBeLate: boolean;
}

/** The reservations of the final orders. One without an end ends at infinity. */
export function reservationsOf({
  calls,
  final,
  startedAtMs,
}: Pick<Evidence, 'calls' | 'final' | 'startedAtMs'>): Map<number, Reservation> {
  const byOrder = groupCalls(calls, (call) => call.answeredId ?? call.orderId);
  return new Map(
    final.orders.map(({ orderId, expiresMs = Number.POSITIVE_INFINITY }) => {
      const ofOrder = byOrder.get(orderId) ?? [];
      const shown = ofOrder.flatMap(({ expiresAtMs }) => (expiresAtMs === undefined ? [] : [expiresAtMs]));
      return [
        orderId,
        {
          firstEndMs: Math.min(expiresMs, ...shown) - startedAtMs - CLOCK_MS,
          lastEndMs: expiresMs - startedAtMs + CLOCK_MS,
          mayBeLate: ofOrder.some((call) => call.acceptLate && call.outcome !== 'refused'),
        },
      ];
    }),
  );
}

export function checkHolds(evidence: Evidence): Violation[] {
  const { calls, final, samples, toleranceMs } = evidence;
  const outliveMaxMs = Math.max(OUTLIVE_MAX_MS, toleranceMs);
  const reservations = reservationsOf(evidence);
  const byOrder = groupCalls(calls, (call) => call.orderId);
  const ofOrders = final.orders.flatMap((order) => {
    const reservation = reservations.get(order.orderId);
    return reservation ? checkOrder(order, byOrder.get(order.orderId) ?? [], reservation) : [];
  });
  const doneMs = calls
    .filter((call) => isWrite(call) && call.outcome === 'ok' && call.endMs - call.startMs < WRITE_MAX_MS)
    .map(({ endMs }) => endMs)
    .sort((a, b) => a - b);
  const late = ofPrimary(samples).filter(({ overdueMs }) => overdueMs > outliveMaxMs);
  const held = late.filter(({ atMs }) => doesWrites(doneMs, atMs - outliveMaxMs, atMs));
  return [
    ...ofOrders,
    ...held.map(({ atMs, overdueMs }) => ({
      kind: 'held too long' as const,
      text: `at ${atMs.toFixed(0)} ms a reservation had ended ${overdueMs.toFixed(0)} ms before`,
    })),
  ];
}

/** The samples of the primary of their time. One that returns after a promotion is used by nobody. */
function ofPrimary(samples: readonly Sample[]): Sample[] {
  let newest = 0;
  return samples.filter(({ timeline }) => {
    newest = Math.max(newest, timeline ?? 0);
    return timeline === newest;
  });
}

/** Whether writes were done all the time. */
function doesWrites(doneMs: readonly number[], fromMs: number, untilMs: number): boolean {
  const moments = [fromMs, ...doneMs.filter((atMs) => atMs > fromMs && atMs < untilMs), untilMs];
  return moments.every((atMs, index) => (moments[index + 1] ?? atMs) - atMs <= PAUSE_MAX_MS);
}

function checkOrder(
  order: FinalOrder,
  calls: readonly Call[],
  { firstEndMs, lastEndMs, mayBeLate }: Reservation,
): Violation[] {
  const violations: Violation[] = [];
  const seen = calls.filter(({ cancelReason }) => cancelReason === 'expired');
  const early = seen.filter((call) => {
    // A refusal is about the last end; a read may be, or about one that is being extended.
    return call.endMs < (call.outcome === 'refused' ? lastEndMs - 2 * CLOCK_MS : firstEndMs);
  });
  violations.push(...early.map((call) => ({ kind: 'expired too early' as const, text: nameOf(call) })));
  if (order.cancelReason === 'expired' && order.updatedMs !== order.expiresMs) {
    const text = `order ${order.orderId} ended at ${order.expiresMs}, and expired at ${order.updatedMs}`;
    violations.push({ kind: 'expired too early', text });
  }
  const isRefused = seen.some(({ outcome }) => outcome === 'refused');
  if (isRefused && order.status !== 'cancelled' && !(order.status === 'payed' && mayBeLate)) {
    const text = `order ${order.orderId} had expired, and is ${order.status} without a late payment`;
    violations.push({ kind: 'payed after its end', text });
  }
  const mayHavePayed = calls.some(
    (call) => call.operation === 'payOrder' && call.outcome !== 'refused' && call.startMs < lastEndMs,
  );
  if (order.status === 'payed' && !mayHavePayed && !mayBeLate) {
    const text = `order ${order.orderId} ended at ${lastEndMs.toFixed(0)} ms, and no payment began before`;
    violations.push({ kind: 'payed after its end', text });
  }
  return [...violations, ...staleEnds(calls)];
}

/** A read that began after an extension shows its end, or a later one. */
function staleEnds(calls: readonly Call[]): Violation[] {
  const extensions = calls.filter(
    ({ operation, outcome }) => operation === 'extendOrder' && outcome === 'ok',
  );
  return calls
    .filter(({ operation, expiresAtMs }) => operation === 'getOrder' && expiresAtMs !== undefined)
    .filter((read) =>
      extensions.some(
        ({ endMs, expiresAtMs = 0 }) => endMs < read.startMs && expiresAtMs > (read.expiresAtMs ?? 0),
      ),
    )
    .map((read) => ({ kind: 'stale read', text: `${nameOf(read)} saw an end before an extension` }));
}
