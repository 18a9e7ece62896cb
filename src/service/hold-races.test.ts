/**
 * A transaction decides by the time at which it began. Here one begins before the end of a reservation and
 * commits after it, and a request that began after the end waits for it.
 */
import { beforeEach, expect, test, vi } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, testSettings, useLoms } from '../../test/support/database.ts';
import type { Plan, Queryable, Rollback } from '../db/types.ts';
import { ANONYMOUS } from '../domain/call.ts';
import { cancelOrders } from '../domain/orders/cancel.ts';
import { expireOrders } from '../domain/orders/expire.ts';
import { extendOrders } from '../domain/orders/extend.ts';
import { payOrders } from '../domain/orders/pay.ts';
import type { Outcome } from '../domain/outcome.ts';

const SKU = 7;
const { database, router } = useLoms();
const settings = { ...testSettings, reservationTtlMs: 600_000 };
const actor = ANONYMOUS;
const loms = openService(router, { settings });

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await database.query('INSERT INTO stocks VALUES ($1, 1000, 0)', [SKU]);
});

type Work = (tx: Queryable, orderId: bigint) => Promise<Plan<unknown> | Rollback<unknown>>;

const firsts: Record<'pay' | 'cancel' | 'extend', Work> = {
  pay: (tx, orderId) => payOrders(tx, [{ orderId, actor }], settings),
  cancel: (tx, orderId) => cancelOrders(tx, [{ orderId, actor }]),
  extend: (tx, orderId) => extendOrders(tx, [{ orderId, ttlSeconds: 3_000 }], settings),
};

const resultOf = (outcome: Outcome<unknown>) => (outcome.ok ? 'OK' : outcome.refusal.reason);

const seconds = {
  pay: async (orderId: bigint) => resultOf(await loms.payOrder({ orderId }, anyCall)),
  cancel: async (orderId: bigint) => resultOf(await loms.cancelOrder({ orderId }, anyCall)),
  extend: async (orderId: bigint) =>
    resultOf(await loms.extendOrder({ orderId, ttlSeconds: 3_000 }, anyCall)),
  expire: async (orderId: bigint) => `${await router.write((tx) => expireOrders(tx, [orderId]))} released`,
};

const createOrder = async (): Promise<bigint> => {
  const outcome = await loms.createOrder({ user: 1n, items: [{ sku: SKU, count: 2 }] }, anyCall);
  if (!outcome.ok) throw new Error(outcome.refusal.reason);
  return outcome.value.orderId;
};

/** Resolves when a session waits for the transaction of another. */
const sessionWaits = () =>
  vi.waitFor(async () => {
    const waiting = `SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event = 'transactionid'`;
    expect(await database.query(waiting)).toHaveLength(1);
  });

/** Runs the first across the end of the order's reservation, and the second from after the end. */
async function race(
  orderId: bigint,
  first: keyof typeof firsts,
  second: keyof typeof seconds,
  commits: boolean,
) {
  let answer: Promise<string> | undefined;
  const transaction = router.write(async (tx) => {
    await tx.query('SELECT', []);
    await database.query('UPDATE orders SET expires_at = clock_timestamp()');
    const plan = await firsts[first](tx, orderId);
    if ('writes' in plan) await Promise.all(plan.writes);
    answer = seconds[second](orderId);
    await sessionWaits();
    if (!commits) throw new Error('rolled back');
    return plan;
  });
  await transaction.catch((error: Error) => expect(error.message).toBe('rolled back'));
  return answer;
}

/** The status in the table, its reason, and the stock. */
const stored = async () => {
  const [row] = await database.query(
    `SELECT concat_ws(' ', status, cancel_reason, total_count || '/' || reserved) AS stored
     FROM orders, stocks`,
  );
  return row?.stored;
};

test.each([
  ['pay', 'pay', 'OK', 'payed 998/0'],
  ['pay', 'cancel', 'ORDER_NOT_CANCELLABLE', 'payed 998/0'],
  ['pay', 'extend', 'ORDER_NOT_EXTENDABLE', 'payed 998/0'],
  ['pay', 'expire', '0 released', 'payed 998/0'],
  ['cancel', 'pay', 'ORDER_NOT_PAYABLE', 'cancelled requested 1000/0'],
  ['cancel', 'cancel', 'OK', 'cancelled requested 1000/0'],
  ['cancel', 'extend', 'ORDER_NOT_EXTENDABLE', 'cancelled requested 1000/0'],
  ['cancel', 'expire', '0 released', 'cancelled requested 1000/0'],
  ['extend', 'pay', 'OK', 'payed 998/0'],
  ['extend', 'cancel', 'OK', 'cancelled requested 1000/0'],
  ['extend', 'extend', 'OK', 'awaiting payment 1000/2'],
  ['extend', 'expire', '0 released', 'awaiting payment 1000/2'],
] as const)('of %s before the end, and then %s, both are true: %s', async (first, second, answer, end) => {
  const orderId = await createOrder();
  expect([await race(orderId, first, second, true), await stored()]).toEqual([answer, end]);
});

test.each([
  ['pay', 'ORDER_EXPIRED'],
  ['cancel', 'OK'],
  ['extend', 'ORDER_EXPIRED'],
  ['expire', '1 released'],
] as const)(
  'where the first is rolled back, %s finds the order expired, and releases it',
  async (second, answer) => {
    const orderId = await createOrder();
    expect(await race(orderId, 'pay', second, false)).toBe(answer);
    expect(await stored()).toBe('cancelled expired 1000/0');
    const again = await Promise.all([seconds.pay(orderId), seconds.cancel(orderId), seconds.extend(orderId)]);
    expect([...again, await stored()]).toEqual([
      'ORDER_EXPIRED',
      'OK',
      'ORDER_EXPIRED',
      'cancelled expired 1000/0',
    ]);
  },
);

test('an answer about an overdue order that nobody released rests on its release', async () => {
  for (const [second, answer] of [
    ['pay', 'ORDER_EXPIRED'],
    ['cancel', 'OK'],
    ['extend', 'ORDER_EXPIRED'],
  ] as const) {
    await database.query('TRUNCATE order_lines, orders');
    const orderId = await createOrder();
    await database.query('UPDATE orders SET expires_at = clock_timestamp()');
    expect([await seconds[second](orderId), await stored()]).toEqual([answer, 'cancelled expired 1000/0']);
  }
});
