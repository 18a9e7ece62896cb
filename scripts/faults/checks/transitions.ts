/** Payments and cancellations, and the final state. */
import type { OrderStatus } from '../../../src/domain/orders/order.ts';
import type { Call } from '../history.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';
import { reservationsOf } from './holds.ts';

/** The status of an order after each transition. */
export const statusAfter: Readonly<Record<string, OrderStatus>> = {
  payOrder: 'payed',
  cancelOrder: 'cancelled',
};

export function checkTransitions(evidence: Evidence): Violation[] {
  const { calls, final } = evidence;
  const violations: Violation[] = [];
  const reservations = reservationsOf(evidence);
  const transitions = groupCalls(calls, (call) => (statusAfter[call.operation] ? call.orderId : undefined));
  for (const { orderId, status, cancelReason } of final.orders) {
    const { firstEndMs = Number.POSITIVE_INFINITY, mayBeLate = false } = reservations.get(orderId) ?? {};
    // To cancel an order that has expired is OK, and changes nothing: it may be payed late.
    const isOfNoAccount = (call: Call) =>
      call.operation === 'cancelOrder' && status === 'payed' && mayBeLate && call.endMs > firstEndMs;
    const attempts = transitions.get(orderId) ?? [];
    for (const call of attempts) {
      if (call.outcome === 'ok' && status !== statusAfter[call.operation] && !isOfNoAccount(call)) {
        violations.push({ kind: 'false acknowledgement', text: `${nameOf(call)}; it is ${status}` });
      }
    }
    const causes = attempts.filter((call) => statusAfter[call.operation] === status);
    const isChanged = Object.values(statusAfter).includes(status) && cancelReason !== 'expired';
    if (isChanged && causes.every((call) => call.outcome === 'refused')) {
      const text = `order ${orderId} is ${status} after: ${causes.map(nameOf).join('; ') || 'no call'}`;
      violations.push({ kind: 'done though refused', text });
    }
  }
  return violations;
}
