/** The checker finds probes that failed, and requests that a flood held up. */
import { expect, test } from 'vitest';
import { call, found, validEvidence, withMoreCalls } from './tampered.ts';

const flood = { fromMs: 200, untilMs: 1_000 };
const withProbe = (tookMs: number, status: number | undefined) => ({
  ...validEvidence(),
  probes: [{ atMs: 300, tookMs, status }],
});

/** What is found with a read over the end of the flood. */
function over(startMs: number, endMs: number, deadlineMs = 5_000): string[] {
  const read = { operation: 'getStock', sku: 1, outcome: 'ok', count: 94, deadlineMs } as const;
  const evidence = withMoreCalls({ ...call(startMs, read), ...read, endMs });
  return found({ ...evidence, floods: [flood] });
}

test('a probe that failed: without an answer, with an error, or later than its time limit', () => {
  expect(found(withProbe(5_000, undefined))).toEqual(['probe failed']);
  expect(found(withProbe(5, 503))).toEqual(['probe failed']);
  expect(found(withProbe(1_001, 200))).toEqual(['probe failed']);
  expect(found(withProbe(999, 200))).toEqual([]);
});

test('a request that waited at the end of a flood, and two seconds longer', () => {
  expect(over(900, 3_001)).toEqual(['late after a flood']);
  expect(over(900, 2_999)).toEqual([]);
  expect(over(1_001, 3_500)).toEqual([]);
});

test('an answer that is late during a flood is judged at its end, any other by its deadline', () => {
  expect(over(900, 2_900, 100)).toEqual([]);
  expect(over(1_001, 2_900, 100)).toEqual(['late answer']);
});
