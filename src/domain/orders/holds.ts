/**
 * The search for what open orders hold of skus of which a batch is short: in the order in which
 * their reservations end. Those that have ended are taken back before the batch runs again. From the others
 * follows when enough pieces come free if nobody pays.
 *
 * It runs outside of the batch's transaction, on any node, so that no lock waits for it, and walks in
 * windows, so that each statement is bounded. It ends where it has found what is missing, or at its limits.
 */

import type { Queryable } from '../../db/types.ts';
import { type IOrderHoldsResult, orderHolds, orderHoldsWithoutEnd } from '../../generated/sql/orders.ts';
import { INT64_MAX } from '../limits.ts';
import type { Release } from '../stock/releases.ts';
import { fromSkuColumn, toSkuColumn } from './order.ts';

/** What a batch of creates or late payments is short of, and what open orders hold enough of. */
export interface Shortfall {
  /** When the batch ran, by the primary's clock, in microseconds since the epoch. */
  readonly nowUs: bigint;
  /** The pieces of each sku that must come free for all orders that are short of it. */
  readonly missing: ReadonlyMap<number, number>;
}

/** What the searches for one batch have found. */
export interface Holds {
  /** How many there were. */
  readonly searches: number;
  /**
   * The next releases of each sku, in their order. Of a sku that stands here nothing is left to take back; of
   * another one there may be.
   */
  readonly releases: ReadonlyMap<number, readonly Release[]>;
}

/** The most searches for one batch. Others may take what each of them has freed. */
export const SEARCHES_MAX = 3;

/** A place in the order of the ends: the end, in microseconds since the epoch, and the order. */
export interface Position {
  readonly endUs: bigint;
  readonly orderId: bigint;
}

export const START: Position = { endUs: 0n, orderId: 0n };

/** Stands for the end of a reservation that never ends. */
export const NEVER_US = INT64_MAX;

/** What an open order holds of one sku. */
export interface Hold extends Position {
  readonly sku: number;
  readonly count: number;
}

/** A step of the walk. */
export interface HoldWindow {
  readonly holds: readonly Hold[];
  /** Where the next window begins; undefined at the end. */
  readonly next: Position | undefined;
}

export interface WalkLimits {
  /** The most reservations of a window. */
  readonly window: number;
  /** The most lines that a window looks for: one of each sku for each reservation. */
  readonly probes: number;
  /** The most lines of a window; at least as many as an order can have and one more. */
  readonly windowLines: number;
  /** How many windows are read behind those of reservations that have ended. */
  readonly windowsAhead: number;
  /** How many are read in all. */
  readonly windowsMax: number;
}

/**
 * Ahead it looks at 10,000 reservations, and at 200,000 that have ended: as many as an outage leaves. Of more
 * than 200 skus it looks at fewer, so that a step stays within the time of a read.
 */
const WALK_LIMITS: WalkLimits = {
  window: 2_000,
  probes: 400_000,
  windowLines: 10_000,
  windowsAhead: 5,
  windowsMax: 100,
};

/** One search: until it is done, a window is read and added. */
export class HoldWalk {
  /** The orders to take back. */
  readonly overdue = new Set<bigint>();
  readonly #nowUs: bigint;
  readonly #limits: WalkLimits;
  /** The pieces of each sku that must still be found, among those that have ended and among all. */
  readonly #missing: Map<number, number>;
  readonly #missingAhead: Map<number, number>;
  readonly #releases = new Map<number, Release[]>();
  #position: Position | undefined = START;
  #windows = 0;
  #windowsAhead = 0;

  constructor({ nowUs, missing }: Shortfall, limits = WALK_LIMITS) {
    this.#nowUs = nowUs;
    this.#limits = limits;
    this.#missing = new Map(missing);
    this.#missingAhead = new Map(missing);
  }

  get isDone(): boolean {
    const { windowsAhead, windowsMax } = this.#limits;
    if (this.#position === undefined || this.#windows >= windowsMax) return true;
    return this.#windowsAhead >= windowsAhead || this.#missingAhead.size === 0;
  }

  /** Reads the next window, and changes nothing here: a read may run on two nodes at once. */
  read(db: Queryable): Promise<HoldWindow> {
    const { window, probes, windowLines } = this.#limits;
    const fitting = Math.max(1, Math.min(window, Math.floor(probes / this.#missing.size)));
    return readWindow(db, this.#missing.keys(), this.#position, { window: fitting, windowLines });
  }

  add({ holds, next }: HoldWindow): void {
    for (const hold of holds) this.#add(hold);
    this.#position = next;
    this.#windows++;
    if (next !== undefined && next.endUs > this.#nowUs) this.#windowsAhead++;
  }

  /** The next releases of the skus of which nothing is left to take back. */
  get releases(): Holds['releases'] {
    const skus = [...this.#missing].filter(([, count]) => count > 0).map(([sku]) => sku);
    return new Map(skus.map((sku) => [sku, this.#releases.get(sku) ?? []]));
  }

  #add({ orderId, sku, count, endUs }: Hold): void {
    if (endUs > this.#nowUs) {
      const releases = this.#releases.get(sku);
      if (releases === undefined) this.#releases.set(sku, [{ endUs, count }]);
      else releases.push({ endUs, count });
    } else {
      // All lines of an order are released, also those of which enough was found.
      if ((this.#missing.get(sku) ?? 0) > 0) this.overdue.add(orderId);
      this.#missing.set(sku, (this.#missing.get(sku) ?? 0) - count);
    }
    const left = (this.#missingAhead.get(sku) ?? 0) - count;
    if (left > 0) this.#missingAhead.set(sku, left);
    else this.#missingAhead.delete(sku);
  }
}

/**
 * Reads the window behind a position, on any node. Behind a position of `NEVER_US` it is one of reservations
 * that never end, which no other window has.
 */
export async function readWindow(
  db: Queryable,
  skus: Iterable<number>,
  { endUs: afterUs, orderId: afterId }: Position = START,
  { window, windowLines }: Pick<WalkLimits, 'window' | 'windowLines'>,
): Promise<HoldWindow> {
  const bounds = { skus: toSkuColumn(skus), afterId, limit: BigInt(window), linesMax: BigInt(windowLines) };
  const rows =
    afterUs === NEVER_US
      ? await orderHoldsWithoutEnd.run(bounds, db)
      : await orderHolds.run({ ...bounds, afterUs }, db);
  const holds = rows.flatMap(holdsOf);
  if (rows.length === windowLines) {
    // The last order may have more lines: it begins the next window.
    const last = holds.at(-1)?.orderId;
    const whole = holds.filter(({ orderId }) => orderId !== last);
    return { holds: whole, next: whole.at(-1) };
  }
  const [first] = rows;
  const isEnd = first === undefined || Number(first.size) < window;
  if (isEnd || first.last_us === null || first.last_id === null) return { holds, next: undefined };
  return { holds, next: { endUs: first.last_us, orderId: first.last_id } };
}

function holdsOf({ order_id: orderId, sku, count, expires_us: endUs }: IOrderHoldsResult): Hold[] {
  if (orderId === null || sku === null || count === null || endUs === null) return [];
  return [{ orderId, sku: fromSkuColumn(sku), count, endUs }];
}
