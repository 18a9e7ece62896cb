/** Who created an order and who closed it, as its row shows: the first caller whose request did it. */
import { beforeEach, describe, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, testSettings, useLoms } from '../../test/support/database.ts';
import type { Call } from '../domain/call.ts';
import { cancelOrders } from '../domain/orders/cancel.ts';
import { expireOrders } from '../domain/orders/expire.ts';
import { payOrders } from '../domain/orders/pay.ts';

const SKU = 7;
const { database, router } = useLoms();
const settings = { ...testSettings, reservationTtlMs: 600_000 };
const loms = openService(router, { settings });

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
  await database.query('INSERT INTO stocks VALUES ($1, 100, 0)', [SKU]);
});

const by = (caller: string, more: Partial<Call> = {}): Call => ({ ...anyCall, caller, ...more });

/** Creates an order; one of too many pieces fails. */
const create = async (call: Call, count = 1): Promise<bigint> => {
  const outcome = await loms.createOrder({ user: 1n, items: [{ sku: SKU, count }] }, call);
  if (outcome.ok) return outcome.value.orderId;
  const { detail } = outcome.refusal;
  return detail?.type === 'InsufficientStock' ? detail.orderId : 0n;
};

/** Moves the end of a reservation into the past. */
const end = (orderId: bigint) =>
  database.query(
    `UPDATE orders SET created_at = past, updated_at = past, expires_at = past
     FROM (SELECT now() - interval '1 s' AS past) AS moment WHERE order_id = $1`,
    [orderId],
  );

const actorsOf = async (orderId: bigint) => {
  const [row] = await database.query('SELECT created_by, closed_by FROM orders WHERE order_id = $1', [
    orderId,
  ]);
  return [row?.created_by, row?.closed_by];
};

const pay = (orderId: bigint, caller: string, acceptLate = false) =>
  loms.payOrder({ orderId, acceptLate }, by(caller));

const cancel = (orderId: bigint, caller: string) => loms.cancelOrder({ orderId }, by(caller));

test('an open or failed order has the caller of its create, and was closed by nobody', async () => {
  expect(await actorsOf(await create(by('alice')))).toEqual(['alice', null]);
  expect(await actorsOf(await create(by('alice'), 101))).toEqual(['alice', null]);
});

test('where callers have no names an order has none', async () => {
  const orderId = await create(anyCall);
  expect((await loms.payOrder({ orderId }, anyCall)).ok).toBe(true);
  expect(await actorsOf(orderId)).toEqual([null, null]);
});

test('an order has the caller that its idempotency key ran for first', async () => {
  const orderId = await create(by('alice', { idempotencyKey: 'key' }));
  expect(await create(by('alice', { idempotencyKey: 'key' }))).toBe(orderId);
  expect(await create(by('bob', { idempotencyKey: 'key' }))).not.toBe(orderId);
  expect(await actorsOf(orderId)).toEqual(['alice', null]);
});

describe.each([
  ['payed', pay, cancel],
  ['cancelled', cancel, pay],
])('an order that is %s', (_status, close, other) => {
  test('has the caller that did it; a later request changes nothing', async () => {
    const orderId = await create(by('alice'));
    expect((await close(orderId, 'bob')).ok).toBe(true);
    expect((await close(orderId, 'carol')).ok).toBe(true);
    expect((await other(orderId, 'carol')).ok).toBe(false);
    expect((await loms.extendOrder({ orderId, ttlSeconds: 60 }, by('carol'))).ok).toBe(false);
    expect(await actorsOf(orderId)).toEqual(['alice', 'bob']);
  });
});

test('each order of a batch has its own caller, the first of those that name it', async () => {
  const [one, two, three] = [await create(by('alice')), await create(by('')), await create(by('bob'))];
  const requests = [
    { orderId: two, actor: 'carol' },
    { orderId: one, actor: 'dave' },
    { orderId: two, actor: 'erin' },
  ];
  await router.write((tx) => payOrders(tx, requests, settings));
  await router.write((tx) => cancelOrders(tx, [...requests, { orderId: three, actor: 'frank' }]));
  expect(await Promise.all([one, two, three].map(actorsOf))).toEqual([
    ['alice', 'dave'],
    [null, 'carol'],
    ['bob', 'frank'],
  ]);
});

describe.each([false, true])('an order that expired, released: %s', (released) => {
  const expired = async () => {
    const orderId = await create(by('alice'));
    await end(orderId);
    if (released) await router.write((tx) => expireOrders(tx, [orderId]));
    return orderId;
  };

  test('was closed by nobody, also where a request released it', async () => {
    const orderId = await expired();
    expect((await cancel(orderId, 'bob')).ok).toBe(true);
    expect((await pay(orderId, 'bob')).ok).toBe(false);
    expect(await actorsOf(orderId)).toEqual(['alice', null]);
  });

  test('has the caller that payed it late', async () => {
    const orderId = await expired();
    expect((await pay(orderId, 'bob', true)).ok).toBe(true);
    expect((await pay(orderId, 'carol', true)).ok).toBe(true);
    expect(await actorsOf(orderId)).toEqual(['alice', 'bob']);
  });
});

test('a name is stored as it is', async () => {
  const name = `"{},\\'${'ü'.repeat(249)}`;
  const orderId = await create(by(name));
  await pay(orderId, name);
  expect(await actorsOf(orderId)).toEqual([name, name]);
});
