/** Allocation: which orders of a batch get stock. Pure, so that it is tested without a database. */
import type { Instant } from '../instant.ts';
import type { Line } from '../orders/order.ts';

/** The available pieces of each sku. A sku that is not in the map has no stock. */
export type Available = ReadonlyMap<number, bigint>;

/** One line of an order that the stock could not serve. */
export interface Shortage {
  readonly sku: number;
  readonly requested: number;
  /** What was left at that moment. */
  readonly available: bigint;
  /** When as many as requested would be, if no open order was payed, cancelled or extended; if ever. */
  readonly availableAt?: Instant | undefined;
}

export interface Allocation {
  /** For each order, in the order given, its short lines; none means that it got all its lines. */
  readonly shortages: readonly (readonly Shortage[])[];
  /** The pieces given away of each sku, summed over all orders that got their lines. Only what is above 0. */
  readonly reserved: ReadonlyMap<number, number>;
}

/** A limit beside the stock, which each order is held against in its turn. */
export interface GrantLimit<Order> {
  /** Whether the order may have its lines, given those that were granted before it. */
  admits(order: Order): boolean;
  /** The order gets its lines. */
  grant(order: Order): void;
}

interface OrderLines {
  /** One line per sku. */
  readonly items: readonly Line[];
}

/**
 * Gives stock to orders in the order of their arrival. An order gets all its lines or none, and an order that
 * is short of one line leaves its other lines to those behind it.
 *
 * @param limit an order that it does not admit gets nothing, and is short of nothing.
 */
export function allocate<Order extends OrderLines>(
  orders: readonly Order[],
  available: Available,
  limit?: GrantLimit<Order>,
): Allocation {
  const reserved = new Map<number, number>();
  const leftOf = (sku: number) => (available.get(sku) ?? 0n) - BigInt(reserved.get(sku) ?? 0);
  const shortages = orders.map((order) => {
    const short: Shortage[] = [];
    if (limit?.admits(order) === false) return short;
    for (const { sku, count } of order.items) {
      const left = leftOf(sku);
      if (left < count) short.push({ sku, requested: count, available: left > 0n ? left : 0n });
    }
    if (short.length === 0) {
      for (const { sku, count } of order.items) reserved.set(sku, (reserved.get(sku) ?? 0) + count);
      limit?.grant(order);
    }
    return short;
  });
  return { shortages, reserved };
}

/**
 * What orders would be short of, each if it was the only one behind an allocation.
 *
 * @param reserved what the allocation has given away.
 * @param limit as in the allocation, with what it granted there.
 */
export function probe<Order extends OrderLines>(
  orders: readonly Order[],
  available: Available,
  reserved: Allocation['reserved'],
  limit?: GrantLimit<Order>,
): Allocation['shortages'] {
  if (orders.length === 0) return [];
  const left = new Map([...available].map(([sku, count]) => [sku, count - BigInt(reserved.get(sku) ?? 0)]));
  const alone = limit && { admits: (order: Order) => limit.admits(order), grant: () => {} };
  return orders.map((order) => allocate([order], left, alone).shortages[0] ?? []);
}
