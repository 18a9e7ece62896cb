/**
 * Removes idempotency keys that are older than they are kept: in the background, a bounded number at a time.
 */
import type { Logger } from 'pino';
import type { RemovedKeys } from '../domain/idempotency/store.ts';

export interface KeyRemovalOptions {
  /** Removes about `limit` of the keys that were claimed before this time, the oldest first. */
  readonly remove: (before: Date, limit: number) => Promise<RemovedKeys>;
  /** How long a key is kept. */
  readonly retentionMs: number;
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** About how many keys one transaction removes, and the most transactions of one run. */
export const STEP_KEYS_MAX = 1_000;
export const RUN_STEPS_MAX = 10;

/** The pause between two runs, and the one after a run that did not get to the end. */
export const PAUSE_MS = 60_000;
export const BUSY_PAUSE_MS = 100;

export interface KeyRemovalRun {
  readonly steps: number;
  readonly removed: number;
  /** Whether there may be more to remove. */
  readonly more: boolean;
}

export class KeyRemoval {
  readonly #options: KeyRemovalOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: KeyRemovalOptions) {
    this.#options = options;
  }

  /** Runs again and again, each time a pause after the last run has ended, until `stop`. */
  start(): void {
    this.#runAfter(PAUSE_MS);
  }

  /** Begins no further step, and resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Removes what is too old, up to the most of one run. */
  async runOnce(): Promise<KeyRemovalRun> {
    const { remove, retentionMs, now } = this.#options;
    const before = new Date(now() - retentionMs);
    let removed = 0;
    for (let steps = 1; ; steps++) {
      const step = await remove(before, STEP_KEYS_MAX);
      removed += step.removed;
      // Where another instance was faster, it goes on.
      const more = step.found === STEP_KEYS_MAX && step.removed > 0;
      if (!more || steps === RUN_STEPS_MAX || this.#stopped) return { steps, removed, more };
    }
  }

  #runAfter(pauseMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#run();
    }, pauseMs);
  }

  /** A run that fails, with the database away, say, is only told: the next one has the same to do. */
  async #run(): Promise<void> {
    const { logger } = this.#options;
    let pauseMs = PAUSE_MS;
    try {
      const { steps, removed, more } = await this.runOnce();
      if (removed > 0) logger.debug({ steps, removed, more }, 'removed old idempotency keys');
      if (more) pauseMs = BUSY_PAUSE_MS;
    } catch (error) {
      logger.warn({ err: error }, 'could not remove old idempotency keys');
    }
    this.#runAfter(pauseMs);
  }
}
