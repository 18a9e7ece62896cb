/**
 * How far a node's clock is ahead of one of this instance's. The node reads its clock at some moment between
 * a request and its reply, so the difference is known up to half the round trip.
 */
import type { Logger } from 'pino';

export interface ClockDifference {
  readonly aheadMs: number;
  /** The true difference is at most this far from `aheadMs`. */
  readonly errorMs: number;
}

/** Clocks that differ by more than this are reported. */
export const CLOCK_DIFFERENCE_MAX_MS = 3_000;

/**
 * @param nodeMs the node's time, in milliseconds since the epoch.
 * @param replyMs our time when its reply came.
 * @param roundTripMs from the request to the reply, on the monotonic clock.
 */
export function clockDifference(nodeMs: number, replyMs: number, roundTripMs: number): ClockDifference {
  const errorMs = roundTripMs / 2;
  return { aheadMs: nodeMs - (replyMs - errorMs), errorMs };
}

/** How far one clock is ahead of another, both compared with the same one; 0 where they may agree. */
export function leadOver(one: ClockDifference, other: ClockDifference): number {
  const leadMs = one.aheadMs - other.aheadMs;
  return Math.abs(leadMs) > one.errorMs + other.errorMs ? leadMs : 0;
}

/** Whether the clocks differ by too much: it is `before` while that is not certain. */
export function isTooFar({ aheadMs, errorMs }: ClockDifference, before: boolean): boolean {
  const distanceMs = Math.abs(aheadMs);
  if (distanceMs - errorMs > CLOCK_DIFFERENCE_MAX_MS) return true;
  if (distanceMs + errorMs <= CLOCK_DIFFERENCE_MAX_MS) return false;
  return before;
}

/** Watches one node's clock. It logs when the clocks begin to differ, and when they agree again. */
export class ClockWatch {
  readonly #log: Logger;
  #aheadMs: number | undefined;
  #isTooFar = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** How far the node's clock is ahead, in whole milliseconds; undefined before the first reply. */
  get aheadMs(): number | undefined {
    return this.#aheadMs;
  }

  /** Takes what a reply has shown. */
  observe(difference: ClockDifference): void {
    const clockAheadMs = Math.round(difference.aheadMs);
    this.#aheadMs = clockAheadMs;
    const before = this.#isTooFar;
    this.#isTooFar = isTooFar(difference, before);
    if (this.#isTooFar && !before)
      this.#log.warn({ clockAheadMs }, 'clock differs from that of this instance');
    if (before && !this.#isTooFar)
      this.#log.info({ clockAheadMs }, 'clock agrees with that of this instance');
  }
}
