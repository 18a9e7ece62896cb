/** What a batch of creates is short of: what to search for before it is run again, and when it comes free. */
import { type Instant, instantOfMicros, microsOf } from '../instant.ts';
import type { Allocation, Shortage } from '../stock/allocation.ts';
import { type Release, releaseTimes } from '../stock/releases.ts';
import type { LockedStock } from '../stock/stock.ts';
import { type Holds, SEARCHES_MAX, type Shortfall } from './holds.ts';
import { fromSkuColumn, type Line } from './order.ts';

/** The short lines of each order. */
type Shortages = Allocation['shortages'];

/** A batch that is decided and not yet written. */
interface DecidedBatch {
  readonly stock: LockedStock;
  readonly reserved: Allocation['reserved'];
  /** What was found after the runs before, which were rolled back. */
  readonly holds: Holds | undefined;
}

export function isShort(shortages: readonly Shortage[]): boolean {
  return shortages.length > 0;
}

/**
 * The pieces that are missing and not searched for yet, by sku. Of a sku of which open orders hold too little
 * for every order that is short of it nothing is searched: no end of theirs would help.
 */
export function missingPieces(all: Shortages, batch: DecidedBatch): Shortfall['missing'] | undefined {
  const { stock, reserved, holds } = batch;
  if (!all.some(isShort) || holds?.searches === SEARCHES_MAX) return undefined;
  const held = new Map(stock.rows.map((row) => [fromSkuColumn(row.sku), Number(row.reserved)]));
  const missing = new Map<number, number>();
  const reachable = new Set<number>();
  for (const { sku, requested } of all.flat()) {
    if (holds?.releases.has(sku)) continue;
    const left = leftOf(sku, batch);
    missing.set(sku, (missing.get(sku) ?? -left) + requested);
    const before = held.get(sku) ?? 0;
    if (before > 0 && before + (reserved.get(sku) ?? 0) >= requested - left) reachable.add(sku);
  }
  const found = [...missing].filter(([sku]) => reachable.has(sku));
  return found.length > 0 ? new Map(found) : undefined;
}

/** An order that gets its lines, and when its reservation ends. */
interface Granted {
  readonly request: { readonly items: readonly Line[] };
  readonly expiresAt: Instant | undefined;
}

/**
 * Makes the function that adds to a shortage when its pieces come free: of what was held before, and of what
 * the batch grants.
 */
export function datesOf(
  all: Shortages,
  granted: readonly Granted[],
  batch: DecidedBatch,
): (shortage: Shortage) => Shortage {
  const releases = new Map<number, Release[]>();
  for (const { sku } of all.flat()) releases.set(sku, [...(batch.holds?.releases.get(sku) ?? [])]);
  for (const { request, expiresAt } of granted) {
    if (expiresAt === undefined) continue;
    const endUs = microsOf(expiresAt);
    for (const { sku, count } of request.items) releases.get(sku)?.push({ endUs, count });
  }
  const times = new Map([...releases].map(([sku, each]) => [sku, releaseTimes(each)]));
  return (shortage) => {
    const { sku, requested } = shortage;
    const us = times.get(sku)?.(requested - leftOf(sku, batch));
    return us === undefined ? shortage : { ...shortage, availableAt: instantOfMicros(us) };
  };
}

/** What is left of a sku behind the batch. */
function leftOf(sku: number, { stock, reserved }: DecidedBatch): number {
  return Number(stock.available.get(sku) ?? 0n) - (reserved.get(sku) ?? 0);
}
