/**
 * What callers saw of each order: only legal transitions, and in every read what was acknowledged before it
 * began.
 *
 * A read is not an acknowledgement: the replica shows a commit a moment before the primary does, so a read
 * may see it and the next one, from the other node, not yet. But no order may leave a final status, except
 * one that has expired by a late payment.
 */
import type { OrderStatus } from '../../../src/domain/orders/order.ts';
import type { FinalOrder } from '../final-state.ts';
import type { Call } from '../history.ts';
import { sameLines } from './creates.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';
import { type Reservation, reservationsOf } from './holds.ts';

/** The status of an order as a call saw it. */
interface Observation {
  readonly call: Call;
  readonly status: OrderStatus;
  /** Whether the call saw it by a confirmed commit, and not by a read. */
  readonly acknowledged: boolean;
}

export function checkReads(evidence: Evidence): Violation[] {
  const { calls, final } = evidence;
  const reservations = reservationsOf(evidence);
  const created = new Map(
    calls.flatMap((call): [number, Call][] =>
      call.answeredId === undefined ? [] : [[call.answeredId, call]],
    ),
  );
  const finals = new Map(final.orders.map((order) => [order.orderId, order]));
  const violations: Violation[] = [];
  for (const [orderId, ofOrder] of groupCalls(calls, (call) => call.answeredId ?? call.orderId)) {
    const observations = ofOrder.flatMap(observationsOf);
    violations.push(
      ...checkFinalStatuses(
        orderId,
        observations.filter((each) => !mayBeExpired(each, reservations.get(orderId))),
        finals.get(orderId),
      ),
      ...checkStale(ofOrder, observations),
      ...checkContents(ofOrder, created.get(orderId)),
    );
  }
  const undecided = final.orders.filter(({ status }) => status === 'new');
  violations.push(...undecided.map(({ orderId }) => stuck(`order ${orderId} is new in the end`)));
  return violations;
}

function stuck(text: string): Violation {
  return { kind: 'stuck new', text };
}

function observationsOf(call: Call): Observation[] {
  const acknowledged = call.operation !== 'getOrder';
  const status = call.status ?? statusAfterCall(call);
  return status === undefined ? [] : [{ call, status, acknowledged }];
}

/**
 * Whether the call may have found an order that had expired: that is no final status, since a late payment
 * can follow (`holds.ts`).
 */
function mayBeExpired({ call, status }: Observation, reservation: Reservation | undefined): boolean {
  if (status !== 'cancelled' || reservation === undefined) return false;
  if (call.cancelReason !== undefined) return call.cancelReason === 'expired';
  return call.operation === 'cancelOrder' && call.endMs > reservation.firstEndMs;
}

function statusAfterCall({ operation, outcome, answeredId }: Call): OrderStatus | undefined {
  // A create without enough stock is refused, and its order is kept as failed.
  if (operation === 'createOrder' && outcome === 'refused')
    return answeredId === undefined ? undefined : 'failed';
  if (outcome !== 'ok') return undefined;
  if (operation === 'createOrder') return 'awaiting payment';
  if (operation === 'payOrder') return 'payed';
  return operation === 'cancelOrder' ? 'cancelled' : undefined;
}

/**
 * An order that was seen in a final status is never seen in another one, nor is it in another one in the end.
 */
function checkFinalStatuses(
  orderId: number,
  observations: readonly Observation[],
  final: FinalOrder | undefined,
): Violation[] {
  const last = observations.filter(({ status }) => status !== 'awaiting payment' && status !== 'new');
  const [first] = last;
  const violations = observations
    .filter(({ status }) => status === 'new')
    .map(({ call }) => stuck(`${nameOf(call)} saw it`));
  if (first === undefined) return violations;
  const other = last.find(({ status }) => status !== first.status);
  const inTheEnd = final === undefined || final.status === first.status ? undefined : final.status;
  const open = observations.find(
    ({ call, status }) => status === 'awaiting payment' && call.operation === 'createOrder',
  );
  const wasFailed = first.status === 'failed' && open !== undefined;
  if (other === undefined && inTheEnd === undefined && !wasFailed) return violations;
  const then = other
    ? `then ${other.status} by ${nameOf(other.call)}`
    : `in the end ${inTheEnd ?? first.status}`;
  const text = `order ${orderId} was ${first.status} by ${nameOf(first.call)}, ${then}`;
  return [...violations, { kind: 'illegal transition', text }];
}

/** A read that began after an acknowledgement sees what was acknowledged. */
function checkStale(calls: readonly Call[], observations: readonly Observation[]): Violation[] {
  const acknowledged = observations.filter((observation) => observation.acknowledged);
  const endOf = (isMeant: (status: OrderStatus) => boolean) =>
    Math.min(...acknowledged.filter(({ status }) => isMeant(status)).map(({ call }) => call.endMs));
  const existsMs = endOf(() => true);
  const changedMs = endOf((status) => status !== 'awaiting payment');
  return calls
    .filter((call) => {
      if (call.reason === 'ORDER_NOT_FOUND') return call.startMs > existsMs;
      return call.operation === 'getOrder' && call.status === 'awaiting payment' && call.startMs > changedMs;
    })
    .map((call) => ({ kind: 'stale read', text: `${nameOf(call)} saw ${call.status ?? 'nothing'}` }));
}

/** A read sees the order as it was requested. */
function checkContents(calls: readonly Call[], created: Call | undefined): Violation[] {
  if (created === undefined) return [];
  return calls
    .filter(({ operation, outcome }) => operation === 'getOrder' && outcome === 'ok')
    .filter(
      ({ seenUser, seenLines }) =>
        seenUser !== created.user || !sameLines(seenLines ?? [], created.lines ?? []),
    )
    .map((call) => ({ kind: 'changed order', text: `${nameOf(call)} saw another order than was created` }));
}
