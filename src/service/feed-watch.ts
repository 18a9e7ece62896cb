/**
 * Waits for events. While somebody waits, it looks for the head of the feed at an interval, because other
 * instances publish too; the publisher of this instance calls `advance`.
 */
import type { Database } from '../db/types.ts';
import { headOf } from '../domain/events/cursor.ts';
import { PeriodicTask } from '../timing/periodic.ts';

/** One look costs a read of one row. In milliseconds. */
const SCHEDULE = { intervalMs: 50, minGapMs: 5 };

interface Waiter {
  /** Waits for a later position. */
  readonly position: bigint;
  resolve(): void;
}

export interface FeedWatchOptions {
  readonly read: Database['read'];
  /** Called with the error of a look that failed; the next one follows. */
  readonly onError: (error: unknown) => void;
}

export class FeedWatch {
  readonly #options: FeedWatchOptions;
  readonly #waiters = new Set<Waiter>();
  readonly #task: PeriodicTask;
  /** The last head that was seen. */
  #head = 0n;
  #isStopped = false;

  constructor(options: FeedWatchOptions) {
    this.#options = options;
    this.#task = new PeriodicTask({ ...SCHEDULE, run: () => this.#look(), onError: options.onError });
  }

  start(): void {
    void this.#task.start();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** The feed has grown up to a position. */
  advance(head: bigint): void {
    this.#head = head;
    for (const waiter of this.#waiters) if (waiter.position < head) waiter.resolve();
  }

  /**
   * Resolves when the feed has an event behind a position, or the signal aborts. Where it has seen one
   * before, it looks again: the caller may have read a node that lacks it, and would else read it without a
   * pause.
   */
  async waitBehind(position: bigint, signal: AbortSignal): Promise<void> {
    if (this.#isStopped || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const waiter = { position, resolve: end };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', end);
      if (this.#head > position) this.#task.trigger();
    });
  }

  /** From now on nobody waits. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { resolve } of this.#waiters) resolve();
    await this.#task.stop();
  }

  async #look(): Promise<undefined> {
    if (this.#waiters.size === 0) return;
    const { position } = await this.#options.read(headOf);
    this.advance(position);
  }
}
