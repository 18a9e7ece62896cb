/** Explanations of stock against the tables: every hold once, in the order of the ends. */
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../../test/support/call.ts';
import { openService, useLoms } from '../../../test/support/database.ts';
import { HOLDS_SCAN_MAX } from './explain.ts';

const SKU = 7;
const { database, router } = useLoms();
const settings = { reservationTtlMs: 600_000, reservationTtlMaxMs: 3_600_000 };
const loms = openService(router, { settings });

beforeEach(() => database.query('TRUNCATE stocks, stock_movements, order_lines, orders'));

interface Stored {
  readonly status: string;
  /** Its end in seconds from now; null: never. */
  readonly endsInS: number | null;
  readonly skus: readonly number[];
}

/** Writes orders with two pieces of each of their skus, and the stock that goes with them. */
async function store(orders: readonly Stored[]): Promise<void> {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await database.query(
    `INSERT INTO orders SELECT number, 1, 'epoch', 'epoch', status,
       date_trunc('hour', now()) + ends * interval '1 s'
     FROM unnest($1::text[], $2::integer[]) WITH ORDINALITY AS each (status, ends, number)`,
    [orders.map(({ status }) => status), orders.map(({ endsInS }) => endsInS)],
  );
  const lines = orders.flatMap(({ skus }, index) => skus.map((sku) => [index + 1, sku] as const));
  await database.query('INSERT INTO order_lines SELECT *, 2 FROM unnest($1::bigint[], $2::bigint[])', [
    lines.map(([id]) => id),
    lines.map(([, sku]) => sku),
  ]);
  await database.query(
    `INSERT INTO stocks SELECT sku, 1000, (
       SELECT coalesce(sum(count), 0) FROM orders JOIN order_lines USING (order_id)
       WHERE status = 'awaiting payment' AND order_lines.sku = each.sku
     ) FROM generate_series(7, 9) AS each (sku)`,
  );
}

async function readPage(pageSize: number, pageToken = '', sku = SKU) {
  const page = await loms.explainStock({ sku, pageSize, pageToken }, anyCall);
  if (!page.ok) throw new Error(page.refusal.reason);
  return page.value;
}

async function readAll(pageSize: number) {
  const pages = [await readPage(pageSize)];
  for (let token = pages[0]?.nextPageToken; token !== undefined; token = pages.at(-1)?.nextPageToken)
    pages.push(await readPage(pageSize, token));
  return pages;
}

const order = fc.record({
  status: fc.constantFrom('awaiting payment', 'awaiting payment', 'payed', 'failed', 'cancelled'),
  // Some have ended, and several end together.
  endsInS: fc.option(fc.integer({ min: -3, max: 3 }).map((hours) => 7_200 * hours)),
  skus: fc.subarray([SKU, 8, 9], { minLength: 1 }),
});

test('pages of any size hold every hold once, the next to end first, those without an end last', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(order, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 10 }),
      async (orders, pageSize) => {
        await store(orders);
        const held = orders
          .map(({ endsInS, ...each }, index) => ({ ...each, endS: endsInS ?? 1e9, id: BigInt(index + 1) }))
          .filter(({ status, skus }) => status === 'awaiting payment' && skus.includes(SKU))
          .sort((a, b) => a.endS - b.endS || Number(a.id - b.id));
        const pages = await readAll(pageSize);
        const holds = pages.flatMap((page) => page.holds);
        expect(holds.map(({ orderId }) => orderId)).toEqual(held.map(({ id }) => id));
        expect(holds.map(({ expiresAt }) => expiresAt === undefined)).toEqual(
          held.map(({ endS }) => endS === 1e9),
        );
        const reserved = BigInt(2 * held.length);
        for (const page of pages) {
          expect(page).toMatchObject({ sku: SKU, total: 1_000n, reserved, count: 1_000n - reserved });
          expect(page.nextReleaseAt).toBe(holds[0]?.expiresAt);
          expect(page.holds.length).toBeLessThanOrEqual(pageSize);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('a hold that nobody changes stands on one page, also while others come and go', async () => {
  await store(
    Array.from({ length: 6 }, (_, index) => ({
      status: 'awaiting payment',
      endsInS: 7_200 * index,
      skus: [SKU],
    })),
  );
  const first = await readPage(2);
  expect(first.holds.map(({ orderId }) => orderId)).toEqual([1n, 2n]);
  await loms.cancelOrder({ orderId: 4n }, anyCall);
  await database.query("UPDATE orders SET status = 'payed' WHERE order_id = 2");
  const second = await readPage(10, first.nextPageToken);
  expect(second.holds.map(({ orderId }) => orderId)).toEqual([3n, 5n, 6n]);
  expect(second.nextReleaseAt).toBe(first.nextReleaseAt);
});

test('pieces of an expired order are held until they are released, and available to a create', async () => {
  await store([{ status: 'awaiting payment', endsInS: -7_200, skus: [SKU] }]);
  await database.query('UPDATE stocks SET total_count = 2');
  const page = await readPage(10);
  expect(page).toMatchObject({ reserved: 2n, count: 0n, holds: [{ orderId: 1n, count: 2 }] });
  expect(page.nextReleaseAt).toBe(page.holds[0]?.expiresAt);
  await database.query("SELECT setval('order_ids', 1)");
  const created = await loms.createOrder({ user: 1n, items: [{ sku: SKU, count: 2 }] }, anyCall);
  expect((await readPage(10)).holds).toEqual([{ count: 2, ...(created.ok && created.value) }]);
});

test('a page that has looked at its share ends, and the next one goes on there', async () => {
  await store([{ status: 'awaiting payment', endsInS: 7_200, skus: [SKU] }]);
  await database.query(
    `INSERT INTO orders SELECT 1 + number, 1, 'epoch', 'epoch', 'awaiting payment',
       now() + number * interval '1 ms'
     FROM generate_series(1, $1) AS number`,
    [HOLDS_SCAN_MAX],
  );
  await database.query('INSERT INTO order_lines SELECT order_id, 8, 1 FROM orders WHERE order_id > 1');
  const [first, second, ...more] = await readAll(10);
  expect(first).toMatchObject({ holds: [], nextReleaseAt: undefined });
  expect(second?.holds.map(({ orderId }) => orderId)).toEqual([1n]);
  expect(second?.nextReleaseAt).toBe(second?.holds[0]?.expiresAt);
  expect(more).toEqual([]);
});

test('a token is refused for another sku', async () => {
  await store([1, 2].map((endsInS) => ({ status: 'awaiting payment', endsInS, skus: [SKU, 8] })));
  const { nextPageToken = '' } = await readPage(1);
  const other = await loms.explainStock({ sku: 8, pageSize: 1, pageToken: nextPageToken }, anyCall);
  expect(other).toMatchObject({
    refusal: { reason: 'INVALID_REQUEST', message: 'invalid request: pageToken' },
  });
});
