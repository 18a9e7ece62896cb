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

test('unpacked from the same lines, packed shortages are the same, in the same order', () => {
  fc.assert(
    fc.property(orders, ({ lines, left }) => {
      const stock = new Map(lines.map(({ sku }, index) => [sku, left[index] ?? 0n]));
      const [shortages = []] = allocate([lines], stock).shortages;
      expect(unpackShortages(lines, packShortages(lines, shortages))).toEqual(shortages);
    }),
  );
});

test('a line of which nothing was available takes no room, any other one two small numbers', () => {
  fc.assert(
    fc.property(orders, ({ lines, left }) => {
      const stock = new Map(lines.map(({ sku }, index) => [sku, left[index] ?? 0n]));
      const packed = packShortages(lines, allocate([lines], stock).shortages[0] ?? []);
      expect(packed).toHaveLength(2 * left.filter((available) => (available ?? 0n) > 0n).length);
      for (const number of packed) expect(number).toBeLessThanOrEqual(65_535);
    }),
  );
});
