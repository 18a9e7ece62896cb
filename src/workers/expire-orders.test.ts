/** The release of expired orders in the background. */
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { useDatabase, useRouter } from '../../test/support/database.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { quiet } from '../../test/support/quiet.ts';
import { startService } from '../../test/support/service.ts';
import { DatabaseUnavailable } from '../db/errors.ts';
import { expireOrders, findOverdue } from '../domain/orders/expire.ts';
import { OrderExpiry } from './expire-orders.ts';

const database = useDatabase();
const router = useRouter(database);

test('two services release what has ended, and the stock shows it', async () => {
  const services = [await startService(database), await startService(database)];
  const [first] = services;
  try {
    const count = async () => first?.rest.call('getStock', { sku: 1625903 });
    const before = await count();
    for (let index = 0; index < 20; index++) {
      await first?.rest.call('createOrder', { user: 1n, items: [{ sku: 1625903, count: 5 }] });
    }
    expect(await count()).not.toEqual(before);
    await database.query(
      `UPDATE orders SET created_at = now() - interval '1 day', expires_at = now() - interval '1 second'
       WHERE expires_at IS NOT NULL`,
    );
    await vi.waitFor(async () => expect(await count()).toEqual(before), { timeout: 20_000, interval: 50 });
    const { length } = await database.query("SELECT FROM orders WHERE cancel_reason = 'expired'");
    expect(length).toBe(20);
  } finally {
    for (const service of services) await service.stop();
  }
});

test('what nobody could release is not asked for again at once', async () => {
  const found = { orderIds: [1n], more: true, nextInMs: undefined };
  const early = new OrderExpiry({
    find: async () => found,
    expire: async () => 0,
    now: () => 0,
    logger: quiet,
  });
  expect(await early.runOnce()).toEqual({ released: 0 });
});

test('the next look is soon after a release; a full run is followed by a rest twice as long', async () => {
  const runOf = (more: boolean) => {
    let nowMs = 0;
    const find = async () => ({ orderIds: [1n], more, nextInMs: undefined });
    const expire = async () => {
      nowMs += 300;
      return 1;
    };
    return new OrderExpiry({ find, expire, now: () => nowMs, logger: quiet }).runOnce();
  };
  expect(await runOf(true)).toEqual({ released: 1, nextInMs: 600 });
  expect(await runOf(false)).toEqual({ released: 1, nextInMs: 100 });
});

test('an outage is no failure of the worker, which tries again soon, and any other error is', async () => {
  const failing = (error: Error) =>
    new OrderExpiry({
      find: () => Promise.reject(error),
      expire: async () => 0,
      now: () => 0,
      logger: quiet,
    });
  expect(await failing(new DatabaseUnavailable('down')).runOnce()).toEqual({ released: 0, nextInMs: 100 });
  await expect(failing(new Error('a bug')).runOnce()).rejects.toThrow('a bug');
});

/** Writes open orders of one piece of a sku each, whose reservations have ended. */
const hold = (firstId: number, lastId: number, sku: number) =>
  database.query(
    `WITH held AS (
       INSERT INTO orders (order_id, user_id, status, created_at, updated_at, expires_at)
       SELECT id, 1, 'awaiting payment', past, past, past + interval '1 hour'
       FROM generate_series($1::bigint, $2) AS id, (SELECT now() - interval '1 day' AS past) AS created
       RETURNING order_id
     ),
     stock AS (
       INSERT INTO stocks (sku, total_count, reserved) SELECT $3::bigint, count(*), count(*) FROM held
     )
     INSERT INTO order_lines SELECT order_id, $3::bigint, 1 FROM held`,
    [firstId, lastId, sku],
  );

test('orders that cannot be released hold up no other, and are tried again later', async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await hold(1, 600, 1);
  await hold(601, 602, 2);
  // Both are found first, and less is reserved than they hold.
  await database.query(
    "UPDATE orders SET expires_at = expires_at - interval '1 minute' WHERE order_id > 600",
  );
  await database.query('UPDATE stocks SET reserved = 0 WHERE sku = 2');
  const lines: Record<string, unknown>[] = [];
  const clock = manualClock();
  let runs = 0;
  const worker = new OrderExpiry({
    find: (limits, except) => router.read((db) => findOverdue(db, limits, except)),
    expire: (orderIds) => {
      runs++;
      return router.write((tx) => expireOrders(tx, orderIds));
    },
    now: clock.now,
    logger: pino({ level: 'error' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
  });
  const open = async () => {
    const rows = await database.query("SELECT order_id FROM orders WHERE status = 'awaiting payment'");
    return rows.map(({ order_id: id }) => id).sort();
  };
  expect(await worker.runOnce()).toMatchObject({ released: 498 });
  expect(lines.map(({ orderId }) => orderId)).toEqual(['601', '602']);
  runs = 0;
  expect(await worker.runOnce()).toMatchObject({ released: 102 });
  expect([runs, await open()]).toEqual([1, ['601', '602']]);
  expect(await worker.runOnce()).toEqual({ released: 0, nextInMs: undefined });
  expect(runs).toBe(1);

  await database.query('UPDATE stocks SET reserved = 2 WHERE sku = 2');
  clock.moveTo(300_000);
  expect(await worker.runOnce()).toMatchObject({ released: 2 });
  expect(await open()).toEqual([]);
});

test('where very many orders cannot be released, the worker fails', async () => {
  let id = 0n;
  const worker = new OrderExpiry({
    find: async () => ({
      orderIds: Array.from({ length: 500 }, () => ++id),
      more: true,
      nextInMs: undefined,
    }),
    expire: () => Promise.reject(new Error('permission denied')),
    now: () => 0,
    logger: quiet,
  });
  await worker.runOnce();
  await worker.runOnce();
  await expect(worker.runOnce()).rejects.toThrow('permission denied');
});

test('a reservation that was set to end before its order was created is released', async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await hold(1, 1, 1);
  await database.query("UPDATE orders SET expires_at = created_at - interval '1 hour'");
  expect(await router.write((tx) => expireOrders(tx, [1n]))).toBe(1);
  const rows = await database.query('SELECT status, updated_at = created_at AS same FROM orders');
  expect(rows).toEqual([{ status: 'cancelled', same: true }]);
});
