/** Pays and cancels against the final state. */
import type { OrderStatus } from '../../../src/domain/orders/order.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';

/** The status that an order has when it was moved. */
export const statusAfter: Readonly<Record<string, OrderStatus>> = {
  payOrder: 'payed',
  cancelOrder: 'cancelled',
};

export function checkMoves({ calls, final }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const moves = groupCalls(calls, (call) => (statusAfter[call.operation] ? call.orderId : undefined));
  for (const { orderId, status } of final.orders) {
    const attempts = moves.get(orderId) ?? [];
    for (const call of attempts) {
      if (call.outcome === 'ok' && status !== statusAfter[call.operation]) {
        violations.push({ kind: 'false acknowledgement', text: `${nameOf(call)}; it is ${status}` });
      }
    }
    const movedBy = attempts.filter((call) => statusAfter[call.operation] === status);
    const isMoved = Object.values(statusAfter).includes(status);
    if (isMoved && movedBy.every((call) => call.outcome === 'refused')) {
      const text = `order ${orderId} is ${status} after: ${movedBy.map(nameOf).join('; ') || 'no call'}`;
      violations.push({ kind: 'done though refused', text });
    }
  }
  return violations;
}
