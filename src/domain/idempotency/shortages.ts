/**
 * The shortages of a failed order, as its key keeps them. A replay has the lines of the first request, so
 * only what was available is kept. Pure.
 */
import type { Line } from '../orders/order.ts';
import type { Shortage } from '../stock/allocation.ts';

/**
 * Packs the shortages of an order.
 *
 * @param lines those of the order, one per sku, sorted by sku.
 * @returns a pair of numbers for each line of which anything was available, one behind the other: its
 * position in `lines`, and the pieces that it could have had, its count at most.
 */
export function packShortages(lines: readonly Line[], shortages: readonly Shortage[]): number[] {
  const short = new Map(shortages.map(({ sku, available }) => [sku, Number(available)]));
  return lines.flatMap(({ sku, count }, position) => {
    const available = short.get(sku) ?? count;
    return available > 0 ? [position, available] : [];
  });
}

/** The shortages that `packShortages` packed, in their order, from the same lines. */
export function unpackShortages(lines: readonly Line[], packed: readonly number[]): Shortage[] {
  const availableAt = new Map<number, number>();
  for (let i = 0; i < packed.length; i += 2) availableAt.set(packed[i] as number, packed[i + 1] as number);
  return lines.flatMap(({ sku, count: requested }, position) => {
    const available = availableAt.get(position) ?? 0;
    return available < requested ? [{ sku, requested, available: BigInt(available) }] : [];
  });
}
