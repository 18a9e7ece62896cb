/** The difference of two clocks, of which one is read over a network. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CLOCK_DIFFERENCE_MAX_MS,
  type ClockDifference,
  clockDifference,
  isTooFar,
  leadOver,
} from './clock-difference.ts';

const trip = fc.record({
  sentMs: fc.integer({ min: 0, max: 1_000_000 }),
  thereMs: fc.integer({ min: 0, max: 30_000 }),
  backMs: fc.integer({ min: 0, max: 30_000 }),
  aheadMs: fc.integer({ min: -20_000, max: 20_000 }),
  before: fc.boolean(),
});

test('the true difference is within the error, and a verdict is only changed when it is certain', () => {
  fc.assert(
    fc.property(trip, ({ sentMs, thereMs, backMs, aheadMs, before }) => {
      const nodeMs = sentMs + thereMs + aheadMs;
      const found = clockDifference(nodeMs, sentMs + thereMs + backMs, thereMs + backMs);
      expect(Math.abs(found.aheadMs - aheadMs)).toBeLessThanOrEqual(found.errorMs);
      const isFar = Math.abs(aheadMs) > CLOCK_DIFFERENCE_MAX_MS;
      expect([isFar, before]).toContain(isTooFar(found, before));
    }),
  );
});

test('two clocks are compared by what is certain: a lead is that of the clocks, up to both errors', () => {
  fc.assert(
    fc.property(trip, trip, (one, other) => {
      const [found, reference] = [one, other].map(({ sentMs, thereMs, backMs, aheadMs }) =>
        clockDifference(sentMs + thereMs + aheadMs, sentMs + thereMs + backMs, thereMs + backMs),
      ) as [ClockDifference, ClockDifference];
      const leadMs = leadOver(found, reference);
      const errorMs = found.errorMs + reference.errorMs;
      if (leadMs !== 0) expect(Math.abs(leadMs - (one.aheadMs - other.aheadMs))).toBeLessThanOrEqual(errorMs);
      else expect(Math.abs(one.aheadMs - other.aheadMs)).toBeLessThanOrEqual(2 * errorMs);
      if (one.aheadMs === other.aheadMs) expect(leadMs).toBe(0);
    }),
  );
  const exact = { errorMs: 1 };
  expect(leadOver({ aheadMs: 5, ...exact }, { aheadMs: 3, ...exact })).toBe(0);
  expect(leadOver({ aheadMs: 5, ...exact }, { aheadMs: 2, ...exact })).toBe(3);
  expect(leadOver({ aheadMs: -5, ...exact }, { aheadMs: 2, ...exact })).toBe(-7);
});

test.each([
  [CLOCK_DIFFERENCE_MAX_MS, 0, false],
  [CLOCK_DIFFERENCE_MAX_MS + 1, 0, true],
  [-CLOCK_DIFFERENCE_MAX_MS - 1, 0, true],
  [CLOCK_DIFFERENCE_MAX_MS + 101, 200, true],
  [CLOCK_DIFFERENCE_MAX_MS - 100, 200, false],
])('%i ms apart by a round trip without delay, of %i ms: %s', (aheadMs, roundTripMs, expected) => {
  const difference = clockDifference(aheadMs + 5_000, 5_000 + roundTripMs / 2, roundTripMs);
  expect([isTooFar(difference, true), isTooFar(difference, false)]).toEqual([expected, expected]);
});
