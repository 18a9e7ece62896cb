/**
 * Releases reservations that have ended, by the primary's clock. What is decided about an order is exact
 * without it; it makes the goods of abandoned orders available to everybody who reads the stock.
 *
 * It sleeps until the next reservation ends, at most for an interval, because shorter ones may be made
 * meanwhile. Several instances do no harm: each release is a guarded update.
 */
import type { Logger } from 'pino';
import type { ExpiredOrders, ExpiryLimits } from '../domain/orders/transition.ts';
import { isOutage } from '../service/failures.ts';
import type { RunResult } from '../timing/periodic.ts';

export interface OrderExpiryOptions {
  /** Releases what has ended, up to the limits. */
  readonly expire: (limits: ExpiryLimits) => Promise<ExpiredOrders>;
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
    const { expire, logger } = this.#options;
    try {
      const result = await expire(RUN_LIMITS);
      const { released, more } = result;
      if (released > 0) logger.debug({ released, more }, 'released expired orders');
      return result;
    } catch (error) {
      if (!isOutage(error)) throw error;
      logger.debug({ err: error }, 'expired orders are not released during an outage');
      return { released: 0 };
    }
  }
}
