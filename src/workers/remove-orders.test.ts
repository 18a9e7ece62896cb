/** Removal of old failed and cancelled orders: which ones, in which steps, and by several instances. */
import { beforeEach, describe, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useDatabase, useRouter } from '../../test/support/database.ts';
import { quiet } from '../../test/support/quiet.ts';
import { startService } from '../../test/support/service.ts';
import type { OrderStatus } from '../domain/orders/order.ts';
import { type RemovalWindow, removeOrders } from '../domain/orders/remove.ts';
import { orderDelete } from '../generated/sql/orders.ts';
import { OrderRemoval, RUN_LINES_MAX } from './remove-orders.ts';

const database = useDatabase();
const router = useRouter(database);
const loms = openService(router);

const RETENTION_MS = 7 * 86_400_000;

beforeEach(async () => {
  await database.query('TRUNCATE order_lines, orders, idempotency_keys');
  await database.query('ALTER SEQUENCE order_ids RESTART');
});

const remove = (window: RemovalWindow) => router.write((tx) => removeOrders(tx, window));
const openRemoval = (step: OrderRemovalStep = remove) =>
  new OrderRemoval({ retentionMs: RETENTION_MS, remove: step, logger: quiet });

type OrderRemovalStep = typeof remove;

/** Runs a pass to its end. Returns how many orders each of its runs removed. */
async function pass(removal: OrderRemoval): Promise<number[]> {
  const removed: number[] = [];
  for (let more = true; more; ) {
    const run = await removal.runOnce();
    removed.push(run.removed);
    more = run.more;
  }
  return removed;
}

/**
 * Inserts orders directly, with the next ids: the database's clock cannot be moved, and as many requests
 * would take too long.
 *
 * @param changedDays how many days ago each changed the last time, if that was not when it was created.
 */
async function insert(
  count: number,
  status: OrderStatus,
  createdDays: number,
  { changedDays = createdDays, lines = 1 } = {},
): Promise<void> {
  await database.query(
    `WITH inserted AS (
       INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
       SELECT nextval('order_ids'), 1, $2,
         now() - $3::float8 * interval '1 day', now() - $4::float8 * interval '1 day'
       FROM generate_series(1, $1::int)
       RETURNING order_id
     )
     INSERT INTO order_lines (order_id, sku, count)
     SELECT order_id, sku, 1 FROM inserted, generate_series(1, $5::int) AS sku`,
    [count, status, createdDays, changedDays, lines],
  );
}

const idsLeft = async () =>
  (await database.query('SELECT order_id FROM orders ORDER BY order_id')).map((row) => Number(row.order_id));
const linesLeft = async () => Number((await database.query('SELECT count(*) FROM order_lines'))[0]?.count);

describe('which orders', () => {
  test('old failed and cancelled ones with their lines; payed and open ones are kept', async () => {
    for (const days of [7.01, 6.99]) {
      for (const status of ['failed', 'cancelled', 'payed', 'awaiting payment'] as const) {
        await insert(1, status, days, { lines: 3 });
      }
    }
    expect(await pass(openRemoval())).toEqual([2]);
    expect(await idsLeft()).toEqual([3, 4, 5, 6, 7, 8]);
    expect(await linesLeft()).toBe(6 * 3);
    const gone = { ok: false, refusal: { reason: 'ORDER_NOT_FOUND' } };
    for (const id of [1n, 2n]) {
      expect(await loms.getOrder(id, anyCall)).toMatchObject(gone);
      expect(await loms.payOrder({ orderId: id }, anyCall)).toMatchObject(gone);
      expect(await loms.cancelOrder({ orderId: id }, anyCall)).toMatchObject(gone);
    }
    expect(await loms.getOrder(3n, anyCall)).toMatchObject({ ok: true, value: { status: 'payed' } });
  });

  test('the retention counts from the last change', async () => {
    await insert(1, 'cancelled', 30, { changedDays: 6.99 });
    await insert(1, 'cancelled', 30, { changedDays: 7.01 });
    expect(await pass(openRemoval())).toEqual([1]);
    expect(await idsLeft()).toEqual([1]);
  });

  test('an idempotency key that is kept for the longest time never ends after its order', async () => {
    const keyed = openService(router, { settings: { idempotencyRetentionMs: RETENTION_MS } });
    const request = { user: 1n, items: [{ sku: 4_000_000_000, count: 1 }] };
    const call = { ...anyCall, idempotencyKey: 'k' };
    const first = await keyed.createOrder(request, call);
    const lasts = `SELECT FROM idempotency_keys AS kept JOIN orders ON orders.order_id = kept.order_id
      WHERE kept.expires_at <= orders.updated_at + make_interval(secs => $1)`;
    expect(await database.query(lasts, [RETENTION_MS / 1_000])).toHaveLength(1);
    // A minute before the end of both.
    const ages = "created_at - interval '7 days' + interval '1 minute'";
    await database.query(`UPDATE orders SET created_at = ${ages}, updated_at = ${ages}`);
    expect(await pass(openRemoval())).toEqual([0]);
    expect(await keyed.createOrder(request, call)).toEqual({ ...first, replayed: true });
    expect(await idsLeft()).toEqual([1]);
  });

  test('the statement that removes orders keeps those that are not final, whatever ids it gets', async () => {
    await insert(1, 'awaiting payment', 30);
    await database.query('DELETE FROM order_lines');
    const asked = { orderIds: [1n], statuses: ['failed', 'cancelled'] };
    const deleted = await router.write(async (tx) => {
      return { writes: [], result: await orderDelete.run(asked, tx) };
    });
    expect([deleted, await idsLeft()]).toEqual([[], [1]]);
  });
});

describe('the walk', () => {
  /** A removal in windows of two orders, and the ids behind which they begin. */
  function inTwos(): { removal: OrderRemoval; begins: bigint[] } {
    const begins: bigint[] = [];
    const removal = openRemoval((window) => {
      begins.push(window.after);
      return remove({ ...window, ordersMax: 2 });
    });
    return { removal, begins };
  }

  test('looks at old payed orders once, and begins again where one may become removable', async () => {
    await insert(6, 'payed', 30);
    await insert(1, 'awaiting payment', 30);
    await insert(2, 'payed', 30);
    const { removal, begins } = inTwos();
    await pass(removal);
    expect(begins.splice(0)).toEqual([0n, 2n, 4n, 6n, 8n]);
    await database.query("UPDATE orders SET status = 'cancelled' WHERE order_id = 7");
    expect(await pass(removal)).toEqual([1, 0]);
    expect(begins.splice(0)).toEqual([6n, 8n]);
    expect(await pass(removal)).toEqual([0]);
    expect(begins).toEqual([9n]);
  });

  test('ends at the first window whose orders were all created too recently', async () => {
    await insert(2, 'cancelled', 30, { changedDays: 1 });
    await insert(2, 'failed', 30);
    await insert(6, 'failed', 1);
    const { removal, begins } = inTwos();
    expect(await pass(removal)).toEqual([0, 2, 0]);
    expect(begins.splice(0)).toEqual([0n, 2n, 4n]);
    await pass(removal);
    expect(begins).toEqual([0n, 2n]);
  });

  test('comes back for an order that was committed after its window was read', async () => {
    await insert(1, 'payed', 30);
    await database.query("SELECT nextval('order_ids')");
    await insert(1, 'payed', 1);
    const { removal } = inTwos();
    expect(await pass(removal)).toEqual([0, 0]);
    await database.query('ALTER SEQUENCE order_ids RESTART WITH 2');
    await insert(1, 'failed', 8);
    expect((await pass(removal)).reduce((sum, removed) => sum + removed)).toBe(1);
    expect(await idsLeft()).toEqual([1, 3]);
  });

  test('an empty table is a pass', async () => {
    const removal = openRemoval();
    expect(await removal.runOnce()).toEqual({ removed: 0, more: false });
    await insert(1, 'failed', 8);
    expect(await removal.runOnce()).toEqual({ removed: 1, more: false });
  });
});

describe('a run', () => {
  test('is bounded by lines: orders of 1,000 lines are removed nine at a time', async () => {
    await insert(20, 'failed', 8, { lines: 1_000 });
    let most = 0;
    const removal = openRemoval(async (window) => {
      const before = await linesLeft();
      const removed = await remove(window);
      most = Math.max(most, before - (await linesLeft()));
      return removed;
    });
    expect(await pass(removal)).toEqual([9, 9, 2]);
    expect(most).toBeLessThan(RUN_LINES_MAX);
    expect([await idsLeft(), await linesLeft()]).toEqual([[], 0]);
  });

  test('removes an order that alone has more lines than a run may', async () => {
    await insert(2, 'failed', 8, { lines: 5 });
    expect(await pass(openRemoval((window) => remove({ ...window, linesMax: 3 })))).toEqual([1, 1]);
    expect(await linesLeft()).toBe(0);
  });

  test('that fails in the middle removes nothing, and the next one does the same again', async () => {
    await insert(3, 'failed', 8);
    let fails = true;
    const removal = openRemoval((window) =>
      router.write(async (tx) => {
        const plan = await removeOrders(tx, window);
        if (fails) throw new Error('crash');
        return plan;
      }),
    );
    await expect(removal.runOnce()).rejects.toThrow('crash');
    expect([await idsLeft(), await linesLeft()]).toEqual([[1, 2, 3], 3]);
    fails = false;
    expect(await removal.runOnce()).toEqual({ removed: 3, more: false });
  });

  test('of instances that run at the same time every order is removed, and none counted twice', async () => {
    await insert(2_500, 'failed', 8);
    await insert(2_500, 'payed', 8);
    const passes = await Promise.all([pass(openRemoval()), pass(openRemoval()), pass(openRemoval())]);
    expect(passes.flat().reduce((sum, removed) => sum + removed)).toBe(2_500);
    expect([(await idsLeft()).length, await linesLeft()]).toEqual([2_500, 2_500]);
  });
});

describe('the service', () => {
  /** Starts the service beside an order of a month ago, and waits until its workers have run. */
  async function ordersAfterStart(settings: Record<string, string>): Promise<number[]> {
    await insert(1, 'failed', 30);
    await insert(1, 'payed', 30);
    await database.query(
      `INSERT INTO idempotency_keys (caller, key, request_hash, created_at, expires_at, order_id)
       VALUES ('', 'ended', sha256(''), now(), now(), 1)`,
    );
    const service = await startService(database, settings);
    try {
      await expect.poll(() => database.query('SELECT FROM idempotency_keys')).toEqual([]);
      if (settings.ORDER_RETENTION_MS) await expect.poll(idsLeft).toEqual([2]);
    } finally {
      // It waits for a run that has begun.
      await service.stop();
    }
    return idsLeft();
  }

  test('removes old orders at start where it is configured', async () => {
    expect(await ordersAfterStart({ ORDER_RETENTION_MS: String(RETENTION_MS) })).toEqual([2]);
  });

  test('removes none by default', async () => {
    expect(await ordersAfterStart({})).toEqual([1, 2]);
  });
});
