/** What a filter by time concludes about orders that it has not seen, whose ids rise by creation, nearly. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { disorderMax, isAboveAll, isBelowAll, matches, type OrderFilter } from './filter.ts';

/** A time near 2026-11-26, in microseconds since the epoch. */
const micros = fc.bigInt({ min: -200_000_000n, max: 200_000_000n }).map((at) => 1_795_694_400_000_000n + at);
const max = disorderMax(5_000);
const disorderUs = fc.bigInt({ min: 0n, max: max / 1_000n });

const row = (createdUs: bigint) => ({
  order_id: 1n,
  user_id: 1n,
  status: 'payed',
  created_us: createdUs,
  updated_us: createdUs,
  expires_us: null,
  is_overdue: false,
  cancel_reason: null,
});

const all: OrderFilter = { user: undefined, statuses: [], createdAfter: undefined, createdBefore: undefined };

test('ids rise by creation but for one transaction and a minute between two clocks', () => {
  expect(max).toBe(65_000_000_000n);
});

test('no order is left out by one that is a little too young for its id', () => {
  fc.assert(
    fc.property(micros, micros, disorderUs, (createdBefore, created, disorder) => {
      const filter = { ...all, createdBefore: createdBefore * 1_000n };
      const withLargerId = row(created - disorder);
      fc.pre(isAboveAll(row(created), filter, max));
      expect(matches(withLargerId, filter)).toBe(false);
    }),
  );
});

test('no order is left out by one that is a little too old for its id', () => {
  fc.assert(
    fc.property(micros, micros, disorderUs, (createdAfter, created, disorder) => {
      const filter = { ...all, createdAfter: createdAfter * 1_000n };
      const withSmallerId = row(created + disorder);
      fc.pre(isBelowAll(row(created), filter, max));
      expect(matches(withSmallerId, filter)).toBe(false);
    }),
  );
});

test('both ends of a span are excluded, to the nanosecond', () => {
  const order = row(1_795_694_400_000_000n);
  const at = order.created_us * 1_000n;
  const selects = (filter: Partial<OrderFilter>) => matches(order, { ...all, ...filter });
  expect([selects({ createdAfter: at - 1n }), selects({ createdAfter: at })]).toEqual([true, false]);
  expect([selects({ createdBefore: at + 1n }), selects({ createdBefore: at })]).toEqual([true, false]);
});

test('a filter without times concludes nothing', () => {
  const order = row(1_795_694_400_000_000n);
  expect([isAboveAll(order, all, max), isBelowAll(order, all, max)]).toEqual([false, false]);
});
