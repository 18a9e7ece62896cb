/** Runs of a periodic task: at its interval, sooner when it is triggered, never two at once. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PeriodicTask, type RunResult } from './periodic.ts';

let runs = 0;
let finish: (result?: RunResult) => void = () => {};
let fail: (error: Error) => void = () => {};
const run = () => {
  runs++;
  return new Promise<RunResult | undefined>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
};
/** Ends the current run and lets time pass. */
const passMs = async (timeMs: number) => {
  finish();
  await vi.advanceTimersByTimeAsync(timeMs);
};

const onError = vi.fn();
let task: PeriodicTask;

beforeEach(() => {
  vi.useFakeTimers();
  runs = 0;
  onError.mockReset();
  task = new PeriodicTask({ run, intervalMs: 1_000, minGapMs: 250, onError });
});

afterEach(() => {
  finish();
  void task.stop();
  vi.useRealTimers();
});

test('a task runs at every interval, and the start waits for the first run', async () => {
  let started = false;
  void task.start().then(() => {
    started = true;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([started, runs]).toEqual([false, 1]);
  await passMs(0);
  expect(started).toBe(true);
  await passMs(999);
  expect(runs).toBe(1);
  await passMs(1);
  expect(runs).toBe(2);
});

test('a run can move the next one to an earlier time, but not into the gap', async () => {
  void task.start();
  finish({ nextInMs: 400 });
  await vi.advanceTimersByTimeAsync(399);
  expect(runs).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(runs).toBe(2);
  finish({ nextInMs: 0 });
  await vi.advanceTimersByTimeAsync(249);
  expect(runs).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(runs).toBe(3);
  finish({ nextInMs: 5_000 });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toBe(4);
});

test('a triggered run starts at once, but not within the gap after the last one', async () => {
  void task.start();
  await passMs(249);
  task.trigger();
  expect(runs).toBe(1);
  await passMs(1);
  expect(runs).toBe(2);
  await passMs(600);
  task.trigger();
  expect(runs).toBe(3);
});

test('triggers during a run start no second run, and lead to one run after it', async () => {
  void task.start();
  for (let index = 0; index < 1_000; index++) task.trigger();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(runs).toBe(1);
  await passMs(250);
  expect(runs).toBe(2);
  await passMs(999);
  expect(runs).toBe(2);
});

test('a run that reports more work is followed by another after the gap', async () => {
  void task.start();
  finish({ more: true });
  await vi.advanceTimersByTimeAsync(249);
  expect(runs).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(runs).toBe(2);
  finish({ more: false });
  await vi.advanceTimersByTimeAsync(999);
  expect(runs).toBe(2);
});

test('a failed run is reported, and the next run follows at the interval', async () => {
  void task.start();
  fail(new Error('no database'));
  await vi.advanceTimersByTimeAsync(999);
  expect([runs, onError.mock.calls]).toEqual([1, [[new Error('no database')]]]);
  await vi.advanceTimersByTimeAsync(1);
  expect(runs).toBe(2);
});

test('nothing runs before the start and after the stop', async () => {
  task.trigger();
  expect(runs).toBe(0);
  void task.start();
  void task.stop();
  await passMs(5_000);
  task.trigger();
  await passMs(5_000);
  expect(runs).toBe(1);
});

test('a stop waits for the current run', async () => {
  void task.start();
  let stopped = false;
  void task.stop().then(() => {
    stopped = true;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(stopped).toBe(false);
  await passMs(0);
  expect(stopped).toBe(true);
});

test('an interval longer than a timer of Node.js is kept', async () => {
  const dayMs = 86_400_000;
  task = new PeriodicTask({ run, intervalMs: 60 * dayMs, minGapMs: 30 * dayMs, onError });
  void task.start();
  finish();
  // No turn of the event loop: a short timer that another file sets in it would run millions of times.
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  vi.advanceTimersByTime(60 * dayMs - 1);
  expect(runs).toBe(1);
  vi.advanceTimersByTime(1);
  expect(runs).toBe(2);
});
