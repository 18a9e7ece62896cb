/** Removes events that are older than the retention, by the primary's clock, a bounded number at a time. */
import type { Logger } from 'pino';

export interface EventRemovalOptions {
  /** How long events are kept, in milliseconds. */
  readonly retentionMs: number;
  /** Removes what is old enough, up to `batchesMax` batches. Returns their number. */
  readonly remove: (window: { readonly retentionMs: number; readonly batchesMax: number }) => Promise<number>;
  readonly logger: Logger;
}

/** How many batches one run removes at most: it bounds its transaction. */
const RUN_BATCHES_MAX = 500;

export class EventRemoval {
  readonly name = 'remove-events';
  readonly schedule = { intervalMs: 60_000, minGapMs: 50 };
  readonly #options: EventRemovalOptions;

  constructor(options: EventRemovalOptions) {
    this.#options = options;
  }

  /** Removes up to the most batches of one run. `more`: there may be more to remove. */
  async runOnce(): Promise<{ readonly removed: number; readonly more: boolean }> {
    const { remove, retentionMs, logger } = this.#options;
    const removed = await remove({ retentionMs, batchesMax: RUN_BATCHES_MAX });
    const more = removed === RUN_BATCHES_MAX;
    if (removed > 0) logger.debug({ removed, more }, 'removed old events');
    return { removed, more };
  }
}
