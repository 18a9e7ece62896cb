/** When a service counts as recovered. */
import { expect, test } from 'vitest';
import type { Call } from './history.ts';
import { recoveryOf } from './recovery.ts';

/** So many answers in each tenth of a second from one moment to another. */
function answers(fromMs: number, untilMs: number, perWindow: number): Call[] {
  const about = { lane: 0, transport: 'REST', service: 0, deadlineMs: 1_000, outcome: 'ok' } as const;
  const calls: Call[] = [];
  for (let endMs = fromMs; endMs < untilMs; endMs += 100 / perWindow) {
    calls.push({ ...about, operation: 'get', startMs: endMs - 5, endMs });
  }
  return calls;
}

const moments = { steadyMs: 0, struckMs: 1_000, eventMs: 2_000, untilMs: 4_000 };

test('the time from the event to the first window in which as much is done as before', () => {
  const calls = [...answers(0, 1_000, 20), ...answers(2_000, 2_700, 5), ...answers(2_700, 4_000, 19)];
  expect(recoveryOf(calls, moments)).toEqual({ beforePerSecond: 200, tookMs: 800 });
});

test('one good window is no recovery', () => {
  const calls = [...answers(0, 1_000, 20), ...answers(2_300, 2_400, 40), ...answers(3_000, 4_000, 20)];
  expect(recoveryOf(calls, moments).tookMs).toBe(1_100);
});

test('less than nine tenths of it is no recovery', () => {
  const calls = [...answers(0, 1_000, 20), ...answers(2_000, 4_000, 17)];
  expect(recoveryOf(calls, moments).tookMs).toBeUndefined();
});
