/** Properties of the allocation of stock to any batch of orders. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Line, mergeLines } from '../orders/order.ts';
import { allocate, probe } from './allocation.ts';

interface OrderLines {
  readonly items: readonly Line[];
}

const skus = fc.integer({ min: 1, max: 6 });
const lines = fc
  .array(fc.record({ sku: skus, count: fc.integer({ min: 1, max: 65_535 }) }), { minLength: 1, maxLength: 8 })
  .map((items) => ({ items: mergeLines(items) }));
const batch = fc.array(lines, { maxLength: 30 });
const available = fc
  .array(fc.tuple(skus, fc.bigInt({ min: 0n, max: 200_000n })))
  .map((entries) => new Map(entries));

/** The count of each sku that the granted orders hold. */
function grantedCounts(
  orders: readonly OrderLines[],
  shortages: readonly (readonly unknown[])[],
): Map<number, number> {
  const granted = orders.filter((_, index) => shortages[index]?.length === 0);
  const sums = new Map<number, number>();
  for (const { sku, count } of granted.flatMap(({ items }) => items))
    sums.set(sku, (sums.get(sku) ?? 0) + count);
  return sums;
}

test('allocation never reserves more than is available', () => {
  fc.assert(
    fc.property(batch, available, (orders, stock) => {
      const { reserved } = allocate(orders, stock);
      for (const [sku, count] of reserved) expect(BigInt(count)).toBeLessThanOrEqual(stock.get(sku) ?? 0n);
    }),
  );
});

test('allocation is all or nothing: it reserves the sum of the orders that got every line', () => {
  fc.assert(
    fc.property(batch, available, (orders, stock) => {
      const { shortages, reserved } = allocate(orders, stock);
      expect(shortages).toHaveLength(orders.length);
      expect(new Map(reserved)).toEqual(grantedCounts(orders, shortages));
    }),
  );
});

test('an order is refused exactly when earlier orders left too little; every short line is listed', () => {
  fc.assert(
    fc.property(batch, available, (orders, stock) => {
      const { shortages } = allocate(orders, stock);
      for (const [index, order] of orders.entries()) {
        const before = grantedCounts(orders.slice(0, index), shortages);
        const leftOf = (sku: number) => (stock.get(sku) ?? 0n) - BigInt(before.get(sku) ?? 0);
        const short = order.items.filter(({ sku, count }) => leftOf(sku) < BigInt(count));
        const listed = short.map(({ sku, count }) => ({ sku, requested: count, available: leftOf(sku) }));
        expect(shortages[index]).toEqual(listed);
      }
    }),
  );
});

test('behind an allocation each order is probed as if it was the next one', () => {
  fc.assert(
    fc.property(batch, batch, available, (orders, probed, stock) => {
      const { reserved } = allocate(orders, stock);
      const asNext = probed.map((order) => allocate([...orders, order], stock).shortages.at(-1));
      expect(probe(probed, stock, reserved)).toEqual(asNext);
    }),
  );
});

test('a refused order leaves its stock to later orders', () => {
  const orders = [
    {
      items: [
        { sku: 1, count: 5 },
        { sku: 2, count: 9 },
      ],
    },
    { items: [{ sku: 1, count: 5 }] },
  ];
  const { shortages, reserved } = allocate(
    orders,
    new Map([
      [1, 5n],
      [2, 8n],
    ]),
  );
  expect(shortages).toEqual([[{ sku: 2, requested: 9, available: 8n }], []]);
  expect(reserved).toEqual(new Map([[1, 5]]));
});

test('stock above 2^53 is not rounded', () => {
  const stock = new Map([[1, 2n ** 53n + 1n]]);
  expect(allocate([{ items: [{ sku: 1, count: 65_535 }] }], stock).shortages).toEqual([[]]);
});

test('an order that a limit does not admit gets nothing, and leaves its stock to later orders', () => {
  const orders = [3, 2, 1].map((count) => ({ items: [{ sku: 1, count }] }));
  const granted: unknown[] = [];
  const limit = {
    admits: (order: unknown) => order !== orders[0],
    grant: (order: unknown) => granted.push(order),
  };
  const { shortages, reserved } = allocate(orders, new Map([[1, 2n]]), limit);
  expect(shortages).toEqual([[], [], [{ sku: 1, requested: 1, available: 0n }]]);
  expect(reserved).toEqual(new Map([[1, 2]]));
  expect(granted).toEqual([orders[1]]);
  probe([{ items: [{ sku: 2, count: 1 }] }], new Map([[2, 1n]]), new Map(), limit);
  expect(granted).toHaveLength(1);
});
