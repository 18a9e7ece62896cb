/** Removes idempotency keys that are older than their retention, a bounded number at a time. */
import type { Logger } from 'pino';
import type { RemovedKeys } from '../domain/idempotency/store.ts';

export interface KeyRemovalOptions {
  /** Removes about `limit` of the keys that were claimed before this time, the oldest first. */
  readonly remove: (before: Date, limit: number) => Promise<RemovedKeys>;
  /** How long a key is kept, in milliseconds. */
  readonly retentionMs: number;
  /** The wall clock, in milliseconds since the epoch. */
  readonly wallClock: () => number;
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

  /** Removes what is too old, up to the most of one run. `more`: there may be more to remove. */
  async runOnce(): Promise<{ readonly removed: number; readonly more: boolean }> {
    const { remove, retentionMs, wallClock, logger } = this.#options;
    const { found, removed } = await remove(new Date(wallClock() - retentionMs), RUN_KEYS_MAX);
    // When another instance removed them first, it goes on.
    const more = found === RUN_KEYS_MAX && removed > 0;
    if (removed > 0) logger.debug({ removed, more }, 'removed old idempotency keys');
    return { removed, more };
  }
}
