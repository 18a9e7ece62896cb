/** Late payments: an order that has expired is payed, if the payment accepts it and its goods are left. */
import { beforeEach, describe, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, testSettings, useLoms } from '../../test/support/database.ts';
import { type Database, MustSplit } from '../db/types.ts';
import { ANONYMOUS } from '../domain/call.ts';
import { formatInstant } from '../domain/instant.ts';
import { expireOrders } from '../domain/orders/expire.ts';
import type { Holds } from '../domain/orders/holds.ts';
import { type PayOrderRequest, payOrders } from '../domain/orders/pay.ts';
import type { Outcome } from '../domain/outcome.ts';
import { takeBack } from './take-back.ts';

const [SKU, OTHER] = [7, 8];
const WINDOW_MS = 3_600_000;
const { database, router } = useLoms();
const settings = { ...testSettings, reservationTtlMs: 600_000, latePaymentWindowMs: WINDOW_MS };
const loms = openService(router, { settings });

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
  await database.query('INSERT INTO stocks VALUES ($1, 10, 0), ($2, 10, 0)', [SKU, OTHER]);
});

const create = async (count: number, ...skus: number[]): Promise<bigint> => {
  const items = (skus.length === 0 ? [SKU] : skus).map((sku) => ({ sku, count }));
  const outcome = await loms.createOrder({ user: 1n, items }, anyCall);
  if (!outcome.ok) throw new Error(outcome.refusal.reason);
  return outcome.value.orderId;
};

/** Moves the end of reservations so long into the past, and releases them, or not. */
const end = async (orderIds: readonly bigint[], { ago = 1_000, released = true } = {}) => {
  await database.query(
    `UPDATE orders SET created_at = past - interval '1 min', updated_at = past - interval '1 min',
       expires_at = past
     FROM (SELECT now() - $2::float8 * interval '1 ms' AS past) AS moment
     WHERE order_id = ANY($1)`,
    [orderIds, ago],
  );
  if (released) await router.write((tx) => expireOrders(tx, orderIds));
};

const payLate = (orderId: bigint) => loms.payOrder({ orderId, acceptLate: true }, anyCall);

/** Runs payments as one batch, again behind each search; or in two, where it must be split. */
const payTogether = async (payments: readonly PayOrderRequest[]): Promise<Outcome<void>[]> => {
  const requests = payments.map((payment) => ({ ...payment, actor: ANONYMOUS }));
  let holds: Holds | undefined;
  try {
    for (;;) {
      const result = await router.write((tx) => payOrders(tx, requests, settings, holds));
      if (Array.isArray(result)) return result;
      holds = await takeBack(router, result, holds);
    }
  } catch (error) {
    if (!(error instanceof MustSplit)) throw error;
    const outcomes = new Map<PayOrderRequest, Outcome<void>>();
    for (const isLast of [false, true]) {
      const part = payments.filter((payment) => error.isLast?.(payment) === isLast);
      for (const [index, outcome] of (await payTogether(part)).entries())
        outcomes.set(part[index] as PayOrderRequest, outcome);
    }
    return payments.map((payment) => outcomes.get(payment) as Outcome<void>);
  }
};

const read = async (orderId: bigint) => {
  const outcome = await loms.getOrder(orderId, anyCall);
  if (!outcome.ok) throw new Error(outcome.refusal.reason);
  return outcome.value;
};

const stock = async (sku = SKU) => {
  const [row] = await database.query('SELECT total_count, reserved FROM stocks WHERE sku = $1', [sku]);
  return `${row?.total_count}/${row?.reserved}`;
};

const resultOf = (outcome: Outcome<unknown>) => {
  if (outcome.ok) return 'OK';
  const { reason, detail } = outcome.refusal;
  return detail?.type === 'InsufficientStock' ? `${reason}, short` : reason;
};

const done = { ok: true, value: undefined };

describe.each([false, true])('of an order that was released: %s', (released) => {
  test('a late payment takes its goods out of the stock, once', async () => {
    const orderId = await create(3, SKU, OTHER);
    await end([orderId], { released });
    expect([await payLate(orderId), await payLate(orderId)]).toEqual([done, done]);
    expect(await loms.payOrder({ orderId }, anyCall)).toEqual(done);
    expect([await stock(), await stock(OTHER)]).toEqual(['7/0', '7/0']);
    const order = await read(orderId);
    expect(order).toMatchObject({ status: 'payed', cancelReason: undefined, expiresAt: undefined });
    expect(order.updatedAt).toBeGreaterThan(order.createdAt + 60_000_000_000n);
    expect(await router.write((tx) => expireOrders(tx, [orderId]))).toBe(0);
    expect(resultOf(await loms.cancelOrder({ orderId }, anyCall))).toBe('ORDER_NOT_CANCELLABLE');
    expect(await stock()).toBe('7/0');
  });

  test('a payment that does not accept to be late is refused', async () => {
    const orderId = await create(3);
    await end([orderId], { released });
    expect(resultOf(await loms.payOrder({ orderId }, anyCall))).toBe('ORDER_EXPIRED');
    expect(resultOf(await loms.payOrder({ orderId, acceptLate: false }, anyCall))).toBe('ORDER_EXPIRED');
    expect(await stock()).toBe('10/0');
  });

  test.each([
    [-10_000, 'OK', '7/0'],
    [10_000, 'ORDER_EXPIRED', '10/0'],
  ])('a payment %i ms past the window: %s', async (past, result, left) => {
    const orderId = await create(3);
    await end([orderId], { ago: WINDOW_MS + past, released });
    expect([resultOf(await payLate(orderId)), await stock()]).toEqual([result, left]);
  });

  test('without a window no payment is late', async () => {
    const never = openService(router, { settings: { ...settings, latePaymentWindowMs: 0 } });
    const orderId = await create(3);
    await end([orderId], { released });
    const outcome = await never.payOrder({ orderId, acceptLate: true }, anyCall);
    expect([resultOf(outcome), await stock()]).toEqual(['ORDER_EXPIRED', '10/0']);
  });

  test('a cancellation after the end is OK, and changes nothing', async () => {
    const orderId = await create(3);
    await end([orderId], { released });
    expect(await loms.cancelOrder({ orderId }, anyCall)).toEqual(done);
    expect([resultOf(await payLate(orderId)), await stock()]).toEqual(['OK', '7/0']);
  });
});

test('goods that were bought by others are not taken: the refusal names what is short', async () => {
  const orderId = await create(6, SKU, OTHER);
  await end([orderId]);
  const other = await create(5);
  const { expiresAt = 0n } = await read(orderId);
  expect(await payLate(orderId)).toEqual({
    ok: false,
    refusal: {
      reason: 'ORDER_EXPIRED',
      message: `the reservation of order ${orderId} has ended`,
      metadata: { orderID: `${orderId}`, expiredAt: formatInstant(expiresAt) },
      detail: {
        type: 'InsufficientStock',
        orderId,
        shortages: [{ sku: SKU, requested: 6, available: 5n, availableAt: (await read(other)).expiresAt }],
      },
    },
  });
  expect([await stock(), await stock(OTHER)]).toEqual(['10/5', '10/0']);
  expect((await read(orderId)).status).toBe('cancelled');
  await loms.cancelOrder({ orderId: other }, anyCall);
  expect([await payLate(orderId), await stock()]).toEqual([done, '4/0']);
});

test('goods that overdue orders of others still hold are taken back for it', async () => {
  const orderId = await create(6, SKU, OTHER);
  await end([orderId]);
  const others = [await create(3), await create(3), await create(4, OTHER)];
  await end(others, { released: false });
  const open = await create(1);
  expect(await payLate(orderId)).toEqual(done);
  expect([await stock(), await stock(OTHER)]).toEqual(['4/4', '4/4']);
  await loms.cancelOrder({ orderId: open }, anyCall);
});

test('an order that was cancelled on request, or failed, never becomes payable', async () => {
  const cancelled = await create(3);
  await loms.cancelOrder({ orderId: cancelled }, anyCall);
  const failed = await loms.createOrder({ user: 1n, items: [{ sku: SKU, count: 11 }] }, anyCall);
  const failedId =
    failed.ok || failed.refusal.detail?.type !== 'InsufficientStock' ? 0n : failed.refusal.detail.orderId;
  await end([cancelled], { released: false });
  const outcomes = [await payLate(cancelled), await payLate(failedId), await payLate(999n)];
  expect(outcomes.map(resultOf)).toEqual(['ORDER_NOT_PAYABLE', 'ORDER_NOT_PAYABLE', 'ORDER_NOT_FOUND']);
});

test('an open order is payed as ever, and one without an end too', async () => {
  const forEver = openService(router, { settings: { ...settings, reservationTtlMs: 0 } });
  const open = await create(3);
  const outcome = await forEver.createOrder({ user: 1n, items: [{ sku: SKU, count: 2 }] }, anyCall);
  const endless = outcome.ok ? outcome.value.orderId : 0n;
  expect([await payLate(open), await payLate(endless), await stock()]).toEqual([done, done, '5/0']);
});

test('late payments of a batch get what is left in the order of their arrival', async () => {
  const [first, second, third] = [await create(3), await create(4), await create(3)];
  await end([first, second, third]);
  await create(4);
  const requests = [second, third, first, second].map((orderId) => ({ orderId, acceptLate: true }));
  const outcomes = await payTogether(requests);
  expect(outcomes.map(resultOf)).toEqual(['OK', 'ORDER_EXPIRED, short', 'ORDER_EXPIRED, short', 'OK']);
  expect(outcomes[1]).toMatchObject({ refusal: { detail: { shortages: [{ available: 2n }] } } });
  expect(await stock()).toBe('6/4');
});

test('a batch counts what it releases itself, and not what it pays', async () => {
  const [late, overdue, open] = [await create(4), await create(3), await create(3)];
  await end([late]);
  await end([overdue], { released: false });
  const hold = await create(4);
  const outcomes = await payTogether([
    { orderId: open },
    { orderId: late, acceptLate: true },
    { orderId: overdue },
  ]);
  expect(outcomes.map(resultOf)).toEqual(['OK', 'ORDER_EXPIRED, short', 'ORDER_EXPIRED']);
  expect(outcomes[1]).toMatchObject({ refusal: { detail: { shortages: [{ available: 3n }] } } });
  expect([await stock(), (await read(overdue)).cancelReason]).toEqual(['7/4', 'expired']);
  await loms.cancelOrder({ orderId: hold }, anyCall);
  expect([await payLate(late), await stock()]).toEqual([done, '3/0']);
});

test.each([false, true])(
  'one order, once with acceptLate and once without, released: %s',
  async (released) => {
    const orderId = await create(4);
    await end([orderId], { released });
    const both = [{ orderId }, { orderId, acceptLate: true }];
    expect((await payTogether(both)).map(resultOf)).toEqual(['OK', 'OK']);
    expect(await stock()).toBe('6/0');
  },
);

test('one order that is short, with acceptLate and without: each has its own refusal', async () => {
  const orderId = await create(6);
  await end([orderId]);
  await create(6);
  const both = [{ orderId }, { orderId, acceptLate: true }];
  expect((await payTogether(both)).map(resultOf)).toEqual(['ORDER_EXPIRED', 'ORDER_EXPIRED, short']);
});

test('two instances pay one order late, and it is payed once', async () => {
  const other = openService(router, { settings });
  const ids = await Promise.all([create(1), create(1), create(1), create(1), create(1)]);
  await end(ids);
  const outcomes = await Promise.all(
    ids.flatMap((orderId) => [loms, other].map((of) => of.payOrder({ orderId, acceptLate: true }, anyCall))),
  );
  expect([new Set(outcomes.map(resultOf)), await stock()]).toEqual([new Set(['OK']), '5/0']);
});

test('a late payment that is short keeps no other payment waiting for its search', async () => {
  const [late, punctual] = [await create(6), await create(4)];
  await end([late]);
  await create(6);
  let isPunctualPayed = (_: unknown) => {};
  const payed = new Promise((resolve) => {
    isPunctualPayed = resolve;
  });
  const slow: Database = {
    write: (work) => router.write(work),
    read: async (work) => {
      await payed;
      return router.read(work);
    },
  };
  const of = openService(slow, { settings });
  const both = [
    of.payOrder({ orderId: late, acceptLate: true }, anyCall),
    of.payOrder({ orderId: punctual }, anyCall),
  ];
  isPunctualPayed(await both[1]);
  expect((await Promise.all(both)).map(resultOf)).toEqual(['ORDER_EXPIRED, short', 'OK']);
});
