/** Creates that fall short take back what overdue orders hold; no worker runs here. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useLoms, useRouter } from '../../test/support/database.ts';
import { OutcomeUnknown } from '../db/errors.ts';
import type { Database } from '../db/types.ts';
import { expireOrders } from '../domain/orders/expire.ts';
import type { Outcome } from '../domain/outcome.ts';
import { Deadlines } from '../timing/deadlines.ts';

const SKU = 7;
const OTHER = 8;
const { database, router } = useLoms();
const otherRouter = useRouter(database);
const settings = { reservationTtlMs: 600_000, reservationTtlMaxMs: 3_600_000 };
const loms = openService(router, { settings, writeLanes: 2 });

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
  await database.query('INSERT INTO stocks VALUES ($1, 50, 0), ($2, 1000, 0)', [SKU, OTHER]);
});

/** Writes open orders of one line whose reservations end this much later than now. Returns their ids. */
const hold = async (orders: number, sku: number, endsInMs: number, count = 1) => {
  const rows = await database.query(
    `WITH fresh AS (SELECT nextval('order_ids') AS id FROM generate_series(1, $1::integer)),
     held AS (
       INSERT INTO orders (order_id, user_id, status, created_at, updated_at, expires_at)
       SELECT id, 1, 'awaiting payment', past, past, now() + $3 * interval '1 ms'
       FROM fresh, (SELECT now() - interval '1 day' AS past) AS created RETURNING order_id
     ),
     lines AS (INSERT INTO order_lines SELECT order_id, $2::bigint, $4::integer FROM held RETURNING count),
     summed AS (UPDATE stocks SET reserved = reserved + (SELECT sum(count) FROM lines) WHERE sku = $2)
     SELECT order_id FROM held`,
    [orders, sku, endsInMs, count],
  );
  return rows.map((row) => BigInt(row.order_id as string));
};

const create = (of = loms, items = [{ sku: SKU, count: 1 }], call = anyCall) =>
  of.createOrder({ user: 1n, items }, call);

const resultOf = (outcome: Outcome<unknown>) => (outcome.ok ? 'OK' : outcome.refusal.reason);

const countOf = (outcomes: readonly Outcome<unknown>[], result: string) =>
  outcomes.filter((outcome) => resultOf(outcome) === result).length;

/** The reserved pieces of both skus, and whether they are those of the open orders. */
const books = async () => {
  const rows = await database.query(
    `SELECT stocks.sku, reserved, coalesce(sum(count), 0) AS held
     FROM stocks LEFT JOIN (order_lines JOIN orders USING (order_id)) AS lines
       ON lines.sku = stocks.sku AND status = 'awaiting payment'
     GROUP BY stocks.sku ORDER BY stocks.sku`,
  );
  for (const { reserved, held } of rows) expect(reserved).toBe(held);
  return rows.map(({ reserved }) => Number(reserved));
};

/** The database, with the number of its transactions and reads. */
const counted = (of: Database = router) => {
  const calls = { writes: 0, reads: 0 };
  const db: Database = {
    write: (work) => {
      calls.writes++;
      return of.write(work);
    },
    read: (work) => {
      calls.reads++;
      return of.read(work);
    },
  };
  return { calls, loms: openService(db, { settings }) };
};

test('of 200 callers for a sold-out sku whose 50 holds end now exactly 50 get one', async () => {
  await hold(50, SKU, -1);
  const instances = [loms, openService(otherRouter, { settings, writeLanes: 2, batchMax: 30 })];
  const call = (index: number) => ({ ...anyCall, idempotencyKey: `caller ${index}` });
  const all = () =>
    Promise.all(Array.from({ length: 200 }, (_, i) => create(instances[i % 2], undefined, call(i))));
  const outcomes = await all();
  expect([countOf(outcomes, 'OK'), countOf(outcomes, 'INSUFFICIENT_STOCK')]).toEqual([50, 150]);
  expect(await books()).toEqual([50, 0]);
  expect(await all()).toEqual(outcomes.map((outcome) => ({ ...outcome, replayed: true })));
});

test('a hold that ends later is not taken, and overdue ones only as far as pieces are missing', async () => {
  await hold(20, SKU, 60_000);
  const overdue = await hold(3, SKU, -1_000, 10);
  expect(resultOf(await create(loms, [{ sku: SKU, count: 15 }]))).toBe('OK');
  const statuses = await database.query(
    'SELECT status, cancel_reason FROM orders WHERE order_id = ANY($1) ORDER BY order_id',
    [overdue],
  );
  const expired = { status: 'cancelled', cancel_reason: 'expired' };
  expect(statuses).toEqual([expired, expired, { status: 'awaiting payment', cancel_reason: null }]);
  expect(resultOf(await create(loms, [{ sku: SKU, count: 16 }]))).toBe('INSUFFICIENT_STOCK');
  expect(await books()).toEqual([35, 0]);
});

test('an order is run in its batch: the others keep theirs, in the order of their arrival', async () => {
  await hold(5, SKU, -1, 10);
  const lines = [
    [{ sku: OTHER, count: 1 }],
    [{ sku: SKU, count: 50 }],
    [{ sku: SKU, count: 1 }],
    [
      { sku: SKU, count: 1 },
      { sku: OTHER, count: 1 },
    ],
  ];
  const outcomes = await Promise.all(lines.map((items) => create(loms, items)));
  expect(outcomes.map(resultOf)).toEqual(['OK', 'OK', 'INSUFFICIENT_STOCK', 'INSUFFICIENT_STOCK']);
  expect(await books()).toEqual([50, 1]);
});

describe('the search', () => {
  test('is not made for orders that are not short, nor where open orders hold too little', async () => {
    const { calls, loms: of } = counted();
    await hold(10, SKU, -1);
    expect(resultOf(await create(of))).toBe('OK');
    expect(resultOf(await create(of, [{ sku: SKU, count: 51 }]))).toBe('INSUFFICIENT_STOCK');
    expect(resultOf(await create(of, [{ sku: 9, count: 1 }]))).toBe('INSUFFICIENT_STOCK');
    // What the orders of the same batch hold was not there before.
    const all = [{ sku: OTHER, count: 1_000 }];
    expect((await Promise.all([create(of, all), create(of, all)])).map(resultOf)).toEqual([
      'OK',
      'INSUFFICIENT_STOCK',
    ]);
    expect(calls).toEqual({ writes: 4, reads: 0 });
  });

  test('is made once where nothing is overdue', async () => {
    const { calls, loms: of } = counted();
    await hold(50, SKU, 60_000);
    expect(resultOf(await create(of))).toBe('INSUFFICIENT_STOCK');
    expect(calls).toEqual({ writes: 2, reads: 1 });
  });

  test('begins on the primary', async () => {
    await hold(50, SKU, 60_000);
    const asked: unknown[] = [];
    const of = openService(
      {
        write: (work) => router.write(work),
        read: (work, options) => {
          asked.push(options);
          return router.read(work, options);
        },
      },
      { settings },
    );
    await create(of);
    expect(asked).toEqual([{ primaryFirst: true }]);
  });

  test('goes on through a backlog of orders of other skus', async () => {
    await database.query('UPDATE stocks SET total_count = 100000 WHERE sku = $1', [OTHER]);
    await hold(4_500, OTHER, -60_000);
    await hold(50, SKU, -1_000);
    expect(resultOf(await create(loms, [{ sku: SKU, count: 50 }]))).toBe('OK');
    expect(await books()).toEqual([50, 4_500]);
  });

  test('is repeated, a limited number of times, where others take what it has freed', async () => {
    await hold(50, SKU, -1);
    let rivals = 0;
    // Before each run a rival takes a piece, which the search before has freed.
    const { calls, loms: of } = counted({
      read: (work) => router.read(work),
      write: async (work) => {
        if (rivals++ > 0)
          await database.query('UPDATE stocks SET total_count = reserved WHERE sku = $1', [SKU]);
        return router.write(work);
      },
    });
    expect(resultOf(await create(of))).toBe('INSUFFICIENT_STOCK');
    // Four runs, and a search and a release before all but the first.
    expect(calls).toEqual({ writes: 7, reads: 6 });
    expect(await books()).toEqual([47, 0]);
  });
});

test('a request that expires during the search is left out of the next run', async () => {
  await hold(50, SKU, -1);
  let nowMs = 1_000;
  const slow: Database = {
    write: (work) => router.write(work),
    read: (work) => {
      nowMs += 1_000;
      return router.read(work);
    },
  };
  const of = openService(slow, { settings, deadlines: new Deadlines(() => nowMs) });
  const [late, inTime] = await Promise.all([
    create(of, undefined, { ...anyCall, deadlineMs: 1_500 }),
    create(of),
  ]);
  expect([resultOf(late), resultOf(inTime)]).toEqual(['DEADLINE_EXCEEDED', 'OK']);
  expect((await books())[0]).toBeLessThanOrEqual(50);
});

test('a request whose deadline passes during the search had no effect: DEADLINE_EXCEEDED', async () => {
  await hold(50, SKU, -1);
  const deadlines = new Deadlines();
  let answered: Promise<unknown> = Promise.resolve();
  const stuck: Database = {
    write: (work) => router.write(work),
    read: async (work) => {
      await answered;
      return router.read(work);
    },
  };
  const of = openService(stuck, { settings, deadlines });
  const late = create(of, undefined, { ...anyCall, deadlineMs: deadlines.now() + 100 });
  answered = late;
  const inTime = create(of);
  expect([await late, await inTime].map(resultOf)).toEqual(['DEADLINE_EXCEEDED', 'OK']);
  // Two pieces were released, and one of them was taken again.
  expect(await books()).toEqual([49, 0]);
});

test('an order that cannot be released holds up no other: its goods alone are missing', async () => {
  const [broken] = await hold(1, SKU, -2);
  await hold(49, SKU, -1);
  // It holds pieces of another sku, of which none are reserved.
  await database.query('INSERT INTO order_lines VALUES ($1, $2, 3)', [broken, OTHER]);
  const all = Array.from({ length: 50 }, () => create());
  const outcomes = await Promise.all(all);
  expect([countOf(outcomes, 'OK'), countOf(outcomes, 'INSUFFICIENT_STOCK')]).toEqual([49, 1]);
});

test('a release whose outcome is unknown is no unknown outcome of the create', async () => {
  await hold(50, SKU, -1);
  let writes = 0;
  const flaky: Database = {
    read: (work) => router.read(work),
    write: async (work) => {
      const result = await router.write(work);
      if (++writes === 2) throw new OutcomeUnknown('the answer to COMMIT was lost');
      return result;
    },
  };
  const of = openService(flaky, { settings });
  expect(resultOf(await create(of))).toBe('DATABASE_UNAVAILABLE');
  expect(resultOf(await create(of))).toBe('OK');
});

test('with pay, extend, cancel and the worker at the moment of the end the books balance', async () => {
  const acts = fc.array(fc.constantFrom('create', 'pay', 'extend', 'cancel', 'expire'), {
    minLength: 3,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(acts, fc.integer({ min: -3, max: 8 }), async (each, endsInMs) => {
      await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
      await database.query('INSERT INTO stocks VALUES ($1, 2, 0), ($2, 0, 0)', [SKU, OTHER]);
      const [orderId = 0n] = await hold(1, SKU, endsInMs, 2);
      const outcomes = await Promise.all(
        each.map(async (act) => {
          if (act === 'create') return resultOf(await create());
          if (act === 'pay') return resultOf(await loms.payOrder({ orderId }, anyCall));
          if (act === 'cancel') return resultOf(await loms.cancelOrder({ orderId }, anyCall));
          if (act === 'expire') return String(await router.write((tx) => expireOrders(tx, [orderId])));
          return resultOf(await loms.extendOrder({ orderId, ttlSeconds: 60 }, anyCall));
        }),
      );
      await books();
      const of = (name: string) => outcomes.filter((_, index) => each[index] === name);
      const granted = of('create').filter((outcome) => outcome === 'OK').length;
      // The pieces are payed for, still held, or free for two creates.
      if (of('pay').includes('OK')) expect(granted).toBe(0);
      expect(granted).toBeLessThanOrEqual(2);
      const [row] = await database.query(
        'SELECT expires_at <= now() AS over FROM orders WHERE order_id = $1',
        [orderId],
      );
      if (row?.over === true && !of('pay').includes('OK'))
        expect(resultOf(await create())).toBe(granted < 2 ? 'OK' : 'INSUFFICIENT_STOCK');
    }),
    { numRuns: 30 },
  );
});
