/** A clock that stands still until the test moves it, with timers that ring on the way. */
export function manualClock() {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; ring: () => void }>();
  const clock = {
    timersSet: 0,
    now: () => nowMs,
    setTimer(ring: () => void, delayMs: number) {
      clock.timersSet++;
      const timer = { atMs: nowMs + delayMs, ring };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    /** Resolves when the test has moved so far. */
    sleep: (delayMs: number) => new Promise<void>((resolve) => void clock.setTimer(resolve, delayMs)),
    /** Moves to a time, ringing whatever is due, each at its time. */
    moveTo(timeMs: number) {
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= timeMs).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = next.atMs;
        next.ring();
      }
      nowMs = timeMs;
    },
  };
  return clock;
}
