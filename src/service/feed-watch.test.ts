/** Waits for events, on fake timers: who waits is woken by what is published, and by what a look finds. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Database } from '../db/types.ts';
import { FeedWatch } from './feed-watch.ts';

/** The head of the feed on the node that is read, and how often it was. */
let head = 0n;
let looks = 0;
const read = (async () => {
  looks++;
  return { position: head, us: 0n };
}) as unknown as Database['read'];

let watch: FeedWatch;

beforeEach(() => {
  vi.useFakeTimers();
  [head, looks] = [0n, 0];
  watch = new FeedWatch({ read, onError: () => {} });
  watch.start();
});

afterEach(async () => {
  await watch.stop();
  vi.useRealTimers();
});

/** Begins to wait behind a position. */
function wait(position: bigint, ended = new AbortController()) {
  const state = { isWoken: false, ended };
  void watch.waitBehind(position, ended.signal).then(() => {
    state.isWoken = true;
  });
  return state;
}

const passMs = (timeMs: number) => vi.advanceTimersByTimeAsync(timeMs);

test('what is published wakes those before it at once, and nobody behind it', async () => {
  const [before, behind] = [wait(4n), wait(5n)];
  watch.advance(5n);
  await passMs(0);
  expect([before.isWoken, behind.isWoken]).toEqual([true, false]);
});

test('what another instance has published is found by a look, while somebody waits', async () => {
  await passMs(1_000);
  expect(looks).toBe(0);
  const waiting = wait(0n);
  await passMs(60);
  expect(waiting.isWoken).toBe(false);
  head = 1n;
  await passMs(60);
  expect(waiting.isWoken).toBe(true);
  const before = looks;
  await passMs(1_000);
  expect(looks).toBe(before);
});

test('who waits behind what was seen before looks again soon, and not at the interval', async () => {
  head = 9n;
  watch.advance(9n);
  await passMs(20);
  const waiting = wait(5n);
  expect(waiting.isWoken).toBe(false);
  await passMs(10);
  expect(waiting.isWoken).toBe(true);
});

test('an end of the wait, and the stop, wake it', async () => {
  const [one, other] = [wait(0n), wait(0n)];
  one.ended.abort();
  await passMs(0);
  expect([one.isWoken, other.isWoken]).toEqual([true, false]);
  await watch.stop();
  expect(other.isWoken).toBe(true);
  await watch.waitBehind(0n, new AbortController().signal);
});
