/**
 * Removes movements of stock that are older than the retention, by the primary's clock. A pass walks over all
 * skus. The ledger of a sku then begins with an opening (`domain/stock/retention.ts`).
 */
import type { Logger } from 'pino';
import type { MovementWindow, RemovedMovements } from '../domain/stock/retention.ts';

export interface MovementRemovalOptions {
  /** How long a movement is kept, in milliseconds. */
  readonly retentionMs: number;
  /** Removes what is old enough in one window. */
  readonly remove: (window: MovementWindow) => Promise<RemovedMovements>;
  readonly logger: Logger;
}

/** The most skus that one run looks at, and the most movements that it removes. */
const RUN_SKUS_MAX = 500;
export const RUN_MOVEMENTS_MAX = 10_000;

export class MovementRemoval {
  readonly name = 'remove-movements';
  readonly schedule = { intervalMs: 3_600_000, minGapMs: 50 };
  readonly #options: MovementRemovalOptions;
  /** The pass has looked at all skus up to this one. */
  #after = 0n;

  constructor(options: MovementRemovalOptions) {
    this.#options = options;
  }

  /** Looks at the next window of a pass. `more`: the pass goes on. After a failure the window is repeated. */
  async runOnce(): Promise<{ readonly removed: number; readonly more: boolean }> {
    const { remove, retentionMs, logger } = this.#options;
    const limits = { skusMax: RUN_SKUS_MAX, movementsMax: RUN_MOVEMENTS_MAX };
    const { removed, last, isEnd } = await remove({ after: this.#after, retentionMs, ...limits });
    this.#after = isEnd ? 0n : last;
    if (removed > 0) logger.debug({ removed, more: !isEnd }, 'removed old movements of stock');
    return { removed, more: !isEnd };
  }
}
