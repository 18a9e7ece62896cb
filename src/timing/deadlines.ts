/**
 * Deadlines of everything that is waited for: requests in queues and batches, credentials, bodies, incomplete
 * calls.
 *
 * All entries of an instance share one timer, set to the earliest. Deadlines mostly come in the order in
 * which they pass, so adding one costs a comparison: the timer is set already, and when it fires it is set
 * for the next.
 *
 * Entries are linked to each other, without a Set: what passes through a Set lives until its table is
 * collected, and at tens of thousands of entries a second that costs a tenth of the throughput.
 */
import { type Clock, monotonicMs, type SetTimer, setNodeTimer, TIMER_MAX_MS } from './clock.ts';

export interface Pending {
  /** On the monotonic clock, in milliseconds; Infinity waits for ever. While it is pending see `postpone`. */
  deadlineMs: number;
  /** Called once when the deadline has passed, after the entry was removed. */
  onTimeout(): void;
  /** The neighbours, while it is pending. Only `Deadlines` sets them. */
  previous?: Pending | undefined;
  next?: Pending | undefined;
}

export class Deadlines {
  readonly now: Clock;
  readonly #setTimer: SetTimer;
  /** Stands between the newest entry and the oldest, so that every entry has two neighbours. */
  readonly #ring: Pending = { deadlineMs: Number.POSITIVE_INFINITY, onTimeout() {} };
  #size = 0;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer = () => {};

  constructor(now: Clock = monotonicMs, setTimer: SetTimer = setNodeTimer) {
    this.now = now;
    this.#setTimer = setTimer;
    this.#ring.previous = this.#ring;
    this.#ring.next = this.#ring;
  }

  /** How many are waited for. */
  get size(): number {
    return this.#size;
  }

  /** @throws when it is pending already. */
  add(pending: Pending): void {
    if (pending.next) throw new Error('added twice to the deadlines');
    const newest = this.#ring.previous as Pending;
    pending.previous = newest;
    pending.next = this.#ring;
    newest.next = pending;
    this.#ring.previous = pending;
    this.#size++;
    this.#setTimerBy(pending.deadlineMs);
  }

  /** Waits until a later time, also for what is not pending. It costs less than to remove and add again. */
  postpone(pending: Pending, deadlineMs: number): void {
    pending.deadlineMs = deadlineMs;
    if (!pending.next) this.add(pending);
  }

  /** Removes what is no longer waited for. Returns whether it was still pending. */
  delete(pending: Pending): boolean {
    const { previous, next } = pending;
    if (!previous || !next) return false;
    previous.next = next;
    next.previous = previous;
    pending.previous = undefined;
    pending.next = undefined;
    this.#size--;
    return true;
  }

  /** Settles as the promise does, or resolves to `late` when that takes until the deadline. */
  settleBy<T>(promise: Promise<T>, late: T, deadlineMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const pending = { deadlineMs, onTimeout: () => resolve(late) };
      this.add(pending);
      promise.then(resolve, reject).finally(() => this.delete(pending));
    });
  }

  /** Resolves after a time, in milliseconds. */
  pause(timeMs: number): Promise<void> {
    return new Promise((resolve) => this.add({ deadlineMs: this.now() + timeMs, onTimeout: resolve }));
  }

  #setTimerBy(timeMs: number): void {
    if (timeMs >= this.#timerAtMs) return;
    this.#cancelTimer();
    this.#timerAtMs = timeMs;
    const delayMs = Math.min(Math.max(0, timeMs - this.now()), TIMER_MAX_MS);
    this.#cancelTimer = this.#setTimer(() => this.#expire(), delayMs);
  }

  #expire(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.now();
    const passed: Pending[] = [];
    for (let each: Pending | undefined = this.#ring.next; each && each !== this.#ring; each = each.next) {
      if (each.deadlineMs > nowMs) this.#setTimerBy(each.deadlineMs);
      else passed.push(each);
    }
    // A callback may delete other entries, which then must not time out.
    for (const pending of passed) if (this.delete(pending)) pending.onTimeout();
  }
}
