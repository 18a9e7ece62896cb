/** Reservations that end: exact where something is decided, released in bounded steps, by anybody once. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openRouter, openService, testSettings, useLoms } from '../../test/support/database.ts';
import { formatInstant } from '../domain/instant.ts';
import { type ExpiryLimits, expireOrders, findOverdue } from '../domain/orders/expire.ts';
import { extendOrders } from '../domain/orders/extend.ts';
import type { Order } from '../domain/orders/order.ts';
import type { Outcome } from '../domain/outcome.ts';

const SKU = 7;
const { database, router } = useLoms();
const settings = { reservationTtlMs: 600_000, reservationTtlMaxMs: 3_600_000 };
const loms = openService(router, { settings });

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
  await database.query('INSERT INTO stocks VALUES ($1, 1000, 0)', [SKU]);
});

const create = async (ttlSeconds?: number, of = loms) => {
  const outcome = await of.createOrder({ user: 1n, items: [{ sku: SKU, count: 2 }], ttlSeconds }, anyCall);
  if (!outcome.ok) throw new Error(outcome.refusal.reason);
  return outcome.value;
};

const read = async (orderId: bigint): Promise<Order> => {
  const outcome = await loms.getOrder(orderId, anyCall);
  if (!outcome.ok) throw new Error(outcome.refusal.reason);
  return outcome.value;
};

/** Moves the whole life of orders back, so that their reservations end this long ago. */
const age = (overdueMs = 1_000, orderIds?: readonly bigint[]) =>
  database.query(
    `UPDATE orders SET created_at = created_at - lapse, updated_at = updated_at - lapse,
       expires_at = expires_at - lapse
     FROM (
       SELECT order_id AS id, expires_at - now() + $1::float8 * interval '1 ms' AS lapse FROM orders
     ) AS past
     WHERE order_id = id AND ($2::bigint[] IS NULL OR order_id = ANY($2))`,
    [overdueMs, orderIds],
  );

/** One step of the release. It searches on the primary: `age` does not wait for the replica. */
const expire = async (limits: Partial<ExpiryLimits> = {}) => {
  const { primary } = router;
  if (primary === undefined) throw new Error('no primary');
  const found = await findOverdue(
    { ...primary.reader, clockAheadMs: 0 },
    { ordersMax: 100, linesMax: 100, ...limits },
  );
  const { orderIds, ...rest } = found;
  return { released: await router.write((tx) => expireOrders(tx, orderIds)), ...rest };
};

const stock = async () => {
  const [row] = await database.query('SELECT total_count, reserved FROM stocks WHERE sku = $1', [SKU]);
  return `${row?.total_count}/${row?.reserved}`;
};

const resultOf = (outcome: Outcome<unknown>) => (outcome.ok ? 'OK' : outcome.refusal.reason);

test.each([
  ['its own time', 60, 60_000n],
  ["the operator's time", undefined, 600_000n],
  ['the longest life, if it is to last longer', 7_200, 3_600_000n],
])('a reservation ends after %s, to the microsecond', async (_title, ttlSeconds, ttlMs) => {
  const { orderId, expiresAt } = await create(ttlSeconds);
  const { createdAt, expiresAt: shown } = await read(orderId);
  expect(expiresAt).toBe(createdAt + ttlMs * 1_000_000n);
  expect(shown).toBe(expiresAt);
});

test('without a time of the operator a reservation never ends, unless it has its own', async () => {
  const forEver = openService(router, { settings: { ...settings, reservationTtlMs: 0 } });
  const { orderId, expiresAt } = await create(undefined, forEver);
  expect([expiresAt, (await read(orderId)).expiresAt]).toEqual([undefined, undefined]);
  expect(await expire()).toEqual({ released: 0, more: false, nextInMs: undefined });
  expect(await loms.extendOrder({ orderId, ttlSeconds: 60 }, anyCall)).toEqual({
    ok: true,
    value: { expiresAt: undefined },
  });
  expect((await create(60, forEver)).expiresAt).toBeDefined();
});

describe.each([false, true])('after its end, released: %s', (isReleased) => {
  const overdue = async () => {
    const { orderId } = await create(60);
    await age();
    if (isReleased) expect(await expire()).toMatchObject({ released: 1, more: false });
    return orderId;
  };

  test('an order is shown as cancelled by its end, at its end', async () => {
    const order = await read(await overdue());
    expect(order).toMatchObject({ status: 'cancelled', cancelReason: 'expired' });
    expect([order.updatedAt, order.createdAt]).toEqual([
      order.expiresAt,
      (order.expiresAt ?? 0n) - 60_000_000_000n,
    ]);
  });

  test('it is neither payed nor extended, and cancelling it changes nothing', async () => {
    const orderId = await overdue();
    const { expiresAt = 0n } = await read(orderId);
    const expired = {
      ok: false,
      refusal: {
        reason: 'ORDER_EXPIRED',
        metadata: { orderID: `${orderId}`, expiredAt: formatInstant(expiresAt) },
      },
    };
    expect(await loms.payOrder({ orderId }, anyCall)).toMatchObject(expired);
    expect(await loms.extendOrder({ orderId, ttlSeconds: 60 }, anyCall)).toMatchObject(expired);
    expect(await loms.cancelOrder({ orderId }, anyCall)).toEqual({ ok: true, value: undefined });
    expect(await read(orderId)).toMatchObject({ cancelReason: 'expired' });
    await expire();
    expect(await stock()).toBe('1000/0');
  });

  test('lists show it as cancelled', async () => {
    const orderId = await overdue();
    const of = async (status: Order['status']) => {
      const filter = { user: 1n, statuses: [status], createdAfter: undefined, createdBefore: undefined };
      const page = await loms.listOrders({ ...filter, pageSize: 0, pageToken: '' }, anyCall);
      return page.ok && page.value.orders.map((order) => order.orderId);
    };
    expect([await of('cancelled'), await of('awaiting payment')]).toEqual([[orderId], []]);
  });
});

test('a release makes the goods available once, and leaves payed and cancelled orders alone', async () => {
  const [payed, cancelled, abandoned, open] = [
    await create(60),
    await create(60),
    await create(60),
    await create(),
  ];
  await loms.payOrder({ orderId: payed.orderId }, anyCall);
  await loms.cancelOrder({ orderId: cancelled.orderId }, anyCall);
  await age(1_000, [payed.orderId, cancelled.orderId, abandoned.orderId]);
  expect(await expire()).toEqual({ released: 1, more: false, nextInMs: undefined });
  expect(await expire()).toMatchObject({ released: 0, more: false });
  expect(await stock()).toBe('998/2');
  expect(await read(cancelled.orderId)).toMatchObject({ cancelReason: 'requested', expiresAt: undefined });
  expect((await read(open.orderId)).status).toBe('awaiting payment');
});

test('a step is bounded by orders and by lines, and returns when the next reservation ends', async () => {
  const orders = [];
  for (let index = 0; index < 5; index++) orders.push((await create(60 + index)).orderId);
  await age(3_500, orders.slice(0, 4));
  expect(await expire({ ordersMax: 2 })).toMatchObject({ released: 2, more: true });
  expect((await database.query("SELECT order_id FROM orders WHERE status = 'cancelled'")).length).toBe(2);
  expect(await expire({ linesMax: 1 })).toMatchObject({ released: 1, more: true });
  expect(await expire()).toMatchObject({ released: 1, more: false });
  const { nextInMs = 0 } = await expire();
  expect(nextInMs).toBeGreaterThan(50_000);
  expect(nextInMs).toBeLessThanOrEqual(64_000);
});

test('an extension counts from now, never shortens, and stays within the longest life', async () => {
  const { orderId } = await create(600);
  const { createdAt, expiresAt = 0n } = await read(orderId);
  const extend = async (ttlSeconds: number) => {
    const outcome = await loms.extendOrder({ orderId, ttlSeconds }, anyCall);
    return outcome.ok ? outcome.value.expiresAt : outcome.refusal.reason;
  };
  expect(await extend(1)).toBe(expiresAt);
  const later = (await extend(1_200)) as bigint;
  expect(later).toBeGreaterThan(createdAt + 1_200_000_000_000n);
  expect((await read(orderId)).expiresAt).toBe(later);
  expect(await extend(10_000)).toBe(createdAt + 3_600_000_000_000n);
  await loms.payOrder({ orderId }, anyCall);
  expect(await extend(60)).toBe('ORDER_NOT_EXTENDABLE');
});

test('an extension is exact to the microsecond, whatever the form of times in its session', async () => {
  const { orderId } = await create(60);
  const [outcome] = await router.write((tx) => {
    void tx.query("SET LOCAL TimeZone = 'Asia/Kathmandu'", []);
    void tx.query("SET LOCAL DateStyle = 'SQL, DMY'", []);
    return extendOrders(tx, [{ orderId, ttlSeconds: 600, traceparent: undefined }], testSettings);
  });
  expect(outcome?.ok && outcome.value.expiresAt).toBe((await read(orderId)).expiresAt);
});

test('an extension, and a second pay, leave the time of the last change as it is', async () => {
  const { orderId } = await create(60);
  const { updatedAt: created } = await read(orderId);
  expect(await loms.extendOrder({ orderId, ttlSeconds: 600 }, anyCall)).toMatchObject({ ok: true });
  expect((await read(orderId)).updatedAt).toBe(created);
  await loms.payOrder({ orderId }, anyCall);
  const { updatedAt: payed } = await read(orderId);
  expect(payed).toBeGreaterThan(created);
  expect(await loms.payOrder({ orderId }, anyCall)).toMatchObject({ ok: true });
  expect((await read(orderId)).updatedAt).toBe(payed);
});

test('a replay names the end of the first reply, and a key stands for one time', async () => {
  const call = { ...anyCall, idempotencyKey: 'k' };
  const request = { user: 1n, items: [{ sku: SKU, count: 2 }], ttlSeconds: 60 };
  const first = await loms.createOrder(request, call);
  if (!first.ok) throw new Error(first.refusal.reason);
  await loms.extendOrder({ orderId: first.value.orderId, ttlSeconds: 1_200 }, anyCall);
  expect(await loms.createOrder(request, call)).toEqual({ ...first, replayed: true });
  expect(resultOf(await loms.createOrder({ ...request, ttlSeconds: 61 }, call))).toBe(
    'IDEMPOTENCY_KEY_REUSED',
  );
});

test('of pay, late pay, cancel, extend and expire in two instances one wins; the books balance', async () => {
  const other = openService(openRouter(database), { settings });
  const act = fc.constantFrom('pay', 'pay late', 'cancel', 'extend', 'expire', 'age');
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 2, maxLength: 6 }), async (acts) => {
      await database.query('TRUNCATE order_lines, orders');
      await database.query('UPDATE stocks SET total_count = 1000, reserved = 0');
      const { orderId } = await create(60);
      const outcomes = await Promise.all(
        acts.map(async (each, index) => {
          const of = index % 2 === 0 ? loms : other;
          if (each === 'pay') return resultOf(await of.payOrder({ orderId }, anyCall));
          if (each === 'pay late') return resultOf(await of.payOrder({ orderId, acceptLate: true }, anyCall));
          if (each === 'cancel') return resultOf(await of.cancelOrder({ orderId }, anyCall));
          if (each === 'extend') return resultOf(await of.extendOrder({ orderId, ttlSeconds: 90 }, anyCall));
          if (each === 'expire') return (await expire()).released > 0 ? 'released' : 'nothing';
          await age(1, [orderId]);
          return 'aged';
        }),
      );
      await expire();
      const { status } = await read(orderId);
      const of = (name: string) => outcomes.filter((_, index) => acts[index] === name);
      expect(await stock()).toBe({ payed: '998/0', cancelled: '1000/0' }[status as string] ?? '1000/2');
      expect([...of('pay'), ...of('pay late')].includes('OK')).toBe(status === 'payed');
      expect(of('expire').filter((outcome) => outcome === 'released').length).toBeLessThanOrEqual(1);
      // To cancel an order that has expired is OK, and does not keep it from being payed late.
      const isFinal = !(acts.includes('age') && acts.includes('pay late'));
      if (status === 'payed' && isFinal) expect(of('cancel')).not.toContain('OK');
    }),
    { numRuns: 25 },
  );
});
