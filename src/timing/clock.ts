/** The clocks, and the timer of all durations; they are parameters, so that tests can move time. */

/** A monotonic clock in milliseconds: it never jumps or runs backwards, and only differences count. */
export type Clock = () => number;

/** Calls `ring` once after a delay, unless the returned function is called first. */
export type SetTimer = (ring: () => void, delayMs: number) => () => void;

/** The clock for every deadline, timeout, interval and age. */
export const monotonicMs: Clock = () => performance.now();

/**
 * The wall clock, in milliseconds since the epoch: only to compare with times that others have set, such as
 * the end of a token. It may jump. Stored times are the database's.
 */
export const wallClockMs = (): number => Date.now();

/** The longest delay of a timer of Node.js, 24 days: it would fire at once after a longer one. */
export const TIMER_MAX_MS = 2 ** 31 - 1;

/** The timer of Node.js. It does not keep the process alive: open sockets and requests do. */
export const setNodeTimer: SetTimer = (ring, delayMs) => {
  const timer = setTimeout(ring, delayMs).unref();
  return () => clearTimeout(timer);
};
