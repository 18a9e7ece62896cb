/** Deadlines of pending work, with one shared timer. */
import { expect, test } from 'vitest';
import { Deadlines } from './deadlines.ts';

/** A clock that moves only when the test moves it, and then fires every timer that is due. */
function manualTime() {
  let nowMs = 0;
  let timers: { fire: () => void; atMs: number }[] = [];
  let timersSet = 0;
  return {
    now: () => nowMs,
    timersSet: () => timersSet,
    setTimer(fire: () => void, delayMs: number) {
      const timer = { fire, atMs: nowMs + delayMs };
      timersSet++;
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    moveTo(timeMs: number) {
      nowMs = timeMs;
      const due = timers.filter(({ atMs }) => atMs <= timeMs);
      timers = timers.filter(({ atMs }) => atMs > timeMs);
      for (const { fire } of due) fire();
    },
  };
}

test('each entry times out at its own deadline, unless it was deleted before', () => {
  const time = manualTime();
  const deadlines = new Deadlines(time.now, time.setTimer);
  const timedOut: number[] = [];
  const [late, soon, deleted] = [30, 10, 20].map((deadlineMs) => {
    const pending = { deadlineMs, onTimeout: () => void timedOut.push(deadlineMs) };
    deadlines.add(pending);
    return pending;
  });
  if (!late || !soon || !deleted) throw new Error('three entries expected');
  expect(deadlines.delete(deleted)).toBe(true);
  time.moveTo(9);
  expect(timedOut).toEqual([]);
  time.moveTo(10);
  expect(timedOut).toEqual([10]);
  time.moveTo(29);
  expect(timedOut).toEqual([10]);
  time.moveTo(30);
  expect(timedOut).toEqual([10, 30]);
  expect(deadlines.size).toBe(0);
  expect(deadlines.delete(late)).toBe(false);
});

test('a postponed entry times out at its later deadline, whether it was pending or not', () => {
  const time = manualTime();
  const deadlines = new Deadlines(time.now, time.setTimer);
  const timedOut: string[] = [];
  const [pending, fresh] = ['pending', 'fresh'].map((name) => ({
    deadlineMs: 10,
    onTimeout: () => void timedOut.push(name),
  }));
  if (!pending || !fresh) throw new Error('two entries expected');
  deadlines.add(pending);
  deadlines.postpone(pending, 20);
  deadlines.postpone(fresh, 30);
  expect(deadlines.size).toBe(2);
  time.moveTo(19);
  expect(timedOut).toEqual([]);
  time.moveTo(20);
  expect(timedOut).toEqual(['pending']);
  time.moveTo(30);
  expect(timedOut).toEqual(['pending', 'fresh']);
});

test('an entry that the timeout of another deletes does not time out', () => {
  const time = manualTime();
  const deadlines = new Deadlines(time.now, time.setTimer);
  const timedOut: string[] = [];
  const entries = ['first', 'second', 'third', 'fourth'].map((name) => ({
    deadlineMs: 10,
    onTimeout() {
      timedOut.push(name);
      for (const other of entries.slice(1, 3)) deadlines.delete(other);
    },
  }));
  for (const entry of entries) deadlines.add(entry);
  time.moveTo(10);
  expect(timedOut).toEqual(['first', 'fourth']);
  expect(deadlines.size).toBe(0);
});

test('an entry can be added again after it was removed, but not while it is pending', () => {
  const time = manualTime();
  const deadlines = new Deadlines(time.now, time.setTimer);
  let timeouts = 0;
  const pending = { deadlineMs: 10, onTimeout: () => void timeouts++ };
  deadlines.add(pending);
  expect(() => deadlines.add(pending)).toThrow('added twice');
  expect(deadlines.size).toBe(1);
  time.moveTo(10);
  deadlines.add(pending);
  time.moveTo(11);
  expect(timeouts).toBe(2);
});

test('one timer serves all entries that are added in the order of their deadlines', () => {
  const time = manualTime();
  const deadlines = new Deadlines(time.now, time.setTimer);
  for (let deadlineMs = 100; deadlineMs < 1_100; deadlineMs++) {
    const pending = { deadlineMs, onTimeout: () => {} };
    deadlines.add(pending);
    deadlines.delete(pending);
  }
  expect(time.timersSet()).toBe(1);
});

test('a promise settles by itself, or resolves to the late value at its deadline', async () => {
  const time = manualTime();
  const deadlines = new Deadlines(time.now, time.setTimer);
  expect(await deadlines.settleBy(Promise.resolve('kept'), 'late', 10)).toBe('kept');
  await expect(deadlines.settleBy(Promise.reject(new Error('bug')), 'late', 10)).rejects.toThrow('bug');
  const hanging = deadlines.settleBy(new Promise(() => {}), 'late', 10);
  time.moveTo(10);
  expect(await hanging).toBe('late');
  expect(deadlines.size).toBe(0);
});
