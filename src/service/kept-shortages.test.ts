/** The shortages of failed orders under their keys: replayed unchanged, small, and shared by two versions. */
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { useLoms } from '../../test/support/database.ts';
import type { Line } from '../domain/orders/order.ts';

const { database, loms } = useLoms();

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
  await setStock({ 7: 1000n, 8: 5n });
});

const setStock = (available: Record<number, bigint>) =>
  database.query(
    `INSERT INTO stocks (sku, total_count, reserved) SELECT sku, available, 0
     FROM unnest($1::bigint[], $2::bigint[]) AS stock (sku, available)
     ON CONFLICT (sku) DO UPDATE SET total_count = excluded.total_count, reserved = 0`,
    [Object.keys(available), Object.values(available)],
  );

const create = (idempotencyKey: string, items: readonly Line[]) =>
  loms.createOrder({ user: 1n, items }, { ...anyCall, idempotencyKey });

const keptUnder = async (key: string) =>
  (await database.query('SELECT shortages, available FROM idempotency_keys WHERE key = $1', [key]))[0];

const missing = (count: number): Line[] =>
  Array.from({ length: count }, (_, index) => ({ sku: 1_000_000_001 + index, count: 1 }));

test('a replay is the first reply, whatever is ordered and available, whatever changed', async () => {
  // Few skus and small counts, so that an order often has enough of one line and too little of another.
  const line = fc.record({ sku: fc.integer({ min: 10, max: 19 }), count: fc.integer({ min: 1, max: 9 }) });
  const cases = fc.record({
    items: fc.array(line, { minLength: 1, maxLength: 12 }),
    stock: fc.dictionary(fc.integer({ min: 10, max: 17 }).map(String), fc.bigInt({ min: 0n, max: 12n })),
  });
  let number = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ items, stock }) => {
      const key = `property ${number++}`;
      await database.query('TRUNCATE stocks, stock_movements');
      await setStock(stock);
      // The second one meets the key in its own batch.
      const [first, second] = await Promise.all([create(key, items), create(key, items.toReversed())]);
      await setStock({ 10: 100n, 11: 0n, 12: 3n });
      for (const replay of [second, await create(key, items.toReversed())]) {
        expect(replay).toEqual({ ...first, replayed: true });
      }
    }),
    { numRuns: 60 },
  );
});

test('the key of a failed order takes no room for skus without stock', async () => {
  const size = async (key: string, items: readonly Line[]) => {
    await create(key, items);
    const text = 'SELECT pg_column_size(kept.*) AS size FROM idempotency_keys AS kept WHERE key = $1';
    return (await database.query(text, [key]))[0]?.size;
  };
  const one = await size('a', missing(1));
  expect(one).toBeLessThan(300);
  expect(await size('b', missing(1_000))).toBe(one);
  // Two numbers of four bytes for the sku that exists, wherever it stands.
  const before = { sku: 7, count: 1 };
  const behind = { sku: 4_000_000_000, count: 1 };
  await setStock({ 4000000000: 1n });
  expect(await size('c', [before, ...missing(1)])).toBeLessThanOrEqual(Number(one) + 32);
  expect(await size('d', [before, ...missing(999)])).toBe(await size('e', [before, ...missing(1)]));
  expect(await size('f', [...missing(999), behind])).toBe(await size('g', [...missing(1), behind]));
});

test('what the version before wrote is replayed as it is', async () => {
  const items = [...missing(2), { sku: 7, count: 1 }, { sku: 8, count: 6 }];
  const first = await create('k', items);
  // Its form: all shortages, and nothing in the column that it does not know.
  await database.query(
    `UPDATE idempotency_keys SET available = NULL, shortages = '[
       {"sku": 8, "requested": 6, "available": "5"},
       {"sku": 1000000001, "requested": 1, "available": "0"},
       {"sku": 1000000002, "requested": 1, "available": "0"}]'`,
  );
  expect(await create('k', items)).toEqual({ ...first, replayed: true });
  const granted = await create('granted', [{ sku: 7, count: 1 }]);
  expect(granted).toMatchObject({ ok: true });
  expect(await keptUnder('granted')).toEqual({ shortages: [], available: null });
});

test('for the version before a failed order has a shortage in its form, so it stays failed', async () => {
  await create('none', missing(1_000));
  const first = { sku: 1_000_000_001, requested: 1, available: '0' };
  expect(await keptUnder('none')).toEqual({ shortages: [first], available: [] });
  await create('some', [{ sku: 7, count: 1 }, { sku: 8, count: 6 }, ...missing(1)]);
  const some = { sku: 8, requested: 6, available: '5' };
  expect(await keptUnder('some')).toEqual({ shortages: [some], available: [0, 1, 1, 5] });
});
