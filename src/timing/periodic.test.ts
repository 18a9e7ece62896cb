/** When the nodes are asked: at the interval, and sooner when something failed. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Rounds } from './periodic.ts';

let begun = 0;
let finish = () => {};
const round = () => {
  begun++;
  return new Promise<void>((resolve) => {
    finish = resolve;
  });
};
/** Ends the round under way and lets time pass. */
const passMs = async (timeMs: number) => {
  finish();
  await vi.advanceTimersByTimeAsync(timeMs);
};

let rounds: Rounds;

beforeEach(() => {
  vi.useFakeTimers();
  begun = 0;
  rounds = new Rounds(round, 1_000);
});

afterEach(() => {
  rounds.stop();
  vi.useRealTimers();
});

test('a round is done at every interval, and the start waits for the first', async () => {
  let started = false;
  void rounds.start().then(() => {
    started = true;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([started, begun]).toEqual([false, 1]);
  await passMs(0);
  expect(started).toBe(true);
  await passMs(999);
  expect(begun).toBe(1);
  await passMs(1);
  expect(begun).toBe(2);
});

test('a round that is asked for begins at once, but not within the pause after the last', async () => {
  void rounds.start();
  await passMs(249);
  rounds.hasten();
  expect(begun).toBe(1);
  await passMs(1);
  expect(begun).toBe(2);
  await passMs(600);
  rounds.hasten();
  expect(begun).toBe(3);
});

test('however often it is asked for, no round begins while another runs, and one follows', async () => {
  void rounds.start();
  for (let index = 0; index < 1_000; index++) rounds.hasten();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(begun).toBe(1);
  await passMs(250);
  expect(begun).toBe(2);
  await passMs(999);
  expect(begun).toBe(2);
});

test('nothing begins before the start and after the stop', async () => {
  rounds.hasten();
  expect(begun).toBe(0);
  void rounds.start();
  rounds.stop();
  await passMs(5_000);
  rounds.hasten();
  await passMs(5_000);
  expect(begun).toBe(1);
});
