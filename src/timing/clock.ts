/** The clock and the timer of all durations; both are parameters, so that tests can move time. */

/** A monotonic clock in milliseconds: it never jumps or runs backwards, and only differences count. */
export type Clock = () => number;

/** Calls `ring` once after a delay, unless the returned function is called first. */
export type SetTimer = (ring: () => void, delayMs: number) => () => void;

/** The clock for every deadline, timeout and interval. Wall-clock time is for what is stored or shown. */
export const monotonicMs: Clock = () => performance.now();

/** The timer of Node.js. It does not keep the process alive: open sockets and requests do. */
export const setNodeTimer: SetTimer = (ring, delayMs) => {
  const timer = setTimeout(ring, delayMs).unref();
  return () => clearTimeout(timer);
};
