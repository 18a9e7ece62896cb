/** Removes idempotency keys whose end has passed by the primary's clock, a bounded number at a time. */
import type { Logger } from 'pino';
import type { RemovedKeys } from '../domain/idempotency/store.ts';

export interface KeyRemovalOptions {
  /** Removes about `limit` of these keys, those that ended first. */
  readonly remove: (limit: number) => Promise<RemovedKeys>;
  readonly logger: Logger;
}

/** About how many keys one run removes: it bounds its transaction. */
export const RUN_KEYS_MAX = 1_000;

export class KeyRemoval {
  readonly name = 'remove-keys';
  readonly schedule = { intervalMs: 60_000, minGapMs: 20 };
  readonly #options: KeyRemovalOptions;

  constructor(options: KeyRemovalOptions) {
    this.#options = options;
  }

  /** Removes up to the most keys of one run. `more`: there may be more to remove. */
  async runOnce(): Promise<{ readonly removed: number; readonly more: boolean }> {
    const { remove, logger } = this.#options;
    const { found, removed } = await remove(RUN_KEYS_MAX);
    // When another instance removed them first, it goes on.
    const more = found === RUN_KEYS_MAX && removed > 0;
    if (removed > 0) logger.debug({ removed, more }, 'removed old idempotency keys');
    return { removed, more };
  }
}
