/** Samples: what they are made of, and how many are kept. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf, type Reading, SAMPLES_MAX, Samples, sampleOf } from './samples.ts';

const bounds = [1, 2, 4];

function reading(created: number, counts: readonly number[], sum: number): Reading {
  return { totals: { created }, gauges: { queue: 7 }, distributions: { create: { bounds, counts, sum } } };
}

const START = reading(0, [0, 0, 0, 0], 0);

test('a sample has rates, present values, and the statistics of what came since the last', () => {
  const before = reading(100, [5, 0, 0, 0], 5);
  const after = reading(130, [5, 8, 2, 0], 23);
  expect(columnsOf(after)).toEqual(['created', 'queue', 'create.mean', 'create.p50', 'create.p99']);
  expect(sampleOf(before, after, 500)).toEqual([60, 7, 1.8, 1.625, expect.closeTo(3.9)]);
});

test('nothing measured has no statistics, and values above all bounds count as the last one', () => {
  expect(sampleOf(START, START, 1_000)).toEqual([0, 7, Number.NaN, Number.NaN, Number.NaN]);
  expect(sampleOf(START, reading(1, [0, 0, 0, 3], 300), 1_000)).toEqual([1, 7, 100, 4, 4]);
});

test('quantiles are within their bucket, and in order', () => {
  const counts = fc.array(fc.nat(1_000), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(counts, (all) => {
      fc.pre(all.some((count) => count > 0));
      const [, , , p50 = 0, p99 = 0] = sampleOf(START, reading(0, [...all, 0], 0), 1_000);
      expect(p50).toBeLessThanOrEqual(p99);
      const first = all.findIndex((count) => count > 0);
      const last = all.findLastIndex((count) => count > 0);
      expect(p50).toBeGreaterThanOrEqual(bounds[first - 1] ?? 0);
      expect(p99).toBeLessThanOrEqual(bounds[last] ?? 0);
    }),
  );
});

test('an hour of samples is kept, and printed in order', () => {
  const samples = new Samples(['a', 'b']);
  expect([samples.begin, samples.end, samples.print(0, 0)]).toEqual([0, 0, '[]']);
  for (let second = 0; second < SAMPLES_MAX + 10; second++) samples.add(second * 1_000, [second, Number.NaN]);
  expect([samples.begin, samples.end]).toEqual([10, SAMPLES_MAX + 10]);
  expect(samples.print(samples.begin, samples.begin + 2)).toBe('[[10000,10,null],[11000,11,null]]');
  const all = JSON.parse(samples.print(samples.begin, samples.end));
  expect(all).toHaveLength(SAMPLES_MAX);
  expect(all.at(-1)).toEqual([(SAMPLES_MAX + 9) * 1_000, SAMPLES_MAX + 9, null]);
});

test('numbers are printed with four digits, and whole numbers with all of theirs', () => {
  const samples = new Samples(['a', 'b', 'c']);
  samples.add(0, [0.0012345678, 1234567, Number.POSITIVE_INFINITY]);
  expect(samples.print(0, 1)).toBe('[[0,0.001235,1234567,null]]');
});

test('who waits for a sample is woken by it, or by the end of all waiting', async () => {
  const samples = new Samples(['a']);
  const waiting = samples.waitFor(0);
  samples.add(0, [1]);
  await waiting;
  await samples.waitFor(0);
  const ended = samples.waitFor(1);
  samples.wake();
  await ended;
});
