/** Payments and cancellations, and the final state. */
import type { OrderStatus } from '../../../src/domain/orders/order.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';

/** The status of an order after each transition. */
export const statusAfter: Readonly<Record<string, OrderStatus>> = {
  payOrder: 'payed',
  cancelOrder: 'cancelled',
};

export function checkTransitions({ calls, final }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const transitions = groupCalls(calls, (call) => (statusAfter[call.operation] ? call.orderId : undefined));
  for (const { orderId, status } of final.orders) {
    const attempts = transitions.get(orderId) ?? [];
    for (const call of attempts) {
      if (call.outcome === 'ok' && status !== statusAfter[call.operation]) {
        violations.push({ kind: 'false acknowledgement', text: `${nameOf(call)}; it is ${status}` });
      }
    }
    const causes = attempts.filter((call) => statusAfter[call.operation] === status);
    const isChanged = Object.values(statusAfter).includes(status);
    if (isChanged && causes.every((call) => call.outcome === 'refused')) {
      const text = `order ${orderId} is ${status} after: ${causes.map(nameOf).join('; ') || 'no call'}`;
      violations.push({ kind: 'done though refused', text });
    }
  }
  return violations;
}
