/** The shortages of a failed order are the same after they were kept. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeLines } from '../orders/order.ts';
import { allocate } from '../stock/allocation.ts';
import { packShortages, unpackShortages } from './shortages.ts';

const line = fc.record({
  sku: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  count: fc.integer({ min: 1, max: 65_535 }),
});
const lines = fc
  .uniqueArray(line, { minLength: 1, maxLength: 40, selector: ({ sku }) => sku })
  .map(mergeLines);

/** Lines, and what is available of each: less or more than it needs; undefined where it has no stock. */
const orders = lines.chain((lines) =>
  fc.record({
    lines: fc.constant(lines),
    left: fc.array(fc.option(fc.bigInt({ min: 0n, max: 70_000n }), { nil: undefined }), {
      minLength: lines.length,
      maxLength: lines.length,
    }),
  }),
);

/** When a line comes free, in microseconds since the epoch; undefined for never. */
const time = fc.option(fc.bigInt({ min: 1n, max: 253_402_300_799_999_999n }), { nil: undefined });

test('unpacked from the same lines, packed shortages are the same, in the same order', () => {
  fc.assert(
    fc.property(orders, fc.array(time, { maxLength: 40 }), ({ lines, left }, times) => {
      const stock = new Map(lines.map(({ sku }, index) => [sku, left[index] ?? 0n]));
      const [short = []] = allocate([{ items: lines }], stock).shortages;
      const shortages = short.map((each, i) => {
        const us = times[i];
        return us === undefined ? each : { ...each, availableAt: us * 1_000n };
      });
      expect(unpackShortages(lines, packShortages(lines, shortages))).toEqual(shortages);
    }),
  );
});

test('a line of which nothing was available takes no room, any other one two small numbers', () => {
  fc.assert(
    fc.property(orders, ({ lines, left }) => {
      const stock = new Map(lines.map(({ sku }, index) => [sku, left[index] ?? 0n]));
      const { available: packed } = packShortages(
        lines,
        allocate([{ items: lines }], stock).shortages[0] ?? [],
      );
      expect(packed).toHaveLength(2 * left.filter((available) => (available ?? 0n) > 0n).length);
      for (const number of packed) expect(number).toBeLessThanOrEqual(65_535);
    }),
  );
});
