/**
 * Creates and the final state: each acknowledged order is there once, as requested, and no other order is.
 */
import type { Line } from '../../../src/domain/orders/order.ts';
import type { FinalOrder } from '../final-state.ts';
import type { Call } from '../history.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';

export function checkCreates({ calls, final }: Evidence): Violation[] {
  const byUser = new Map<number, FinalOrder[]>();
  for (const order of final.orders) {
    byUser.set(order.user, [...(byUser.get(order.user) ?? []), order]);
  }
  const creates = groupCalls(calls, (call) => (call.operation === 'createOrder' ? call.user : undefined));
  const violations = [...creates].flatMap(([user, attempts]) =>
    checkOne(user, attempts, byUser.get(user) ?? [], final.keys),
  );
  for (const [user, orders] of byUser) {
    if (creates.has(user)) continue;
    violations.push({
      kind: 'applied twice',
      text: `${orders.length} orders of user ${user} that no call requested`,
    });
  }
  return violations;
}

/** @param orders the final orders of this user, who wanted one. */
function checkOne(
  user: number,
  attempts: readonly Call[],
  orders: readonly FinalOrder[],
  keys: Evidence['final']['keys'],
): Violation[] {
  const violations: Violation[] = [];
  const answered = attempts.filter((call) => call.answeredId !== undefined);
  const ids = new Set(answered.map((call) => call.answeredId));
  const [first] = answered;
  if (orders.length > 1) {
    violations.push({
      kind: 'applied twice',
      text: `user ${user} has orders ${orders.map(idOf)}, wanted one`,
    });
  }
  if (ids.size > 1 || new Set(answered.map((call) => call.outcome)).size > 1) {
    violations.push({ kind: 'two outcomes for one key', text: answered.map(nameOf).join('; ') });
  }
  if (first === undefined) {
    const mayHave = attempts.some((call) => call.outcome === 'unknown');
    if (orders.length > 0 && !mayHave) {
      violations.push({ kind: 'done though refused', text: `order ${orders.map(idOf)} of user ${user}` });
    }
    return violations;
  }
  for (const call of answered) {
    const order = orders.find(({ orderId }) => orderId === call.answeredId);
    if (order === undefined) violations.push({ kind: 'lost order', text: nameOf(call) });
    else violations.push(...checkKept(call, order));
  }
  const kept = keys.get(first.key ?? '');
  if (kept !== first.answeredId) {
    violations.push({
      kind: 'two outcomes for one key',
      text: `key ${first.key} leads to order ${kept}, the answer was ${first.answeredId}`,
    });
  }
  return violations;
}

/** Whether an order is what its acknowledged create requested. */
function checkKept(call: Call, order: FinalOrder): Violation[] {
  const text = `${nameOf(call)}; order ${order.orderId} is ${JSON.stringify(order)}`;
  if (!sameLines(order.lines, call.lines ?? [])) return [{ kind: 'changed order', text }];
  const isFailed = order.status === 'failed';
  return isFailed === (call.outcome === 'refused') ? [] : [{ kind: 'false acknowledgement', text }];
}

/** Whether two orders have the same lines, which are sorted by sku. */
export function sameLines(one: readonly Line[], other: readonly Line[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ sku, count }, index) => sku === other[index]?.sku && count === other[index]?.count)
  );
}

function idOf({ orderId }: FinalOrder): number {
  return orderId;
}
