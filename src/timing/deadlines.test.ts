/** How what waits is given up, by one timer for all. */
import { expect, test } from 'vitest';
import { Deadlines } from './deadlines.ts';

/** A clock that stands still until it is moved, and then rings every timer that is due. */
function manualTime() {
  let nowMs = 0;
  let timers: { ring: () => void; atMs: number }[] = [];
  let made = 0;
  return {
    now: () => nowMs,
    made: () => made,
    setTimer(ring: () => void, delayMs: number) {
      const timer = { ring, atMs: nowMs + delayMs };
      made++;
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    moveTo(timeMs: number) {
      nowMs = timeMs;
      const due = timers.filter(({ atMs }) => atMs <= timeMs);
      timers = timers.filter(({ atMs }) => atMs > timeMs);
      for (const { ring } of due) ring();
    },
  };
}

test('each is given up at its own deadline, and not when it was taken out before', () => {
  const time = manualTime();
  const deadlines = new Deadlines(time.now, time.setTimer);
  const givenUp: number[] = [];
  const [late, soon, gone] = [30, 10, 20].map((deadlineMs) => {
    const waiting = { deadlineMs, onTimeout: () => void givenUp.push(deadlineMs) };
    deadlines.add(waiting);
    return waiting;
  });
  if (!late || !soon || !gone) throw new Error('there are three');
  expect(deadlines.delete(gone)).toBe(true);
  time.moveTo(9);
  expect(givenUp).toEqual([]);
  time.moveTo(10);
  expect(givenUp).toEqual([10]);
  time.moveTo(29);
  expect(givenUp).toEqual([10]);
  time.moveTo(30);
  expect(givenUp).toEqual([10, 30]);
  expect(deadlines.size).toBe(0);
  expect(deadlines.delete(late)).toBe(false);
});

test('one timer serves all who come in the order of their deadlines', () => {
  const time = manualTime();
  const deadlines = new Deadlines(time.now, time.setTimer);
  for (let deadlineMs = 100; deadlineMs < 1_100; deadlineMs++) {
    const waiting = { deadlineMs, onTimeout: () => {} };
    deadlines.add(waiting);
    deadlines.delete(waiting);
  }
  expect(time.made()).toBe(1);
});

test('a promise settles as it is, or late at its deadline', async () => {
  const time = manualTime();
  const deadlines = new Deadlines(time.now, time.setTimer);
  expect(await deadlines.settleBy(Promise.resolve('kept'), 'late', 10)).toBe('kept');
  await expect(deadlines.settleBy(Promise.reject(new Error('bug')), 'late', 10)).rejects.toThrow('bug');
  const hanging = deadlines.settleBy(new Promise(() => {}), 'late', 10);
  time.moveTo(10);
  expect(await hanging).toBe('late');
  expect(deadlines.size).toBe(0);
});
