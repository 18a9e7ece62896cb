/** Rules of an order: its lines and its transitions. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyCall } from '../../../test/support/call.ts';
import { COUNT_MAX } from '../limits.ts';
import { prepareOrder } from './create.ts';
import { asOrderStatus, mergeLines, orderStatuses, reservationStatus, transitions } from './order.ts';

const line = fc.record({
  sku: fc.integer({ min: 1, max: 9 }),
  count: fc.integer({ min: 1, max: COUNT_MAX }),
});

test('merged lines hold each sku once, sorted, with the sum of its counts', () => {
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const merged = mergeLines(lines);
      const skus = merged.map(({ sku }) => sku);
      expect(skus).toEqual([...new Set(lines.map(({ sku }) => sku))].sort((a, b) => a - b));
      for (const { sku, count } of merged) {
        const counts = lines.filter((each) => each.sku === sku).map((each) => each.count);
        expect(count).toBe(counts.reduce((sum, each) => sum + each, 0));
      }
    }),
  );
});

test('lines of one sku that add up to more than 65535 are refused, each by its path', () => {
  const items = [
    { sku: 1, count: 65_535 },
    { sku: 2, count: 65_535 },
    { sku: 1, count: 1 },
  ];
  const refused = prepareOrder({ user: 1n, items }, anyCall);
  expect(refused).toMatchObject({
    refusal: {
      reason: 'INVALID_REQUEST',
      detail: { fieldViolations: [{ field: 'items[0].count' }, { field: 'items[2].count' }] },
    },
  });
  expect(prepareOrder({ user: 1n, items: items.slice(0, 2) }, anyCall)).toMatchObject({ ok: true });
});

test('the only transitions are those of the diagram, and only expired orders leave a final status', () => {
  const edges = Object.values(transitions).map(({ from, fromReason, to, cancelReason }) => {
    return [from, fromReason, to, cancelReason];
  });
  expect(edges).toEqual([
    ['awaiting payment', null, 'payed', null],
    ['awaiting payment', null, 'cancelled', 'requested'],
    ['awaiting payment', null, 'cancelled', 'expired'],
    ['cancelled', 'expired', 'payed', null],
  ]);
  expect(Object.values(reservationStatus)).toEqual(['awaiting payment', 'failed']);
});

test('the five statuses are these exact strings, and any other throws', () => {
  expect(orderStatuses).toEqual(['new', 'awaiting payment', 'failed', 'payed', 'cancelled']);
  expect(() => asOrderStatus('paid')).toThrow('unknown order status: paid');
});
