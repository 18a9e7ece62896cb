/** The difference of two clocks, of which one is read over a network. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CLOCK_DIFFERENCE_MAX_MS, clockDifference, isTooFar } from './clock-difference.ts';

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
