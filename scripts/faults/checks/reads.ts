/**
 * What callers saw of each order: its states move along the diagram only, and what was acknowledged before a
 * read began shows in it.
 *
 * A read is not an acknowledgement: the replica shows a commit a moment before the primary does, so a read may
 * see it and the next one, from the other node, not yet. What no order may do is leave a last state.
 */
import type { OrderStatus } from '../../../src/domain/orders/order.ts';
import type { FinalOrder } from '../final-state.ts';
import type { Call } from '../history.ts';
import { sameLines } from './creates.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';

/** What a call tells of its order's status. */
interface Sight {
  readonly call: Call;
  readonly status: OrderStatus;
  /** Whether the call was answered from a confirmed commit, and not from a read. */
  readonly acknowledged: boolean;
}

export function checkReads({ calls, final }: Evidence): Violation[] {
  const created = new Map(
    calls.flatMap((call): [number, Call][] =>
      call.answeredId === undefined ? [] : [[call.answeredId, call]],
    ),
  );
  const finals = new Map(final.orders.map((order) => [order.orderId, order]));
  const violations: Violation[] = [];
  for (const [orderId, about] of groupCalls(calls, (call) => call.answeredId ?? call.orderId)) {
    const sights = about.flatMap(sightOf);
    violations.push(
      ...checkLastStates(orderId, sights, finals.get(orderId)),
      ...checkStale(about, sights),
      ...checkContents(about, created.get(orderId)),
    );
  }
  const undecided = final.orders.filter(({ status }) => status === 'new');
  violations.push(...undecided.map(({ orderId }) => stuck(`order ${orderId} is new in the end`)));
  return violations;
}

function stuck(text: string): Violation {
  return { kind: 'stuck new', text };
}

function sightOf(call: Call): Sight[] {
  const acknowledged = call.operation !== 'getOrder';
  const status = call.status ?? reachedBy(call);
  return status === undefined ? [] : [{ call, status, acknowledged }];
}

function reachedBy({ operation, outcome, answeredId }: Call): OrderStatus | undefined {
  // A create without enough stock is refused, and its order kept.
  if (operation === 'createOrder' && outcome === 'refused')
    return answeredId === undefined ? undefined : 'failed';
  if (outcome !== 'ok') return undefined;
  if (operation === 'createOrder') return 'awaiting payment';
  if (operation === 'payOrder') return 'payed';
  return operation === 'cancelOrder' ? 'cancelled' : undefined;
}

/** An order that was once seen in a last state is never seen in another one, now or in the end. */
function checkLastStates(
  orderId: number,
  sights: readonly Sight[],
  final: FinalOrder | undefined,
): Violation[] {
  const last = sights.filter(({ status }) => status !== 'awaiting payment' && status !== 'new');
  const [first] = last;
  const violations = sights
    .filter(({ status }) => status === 'new')
    .map(({ call }) => stuck(`${nameOf(call)} saw it`));
  if (first === undefined) return violations;
  const other = last.find(({ status }) => status !== first.status);
  const inTheEnd = final === undefined || final.status === first.status ? undefined : final.status;
  const open = sights.find(
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

/** A read that began after an acknowledgement had ended sees what was acknowledged. */
function checkStale(about: readonly Call[], sights: readonly Sight[]): Violation[] {
  const acknowledged = sights.filter((sight) => sight.acknowledged);
  const endOf = (isMeant: (status: OrderStatus) => boolean) =>
    Math.min(...acknowledged.filter(({ status }) => isMeant(status)).map(({ call }) => call.endMs));
  const existsMs = endOf(() => true);
  const movedMs = endOf((status) => status !== 'awaiting payment');
  return about
    .filter((call) => {
      if (call.reason === 'ORDER_NOT_FOUND') return call.startMs > existsMs;
      return call.operation === 'getOrder' && call.status === 'awaiting payment' && call.startMs > movedMs;
    })
    .map((call) => ({ kind: 'stale read', text: `${nameOf(call)} saw ${call.status ?? 'nothing'}` }));
}

/** What is read of an order is what was asked for. */
function checkContents(about: readonly Call[], created: Call | undefined): Violation[] {
  if (created === undefined) return [];
  return about
    .filter(({ operation, outcome }) => operation === 'getOrder' && outcome === 'ok')
    .filter(
      ({ seenUser, seenLines }) =>
        seenUser !== created.user || !sameLines(seenLines ?? [], created.lines ?? []),
    )
    .map((call) => ({ kind: 'changed order', text: `${nameOf(call)} saw another order than was created` }));
}
