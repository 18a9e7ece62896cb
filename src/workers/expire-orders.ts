/**
 * Releases reservations that have ended, by the primary's clock. What is decided about an order is exact
 * without it; it makes the goods of abandoned orders available to everybody who reads the stock.
 *
 * It sleeps until the next reservation ends, at most for an interval, because shorter ones may be made
 * meanwhile. Several instances do no harm: each release is a guarded update.
 */
import type { Logger } from 'pino';
import type { ExpiryLimits, OverdueOrders } from '../domain/orders/expire.ts';
import { isOutage } from '../service/failures.ts';
import type { RunResult } from '../timing/periodic.ts';

export interface OrderExpiryOptions {
  /** Finds what has ended, up to the limits. */
  readonly find: (limits: ExpiryLimits) => Promise<OverdueOrders>;
  /** Releases them. Returns how many were left by other instances. */
  readonly expire: (orderIds: readonly bigint[]) => Promise<number>;
  readonly logger: Logger;
}

/** The most orders and lines that one run releases: they bound its transaction and the time of its locks. */
export const RUN_LIMITS: ExpiryLimits = { ordersMax: 500, linesMax: 2_000 };

export class OrderExpiry {
  readonly name = 'expire-orders';
  /** Between two full runs there is time for creates that wait for the same stock. */
  readonly schedule = { intervalMs: 500, minGapMs: 10 };
  readonly #options: OrderExpiryOptions;

  constructor(options: OrderExpiryOptions) {
    this.#options = options;
  }

  /** Releases up to the limits. During an outage there is nothing to do: the next run has the same to do. */
  async runOnce(): Promise<RunResult & { readonly released: number }> {
    const { find, expire, logger } = this.#options;
    try {
      const { orderIds, more, nextInMs } = await find(RUN_LIMITS);
      if (orderIds.length === 0) return { released: 0, nextInMs };
      const released = await expire(orderIds);
      if (released > 0) logger.debug({ released, more }, 'released expired orders');
      // A node whose clock is ahead finds some too early: they are not asked for again and again.
      return { released, more: more && released > 0 };
    } catch (error) {
      if (!isOutage(error)) throw error;
      logger.debug({ err: error }, 'expired orders are not released during an outage');
      return { released: 0 };
    }
  }
}
