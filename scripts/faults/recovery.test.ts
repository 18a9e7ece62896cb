/** When a service counts as recovered. */
import { expect, test } from 'vitest';
import type { Call } from './history.ts';
import { checkRecovery, recoveryOf } from './recovery.ts';

/** Calls that end between two moments, with this many in each window of 100 ms. */
function answers(
  fromMs: number,
  untilMs: number,
  perWindow: number,
  operation: Call['operation'] = 'payOrder',
): Call[] {
  const about = { lane: 0, transport: 'REST', service: 0, deadlineMs: 1_000, outcome: 'ok' } as const;
  const calls: Call[] = [];
  for (let endMs = fromMs; endMs < untilMs; endMs += 100 / perWindow) {
    calls.push({ ...about, operation, startMs: endMs - 5, endMs });
  }
  return calls;
}

const moments = { steadyMs: 0, injectedMs: 1_000, healMs: 2_000, untilMs: 4_000 };

test('the time from the healing to the first window with the rate of before', () => {
  const calls = [...answers(0, 1_000, 20), ...answers(2_000, 2_700, 5), ...answers(2_700, 4_000, 19)];
  expect(recoveryOf(calls, moments)).toEqual({
    ...{ beforePerSecond: 200, afterPerSecond: 190 },
    ...{ tookMs: 800, alive: true },
  });
});

test('one good window is no recovery', () => {
  const calls = [...answers(0, 1_000, 20), ...answers(2_300, 2_400, 40), ...answers(3_000, 4_000, 20)];
  expect(recoveryOf(calls, moments).tookMs).toBe(1_100);
});

test('less than 90% of the rate is no recovery, but the service is alive', () => {
  const calls = [...answers(0, 1_000, 20), ...answers(2_000, 4_000, 17)];
  const recovery = recoveryOf(calls, moments);
  expect(recovery.tookMs).toBeUndefined();
  expect(checkRecovery(recovery)).toEqual([]);
});

test('a service whose writes do not succeed again did not recover, whatever its reads', () => {
  const reads = answers(0, 4_000, 10, 'getOrder');
  const kinds = (...calls: Call[][]) =>
    checkRecovery(recoveryOf([...reads, ...calls.flat()], moments)).map(({ kind }) => kind);
  expect(kinds(answers(0, 1_000, 20))).toEqual(['did not recover']);
  expect(kinds(answers(0, 1_000, 20), answers(2_000, 4_000, 4))).toEqual(['did not recover']);
  expect(kinds(answers(0, 1_000, 20), answers(2_000, 4_000, 6))).toEqual([]);
});

test('a service that recovered and failed again did not recover', () => {
  const calls = [...answers(0, 1_000, 20), ...answers(2_000, 3_100, 20)];
  expect(checkRecovery(recoveryOf(calls, moments))).toHaveLength(1);
});

test('without calls there is no recovery', () => {
  expect(recoveryOf([], moments)).toMatchObject({ tookMs: undefined, alive: false });
});
