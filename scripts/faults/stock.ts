/** The stock of a run, and the lines of its orders. */
import type { Line } from '../../src/domain/orders/order.ts';
import type { Random } from './random.ts';

/** In every other order. */
export const HOT_SKU = 1;
const HOT_PIECES = 1_000_000;
const SPREAD_SKUS = range(1_001, 200);
const SPREAD_PIECES = 100_000;
/** Skus that sell out in the middle of a run. */
const SCARCE_SKUS = range(2_001, 24);
const SCARCE_PIECES = 40;
/** A sku that no stock row has. */
const UNKNOWN_SKU = 9_999;
const LINES_MAX = 4;

/** The initial stock of every sku. */
export const initialStock: ReadonlyMap<number, number> = new Map([
  [HOT_SKU, HOT_PIECES],
  ...SPREAD_SKUS.map((sku): [number, number] => [sku, SPREAD_PIECES]),
  ...SCARCE_SKUS.map((sku): [number, number] => [sku, SCARCE_PIECES]),
]);

/** The lines of the next order: hot, spread or scarce skus; a few orders cannot be fulfilled. */
export function pickLines(random: Random): Line[] {
  const lines = new Map<number, number>();
  const add = (sku: number, count: number) => lines.set(sku, count);
  for (let left = random.between(1, LINES_MAX); left > 0; left--) {
    add(random.pick(SPREAD_SKUS), random.between(1, 3));
  }
  if (random.chance(0.5)) add(HOT_SKU, random.between(1, 2));
  if (random.chance(0.15)) add(random.pick(SCARCE_SKUS), random.between(1, 4));
  if (random.chance(0.03)) add(UNKNOWN_SKU, 1);
  if (random.chance(0.03)) add(random.pick(SCARCE_SKUS), SCARCE_PIECES + 1);
  return [...lines].map(([sku, count]) => ({ sku, count })).sort((a, b) => a.sku - b.sku);
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
