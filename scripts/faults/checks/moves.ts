/** Pays and cancels against the final state. */
import type { OrderStatus } from '../../../src/domain/order.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './check.ts';

const reached: Record<string, OrderStatus> = { pay: 'payed', cancel: 'cancelled' };

export function checkMoves({ calls, final }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const moves = groupCalls(calls, (call) => (reached[call.operation] ? call.orderId : undefined));
  for (const { orderId, status } of final.orders) {
    const attempts = moves.get(orderId) ?? [];
    for (const call of attempts) {
      if (call.outcome === 'ok' && status !== reached[call.operation]) {
        violations.push({ kind: 'false acknowledgement', text: `${nameOf(call)}; it is ${status}` });
      }
    }
    const movedBy = attempts.filter((call) => reached[call.operation] === status);
    const isMoved = Object.values(reached).includes(status);
    if (isMoved && movedBy.every((call) => call.outcome === 'refused')) {
      const text = `order ${orderId} is ${status} after: ${movedBy.map(nameOf).join('; ') || 'no call'}`;
      violations.push({ kind: 'done though refused', text });
    }
  }
  return violations;
}
