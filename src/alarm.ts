/**
 * One timer for many deadlines: an alarm that rings at the earliest of them.
 *
 * Deadlines mostly come in the order in which they pass, so that nearly all of them cost one comparison: the
 * alarm is set already, and whoever it wakes sets it for the next.
 */

/** Rings once after a delay, unless the function that it gives is called before. */
export type SetTimer = (ring: () => void, delayMs: number) => () => void;

/** The timer of Node.js. It does not keep the process alive: what waits for an answer does. */
export const setNodeTimer: SetTimer = (ring, delayMs) => {
  const timer = setTimeout(ring, delayMs).unref();
  return () => clearTimeout(timer);
};

export class Alarm {
  readonly #ring: () => void;
  readonly #now: () => number;
  readonly #setTimer: SetTimer;
  #timeMs = Number.POSITIVE_INFINITY;
  #cancel = () => {};

  /** @param ring is called when a deadline has passed, and sets the alarm for those that have not. */
  constructor(ring: () => void, now: () => number, setTimer: SetTimer) {
    this.#ring = ring;
    this.#now = now;
    this.#setTimer = setTimer;
  }

  /** Makes it ring at this time, in milliseconds since the epoch, or sooner. */
  ringBy(timeMs: number): void {
    if (timeMs >= this.#timeMs) return;
    this.#cancel();
    this.#timeMs = timeMs;
    this.#cancel = this.#setTimer(
      () => {
        this.#timeMs = Number.POSITIVE_INFINITY;
        this.#ring();
      },
      Math.max(0, timeMs - this.#now()),
    );
  }
}
