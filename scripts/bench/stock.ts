/**
 * The stock of all loads, and the skus of their orders: two lines of one piece each.
 *
 * An order with the hot sku has one random sku besides. The hot sku is the highest, so a design that locks in
 * sku order locks it last and for the shortest time. That favours the designs that loms is compared with.
 */
import type { Scenario } from './types.ts';

/** The seed set `large`: its first sku, and the number of skus. */
export const FIRST_SKU = 1_000_000_001;
export const SKUS = 10_000;

export const HOT_SKU = FIRST_SKU + SKUS - 1;

/** A sku with no pieces. The bench adds it to the seed set. */
export const SOLD_OUT_SKU = FIRST_SKU + SKUS;

/** In the scenario `infeasible`, one in this many orders contains the sold-out sku. */
export const INFEASIBLE_EVERY = 10;

/** The skus of the next order: two different ones, the lower first. */
export function pickSkus(scenario: Scenario): [number, number] {
  const first = FIRST_SKU + Math.floor(Math.random() * (SKUS - 1));
  switch (scenario) {
    case 'hot':
      return [first, HOT_SKU];
    case 'soldOut':
      return [first, SOLD_OUT_SKU];
    case 'infeasible':
      if (Math.random() * INFEASIBLE_EVERY < 1) return [first, SOLD_OUT_SKU];
      break;
  }
  const second = FIRST_SKU + Math.floor(Math.random() * (SKUS - 1));
  if (second === first) return [first, HOT_SKU];
  return first < second ? [first, second] : [second, first];
}

/** The user of an order: always five digits, so that all requests have the same length. */
export function pickUser(): number {
  return 10_000 + Math.floor(Math.random() * 90_000);
}
