/**
 * Releases reservations that have ended, by the primary's clock. What is decided about an order is exact
 * without it; it makes the goods of abandoned orders available to everybody who reads the stock.
 *
 * It sleeps until the next reservation ends, at most for an interval, because shorter ones may be made
 * meanwhile. Several instances do no harm: each release is a guarded update.
 */

import type { Logger } from 'pino';
import { isOutage } from '../db/errors.ts';
import type { ExpiryLimits, OverdueOrders } from '../domain/orders/expire.ts';
import { releaseOrders, type StuckOrder } from '../service/release-orders.ts';
import type { Clock } from '../timing/clock.ts';
import type { RunResult } from '../timing/periodic.ts';

export interface OrderExpiryOptions {
  /** Finds what has ended, up to the limits, without some orders. */
  readonly find: (limits: ExpiryLimits, except: ReadonlySet<bigint>) => Promise<OverdueOrders>;
  /** Releases them. Returns how many were left by other instances. */
  readonly expire: (orderIds: readonly bigint[]) => Promise<number>;
  readonly now: Clock;
  readonly logger: Logger;
}

/** The most orders and lines that one run releases: they bound its transaction and the time of its locks. */
const RUN_LIMITS: ExpiryLimits = { ordersMax: 500, linesMax: 2_000 };

/**
 * After a release more orders are likely to end soon, as they were created together. Between two looks enough
 * of them end for one transaction, and none is late by much. The same after an outage: mostly a connection
 * was lost, and the next one works. In milliseconds.
 */
const NEXT_LOOK_MS = 100;

/**
 * After a full run it rests, for a multiple of the time that the run took: after an outage, creates keep the
 * larger part of the database, and the release of 100,000 orders is still done within a minute.
 */
const REST_MULTIPLE = 2;

/** An order that cannot be released is left out for so long, in milliseconds; and how many are at most. */
const STUCK_MS = 300_000;
const STUCK_MAX = 1_000;

export class OrderExpiry {
  readonly name = 'expire-orders';
  readonly schedule = { intervalMs: 500, minGapMs: 10 };
  readonly #options: OrderExpiryOptions;
  /** The orders that are left out, and until when. */
  readonly #stuck = new Map<bigint, number>();

  constructor(options: OrderExpiryOptions) {
    this.#options = options;
  }

  /** Releases up to the limits. During an outage there is nothing to do: the next run has the same to do. */
  async runOnce(): Promise<RunResult & { readonly released: number }> {
    const { find, expire, now, logger } = this.#options;
    try {
      const beganMs = now();
      for (const [orderId, endMs] of this.#stuck) if (endMs <= beganMs) this.#stuck.delete(orderId);
      const { orderIds, more, nextInMs } = await find(RUN_LIMITS, new Set(this.#stuck.keys()));
      if (orderIds.length === 0) return { released: 0, nextInMs };
      const { count: released, stuck } = await releaseOrders(expire, orderIds);
      for (const each of stuck) this.#leaveOut(each);
      if (released > 0) logger.debug({ released, more }, 'released expired orders');
      // A node whose clock is ahead finds some too early: they are not asked for again and again.
      if (released + stuck.length === 0) return { released };
      return { released, nextInMs: more ? REST_MULTIPLE * (now() - beganMs) : NEXT_LOOK_MS };
    } catch (error) {
      if (!isOutage(error)) throw error;
      logger.debug({ err: error }, 'expired orders are not released during an outage');
      return { released: 0, nextInMs: NEXT_LOOK_MS };
    }
  }

  /** @throws its error where there are too many: then it is no fault of single orders. */
  #leaveOut({ orderId, error }: StuckOrder): void {
    if (this.#stuck.size >= STUCK_MAX) throw error;
    this.#stuck.set(orderId, this.#options.now() + STUCK_MS);
    this.#options.logger.error(
      { orderId: String(orderId), err: error },
      'an order whose reservation has ended cannot be released, and is left out for five minutes',
    );
  }
}
