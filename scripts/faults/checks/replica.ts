/** In the end the replica holds what the primary holds. */
import { isDeepStrictEqual } from 'node:util';
import type { Evidence, Violation } from './evidence.ts';

export function checkReplica({ final, replica }: Evidence): Violation[] {
  if (replica === undefined || isDeepStrictEqual(final, replica)) return [];
  const differing = final.orders.filter((order, index) => !isDeepStrictEqual(order, replica.orders[index]));
  const text = [
    `${replica.orders.length} orders of ${final.orders.length}`,
    `the first that differs is ${differing[0]?.orderId ?? 'none'}`,
  ].join(', ');
  return [{ kind: 'replica differs', text }];
}
