/** A clock that only the test moves, with timers that fire on the way. */
export function manualClock() {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; fire: () => void }>();
  const clock = {
    timersSet: 0,
    now: () => nowMs,
    setTimer(fire: () => void, delayMs: number) {
      clock.timersSet++;
      const timer = { atMs: nowMs + delayMs, fire };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    /** Resolves when the test has moved the clock by this time. */
    sleep: (delayMs: number) => new Promise<void>((resolve) => void clock.setTimer(resolve, delayMs)),
    /** Moves to a time, and fires the timers that are due, each at its own time. */
    moveTo(timeMs: number) {
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= timeMs).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = next.atMs;
        next.fire();
      }
      nowMs = timeMs;
    },
  };
  return clock;
}
