/**
 * Releases orders whose reservations have ended. One that cannot be released, because its data are broken,
 * holds up no other.
 */

import { isOutage } from '../db/errors.ts';
export interface StuckOrder {
  readonly orderId: bigint;
  /** Why it cannot be released. */
  readonly error: unknown;
}

export interface Released {
  /** How many were released, and not by another instance. */
  readonly count: number;
  readonly stuck: readonly StuckOrder[];
}

/**
 * Releases the orders in one transaction. One that fails for its own reason is halved until only the culprits
 * fail.
 *
 * @param expire releases orders in a transaction. Returns how many it has released.
 * @throws the error of an outage; a part may have been released, which is harmless.
 */
export async function releaseOrders(
  expire: (orderIds: readonly bigint[]) => Promise<number>,
  orderIds: readonly bigint[],
): Promise<Released> {
  try {
    return { count: await expire(orderIds), stuck: [] };
  } catch (error) {
    if (isOutage(error)) throw error;
    if (orderIds.length === 1) return { count: 0, stuck: orderIds.map((orderId) => ({ orderId, error })) };
    const half = orderIds.length >> 1;
    const first = await releaseOrders(expire, orderIds.slice(0, half));
    const second = await releaseOrders(expire, orderIds.slice(half));
    return { count: first.count + second.count, stuck: [...first.stuck, ...second.stuck] };
  }
}
