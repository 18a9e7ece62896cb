/** A bound on log lines: a fault that repeats with every request must not fill the disk. */

export class LineLimit {
  readonly #linesMax: number;
  readonly #intervalMs: number;
  readonly #now: () => number;
  #untilMs = Number.NEGATIVE_INFINITY;
  #left = 0;
  #suppressed = 0;

  /**
   * @param linesMax in each interval.
   * @param intervalMs begins with a line, in milliseconds.
   * @param now a monotonic clock, in milliseconds.
   */
  constructor(linesMax: number, intervalMs: number, now: () => number) {
    this.#linesMax = linesMax;
    this.#intervalMs = intervalMs;
    this.#now = now;
  }

  /** Returns how many lines were suppressed before this one; undefined where this one is too. */
  take(): number | undefined {
    const nowMs = this.#now();
    if (nowMs >= this.#untilMs) {
      this.#untilMs = nowMs + this.#intervalMs;
      this.#left = this.#linesMax;
    }
    if (this.#left === 0) {
      this.#suppressed++;
      return undefined;
    }
    this.#left--;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed;
  }
}
