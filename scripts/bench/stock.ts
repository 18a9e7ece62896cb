/**
 * The stock that all loads ask for, and the shape of their orders: two lines of one piece each.
 *
 * On a hot sku every order holds it and one other, random sku. It is the highest of all, so that whoever
 * locks in sku order locks it last and holds it for the shortest time: that favours the designs which lock
 * order by order, against which loms is measured.
 */
import type { Scenario } from './types.ts';

/** The seed set `large`: so many skus, from this one on. */
export const FIRST_SKU = 1_000_000_001;
export const SKUS = 10_000;

export const HOT_SKU = FIRST_SKU + SKUS - 1;

/** A sku with no pieces. The bench adds it to the seed set. */
export const SOLD_OUT_SKU = FIRST_SKU + SKUS;

/** One in so many orders asks for it where some are to be refused. */
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

/** Who orders: always five digits, so that all requests are of the same length. */
export function pickUser(): number {
  return 10_000 + Math.floor(Math.random() * 90_000);
}
