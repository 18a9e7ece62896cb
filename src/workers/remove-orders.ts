/**
 * Removes orders that failed or were cancelled longer than the retention ago, by the primary's clock.
 *
 * A pass walks over the orders by their ids, and ends where all are too young. The next one begins where
 * something may have become old enough. That place is in memory: a new process walks over all orders once.
 */
import type { Logger } from 'pino';
import type { RemovalWindow, RemovedOrders } from '../domain/orders/remove.ts';

export interface OrderRemovalOptions {
  /** How long an order stays as it is before it is removed, in milliseconds. */
  readonly retentionMs: number;
  /** Removes what is old enough in one window. */
  readonly remove: (window: RemovalWindow) => Promise<RemovedOrders>;
  readonly logger: Logger;
}

/** The most orders that one run looks at, and the most lines that it removes: they bound its transaction. */
const RUN_ORDERS_MAX = 1_000;
export const RUN_LINES_MAX = 10_000;

export class OrderRemoval {
  readonly name = 'remove-orders';
  readonly schedule = { intervalMs: 3_600_000, minGapMs: 50 };
  readonly #options: OrderRemovalOptions;
  /** The pass has looked at all orders up to this id. */
  #after = 0n;
  /** The next pass begins behind this id. */
  #settled = 0n;

  constructor(options: OrderRemovalOptions) {
    this.#options = options;
  }

  /** Looks at the next window of a pass. `more`: the pass goes on. After a failure the window is repeated. */
  async runOnce(): Promise<{ readonly removed: number; readonly more: boolean }> {
    const { remove, retentionMs, logger } = this.#options;
    const limits = { ordersMax: RUN_ORDERS_MAX, linesMax: RUN_LINES_MAX };
    const { removed, last, settled, isEnd } = await remove({ after: this.#after, retentionMs, ...limits });
    // As long as nothing was left behind.
    if (this.#settled === this.#after) this.#settled = settled;
    this.#after = isEnd ? this.#settled : last;
    if (removed > 0) logger.debug({ removed, more: !isEnd }, 'removed old orders');
    return { removed, more: !isEnd };
  }
}
