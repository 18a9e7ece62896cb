/** The stock of a run, the lines of its orders, and its changes by hand. */
import type { Line } from '../../src/domain/orders/order.ts';
import type { StockChange, StockCount } from './history.ts';
import type { Random } from './random.ts';

/** In every other order. */
export const HOT_SKU = 1;
const HOT_PIECES = 1_000_000;
const SPREAD_SKUS = range(1_001, 200);
const SPREAD_PIECES = 100_000;
/** Skus that sell out in the middle of a run. */
const SCARCE_SKUS = range(2_001, 24);
const SCARCE_PIECES = 40;
/** Skus without stock at first, which only changes by hand name. */
const NEW_SKUS = range(3_001, 12);
/** A sku that no stock row has. */
const UNKNOWN_SKU = 9_999;
const LINES_MAX = 4;
const CHANGED_SKUS_MAX = 3;
const CHANGE_MAX = 8;
/** The share of changes that name the total which they expect. */
const EXPECTED_SHARE = 0.25;

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

/** The skus of the next change by hand: those of orders, and new ones. Several requests meet at one sku. */
function pickSkus(random: Random): number[] {
  const skus = new Set<number>();
  for (let left = random.between(1, CHANGED_SKUS_MAX); left > 0; left--) {
    const share = random.share();
    if (share < 0.15) skus.add(HOT_SKU);
    else if (share < 0.5) skus.add(random.pick(SCARCE_SKUS));
    else skus.add(random.pick(share < 0.9 ? SPREAD_SKUS : NEW_SKUS));
  }
  return [...skus];
}

/**
 * The changes of the next adjustment. A scarce sku gets as much as it loses, so that it stays scarce.
 *
 * @param totalOf the last known total of a sku, which some changes expect. It may have changed since then.
 */
export function pickChanges(random: Random, totalOf: (sku: number) => number): StockChange[] {
  return pickSkus(random).map((sku) => {
    const change = random.between(-CHANGE_MAX, CHANGE_MAX);
    return random.chance(EXPECTED_SHARE) ? { sku, change, expectedTotal: totalOf(sku) } : { sku, change };
  });
}

/** The next count: about what there was at first, of a scarce sku less. */
export function pickCounts(random: Random): StockCount[] {
  return pickSkus(random).map((sku) => {
    const initial = initialStock.get(sku) ?? 0;
    const [least, most] = initial > SCARCE_PIECES ? [initial - CHANGE_MAX, initial] : [0, SCARCE_PIECES / 2];
    return { sku, counted: random.between(least, most) };
  });
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
