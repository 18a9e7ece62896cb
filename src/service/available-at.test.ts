/** When what an order is short of comes free: true for whatever is held, and the same in every replay. */
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useLoms } from '../../test/support/database.ts';
import { instantOfMicros } from '../domain/instant.ts';
import type { CreateOrderOutcome } from '../domain/orders/create.ts';
import type { Line } from '../domain/orders/order.ts';

const { database, router } = useLoms();
const loms = openService(router, { settings: { reservationTtlMs: 600_000, reservationTtlMaxMs: 3_600_000 } });

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
});

const stock = (sku: number, total: number) =>
  database.query('INSERT INTO stocks VALUES ($1, $2, 0)', [sku, total]);

const create = (items: readonly Line[], ttlSeconds?: number, idempotencyKey?: string) =>
  loms.createOrder({ user: 1n, items, ttlSeconds }, { ...anyCall, idempotencyKey });

const endOf = (outcome: CreateOrderOutcome) => {
  if (!outcome.ok) throw new Error(outcome.refusal.reason);
  return outcome.value.expiresAt;
};

const shortagesOf = (outcome: CreateOrderOutcome) => {
  const detail = outcome.ok ? undefined : outcome.refusal.detail;
  return detail?.type === 'InsufficientStock' ? detail.shortages : [];
};

/** The times of an order's short lines. */
const timesOf = (outcome: CreateOrderOutcome) => shortagesOf(outcome).map(({ availableAt }) => availableAt);

test('it is the end of the reservation with which enough pieces have come free', async () => {
  await stock(7, 10);
  const late = endOf(await create([{ sku: 7, count: 4 }], 1_200));
  const soon = endOf(await create([{ sku: 7, count: 3 }], 60));
  const order = (count: number) => create([{ sku: 7, count }]).then(timesOf);
  expect(await order(4)).toEqual([soon]);
  expect(await order(6)).toEqual([soon]);
  expect(await order(7)).toEqual([late]);
  expect(await order(10)).toEqual([late]);
});

test('it is missing where open orders hold too little, and where what they hold never ends', async () => {
  const forEver = openService(router);
  await stock(7, 10);
  await forEver.createOrder({ user: 1n, items: [{ sku: 7, count: 10 }] }, anyCall);
  const outcome = await create([
    { sku: 7, count: 1 },
    { sku: 8, count: 1 },
  ]);
  expect(shortagesOf(outcome)).toEqual([
    { sku: 7, requested: 1, available: 0n },
    { sku: 8, requested: 1, available: 0n },
  ]);
  expect(timesOf(await create([{ sku: 7, count: 11 }]))).toEqual([undefined]);
});

test('a replay names the time of the first reply, also when the holding order is gone', async () => {
  await stock(7, 5);
  const held = await create([{ sku: 7, count: 5 }], 60);
  const items = [
    { sku: 7, count: 2 },
    { sku: 8, count: 1 },
  ];
  const first = await create(items, undefined, 'k');
  expect(timesOf(first)).toEqual([endOf(held), undefined]);
  if (held.ok && held.value.orderId !== undefined)
    await loms.cancelOrder({ orderId: held.value.orderId }, anyCall);
  expect(await create(items, undefined, 'k')).toEqual({ ...first, replayed: true });
  // A key of a version that does not know the times.
  await database.query('UPDATE idempotency_keys SET available_at = NULL');
  expect(timesOf(await create(items, undefined, 'k'))).toEqual([undefined, undefined]);
});

test('it is when all pieces are there, whatever is held by earlier orders and the same batch', async () => {
  const line = fc.record({ sku: fc.integer({ min: 1, max: 2 }), count: fc.integer({ min: 1, max: 4 }) });
  const order = fc.record({
    items: fc.uniqueArray(line, { minLength: 1, maxLength: 2, selector: ({ sku }) => sku }),
    ttlSeconds: fc.option(fc.integer({ min: 60, max: 65 }), { nil: undefined }),
  });
  const batches = fc.array(fc.array(order, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(batches, async (all) => {
      await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
      await stock(1, 6);
      await stock(2, 4);
      for (const batch of all) {
        const outcomes = await Promise.all(batch.map(({ items, ttlSeconds }) => create(items, ttlSeconds)));
        const shortages = outcomes.flatMap(shortagesOf);
        const expected = await Promise.all(
          shortages.map(async (each) => ({ ...each, availableAt: await firstMoment(each) })),
        );
        expect(shortages).toEqual(expected);
      }
    }),
    { numRuns: 60 },
  );
});

/** The first moment at which the requested pieces are available, by what the tables hold. */
async function firstMoment({ sku, requested }: { sku: number; requested: number }) {
  const rows = await database.query(
    `SELECT (extract(epoch FROM moment.expires_at) * 1000000)::bigint AS us
     FROM orders AS moment
     WHERE status = 'awaiting payment' AND $2 <= (
       SELECT total_count - reserved FROM stocks WHERE sku = $1
     ) + (
       SELECT coalesce(sum(count), 0) FROM orders JOIN order_lines USING (order_id)
       WHERE sku = $1 AND status = 'awaiting payment' AND orders.expires_at <= moment.expires_at
     )
     ORDER BY us LIMIT 1`,
    [sku, requested],
  );
  return rows[0] && instantOfMicros(BigInt(rows[0].us as string));
}
