/**
 * The shortages of a failed order, as its key keeps them. A replay has the lines of the first request, so
 * only what was available is kept, and when more would have been. Pure.
 */
import { instantOfMicros, microsOf } from '../instant.ts';
import type { Line } from '../orders/order.ts';
import type { Shortage } from '../stock/allocation.ts';

/** Pairs of numbers, one behind the other, of the lines that have something to keep. */
export interface PackedShortages {
  /** A line's position in the order of skus, and the pieces that it could have had, its count at most. */
  readonly available: readonly number[];
  /** A line's position, and when it could have had its count, in microseconds since the epoch. */
  readonly availableAt: readonly bigint[];
}

/**
 * Packs the shortages of an order.
 *
 * @param lines those of the order, one per sku, sorted by sku.
 */
export function packShortages(lines: readonly Line[], shortages: readonly Shortage[]): PackedShortages {
  const short = new Map(shortages.map((shortage) => [shortage.sku, shortage]));
  const available: number[] = [];
  const availableAt: bigint[] = [];
  for (const [position, { sku, count }] of lines.entries()) {
    const shortage = short.get(sku);
    const pieces = shortage === undefined ? count : Number(shortage.available);
    if (pieces > 0) available.push(position, pieces);
    if (shortage?.availableAt !== undefined) {
      availableAt.push(BigInt(position), microsOf(shortage.availableAt));
    }
  }
  return { available, availableAt };
}

/** The shortages that `packShortages` packed, in their order, from the same lines. */
export function unpackShortages(lines: readonly Line[], packed: PackedShortages): Shortage[] {
  const pieces = new Map(pairs(packed.available));
  const times = new Map(pairs(packed.availableAt).map(([position, us]) => [Number(position), us]));
  return lines.flatMap(({ sku, count: requested }, position) => {
    const available = pieces.get(position) ?? 0;
    if (available >= requested) return [];
    const us = times.get(position);
    const shortage = { sku, requested, available: BigInt(available) };
    return [us === undefined ? shortage : { ...shortage, availableAt: instantOfMicros(us) }];
  });
}

function pairs<T>(flat: readonly T[]): [T, T][] {
  return flat.flatMap((value, index) => (index % 2 === 0 ? [[value, flat[index + 1] as T]] : []));
}
