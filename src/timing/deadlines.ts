/**
 * Deadlines of everything that is waited for: requests in queues and batches, credentials, bodies, incomplete
 * calls.
 *
 * All entries of an instance share one timer, set to the earliest. Deadlines mostly come in the order in
 * which they pass, so adding one costs a comparison: the timer is set already, and when it fires it is set
 * for the next.
 */
import { type Clock, monotonicMs, type SetTimer, setNodeTimer } from './clock.ts';

export interface Pending {
  /** On the monotonic clock, in milliseconds; Infinity waits for ever. */
  readonly deadlineMs: number;
  /** Called once when the deadline has passed, after the entry was removed. */
  onTimeout(): void;
}

export class Deadlines {
  readonly now: Clock;
  readonly #setTimer: SetTimer;
  readonly #pending = new Set<Pending>();
  #timerAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer = () => {};

  constructor(now: Clock = monotonicMs, setTimer: SetTimer = setNodeTimer) {
    this.now = now;
    this.#setTimer = setTimer;
  }

  /** How many are waited for. */
  get size(): number {
    return this.#pending.size;
  }

  add(pending: Pending): void {
    this.#pending.add(pending);
    this.#setTimerBy(pending.deadlineMs);
  }

  /** Removes what is no longer waited for. Returns whether it was still pending. */
  delete(pending: Pending): boolean {
    return this.#pending.delete(pending);
  }

  /** Settles as the promise does, or resolves to `late` when that takes until the deadline. */
  settleBy<T>(promise: Promise<T>, late: T, deadlineMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const pending = { deadlineMs, onTimeout: () => resolve(late) };
      this.add(pending);
      promise.then(resolve, reject).finally(() => this.delete(pending));
    });
  }

  #setTimerBy(timeMs: number): void {
    if (timeMs >= this.#timerAtMs) return;
    this.#cancelTimer();
    this.#timerAtMs = timeMs;
    this.#cancelTimer = this.#setTimer(() => this.#expire(), Math.max(0, timeMs - this.now()));
  }

  #expire(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.now();
    for (const pending of this.#pending) {
      if (pending.deadlineMs > nowMs) {
        this.#setTimerBy(pending.deadlineMs);
      } else {
        this.#pending.delete(pending);
        pending.onTimeout();
      }
    }
  }
}
