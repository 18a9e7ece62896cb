/** Creates that are only validated: the answer of the create, and nothing written. */
import { beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useLoms } from '../../test/support/database.ts';
import type { Line } from '../domain/orders/order.ts';
import type { Outcome } from '../domain/outcome.ts';

const { database, router } = useLoms();
const settings = { reservationTtlMs: 600_000, reservationTtlMaxMs: 3_600_000 };
const loms = openService(router, { settings });

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
  await database.query('INSERT INTO stocks VALUES (7, 10, 0), (8, 10, 0)');
});

const create = (count: number, validateOnly: boolean, sku = 7, more: Line[] = []) =>
  loms.createOrder({ user: 1n, items: [{ sku, count }, ...more], validateOnly }, anyCall);

const resultOf = (outcome: Outcome<unknown>) => (outcome.ok ? 'OK' : outcome.refusal.reason);

const written = async () => {
  const [row] = await database.query(
    `SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM order_lines) AS lines,
       (SELECT sum(reserved) FROM stocks) AS reserved, (SELECT count(*) FROM idempotency_keys) AS keys`,
  );
  return row;
};

test('nothing is written, and the answer has no order', async () => {
  const granted = await create(10, true);
  expect(granted).toMatchObject({ ok: true, value: { orderId: 0n, expiresAt: expect.any(BigInt) } });
  expect(await create(11, true)).toMatchObject({
    refusal: {
      reason: 'INSUFFICIENT_STOCK',
      detail: { orderId: 0n, shortages: [{ sku: 7, requested: 11, available: 10n }] },
    },
  });
  expect(await written()).toEqual({ orders: '0', lines: '0', reserved: '0', keys: '0' });
});

test('it is decided behind the orders of its batch, whatever came first, and for itself', async () => {
  const outcomes = await Promise.all([
    create(4, true),
    create(7, false),
    create(3, true),
    create(3, true),
    create(4, true, 8),
  ]);
  expect(outcomes.map(resultOf)).toEqual(['INSUFFICIENT_STOCK', 'OK', 'OK', 'OK', 'OK']);
  expect(await written()).toEqual({ orders: '1', lines: '1', reserved: '7', keys: '0' });
});

test('its shortage names when the pieces come free', async () => {
  const held = await create(10, false);
  const end = held.ok ? held.value.expiresAt : undefined;
  expect(await create(1, true)).toMatchObject({
    refusal: { detail: { shortages: [{ available: 0n, availableAt: end }] } },
  });
});

test('what overdue orders hold counts as free', async () => {
  await create(10, false);
  await database.query("UPDATE orders SET created_at = 'epoch', updated_at = 'epoch', expires_at = now()");
  expect(resultOf(await create(10, true))).toBe('OK');
});

test('an idempotency key is refused, and so is a sum of lines that is too large', async () => {
  const request = { user: 1n, items: [{ sku: 7, count: 1 }], validateOnly: true };
  expect(resultOf(await loms.createOrder(request, { ...anyCall, idempotencyKey: 'k' }))).toBe(
    'INVALID_REQUEST',
  );
  expect(resultOf(await create(65_535, true, 7, [{ sku: 7, count: 1 }]))).toBe('INVALID_REQUEST');
  expect(
    resultOf(
      await loms.createOrder({ ...request, validateOnly: false }, { ...anyCall, idempotencyKey: 'k' }),
    ),
  ).toBe('OK');
});
