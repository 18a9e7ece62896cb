/** The five operations on a real database, by one client and by many. */
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openRouter, openService, useLoms } from '../../test/support/database.ts';
import { MustSplit } from '../db/types.ts';
import type { Line } from '../domain/orders/order.ts';
import { readOrders } from '../domain/orders/read.ts';
import type { Outcome } from '../domain/outcome.ts';

const { database, router, loms } = useLoms();
beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
});

async function stock(...rows: [sku: number, total: number, reserved: number][]): Promise<void> {
  for (const row of rows) await database.query('INSERT INTO stocks VALUES ($1, $2, $3)', row);
}

async function stockOf(sku: number): Promise<string> {
  const [row] = await database.query('SELECT total_count, reserved FROM stocks WHERE sku = $1', [sku]);
  return `${row?.total_count}/${row?.reserved}`;
}

const create = (...items: [sku: number, count: number][]) =>
  loms.createOrder({ user: 1n, items: items.map(([sku, count]): Line => ({ sku, count })) }, anyCall);

const idOf = (outcome: Outcome<{ orderId: bigint }>) => {
  if (outcome.ok) return outcome.value.orderId;
  const { detail } = outcome.refusal;
  if (detail?.type !== 'InsufficientStock') throw new Error(`no order: ${outcome.refusal.reason}`);
  return detail.orderId;
};

const resultOf = (outcome: Outcome<unknown>) => (outcome.ok ? 'OK' : outcome.refusal.reason);

const statusOf = async (orderId: bigint) => {
  const outcome = await loms.getOrder(orderId, anyCall);
  return outcome.ok ? outcome.value.status : outcome.refusal.reason;
};

test('an order with enough stock awaits payment and reserves it', async () => {
  await stock([7, 10, 2], [8, 5, 0]);
  const orderId = idOf(await create([8, 5], [7, 3]));
  const order = await loms.getOrder(orderId, anyCall);
  const items = [
    { sku: 7, count: 3 },
    { sku: 8, count: 5 },
  ];
  expect(order).toMatchObject({ ok: true, value: { orderId, user: 1n, status: 'awaiting payment', items } });
  expect([await stockOf(7), await stockOf(8)]).toEqual(['10/5', '5/5']);
});

test('an order with short lines is kept as failed, reserves nothing and lists every short line', async () => {
  await stock([7, 10, 8], [8, 5, 0]);
  const outcome = await create([7, 3], [8, 5], [9, 1]);
  expect(outcome).toMatchObject({
    ok: false,
    refusal: {
      reason: 'INSUFFICIENT_STOCK',
      detail: {
        shortages: [
          { sku: 7, requested: 3, available: 2n },
          { sku: 9, requested: 1, available: 0n },
        ],
      },
    },
  });
  expect(await statusOf(idOf(outcome))).toBe('failed');
  expect([await stockOf(7), await stockOf(8)]).toEqual(['10/8', '5/0']);
});

test('paying removes the goods from the stock once, for any number of pay requests', async () => {
  await stock([7, 10, 2]);
  const id = idOf(await create([7, 3]));
  const outcomes = [
    await loms.payOrder({ orderId: id }, anyCall),
    await loms.payOrder({ orderId: id }, anyCall),
  ];
  const together = await Promise.all([
    loms.payOrder({ orderId: id }, anyCall),
    loms.payOrder({ orderId: id }, anyCall),
  ]);
  expect([...outcomes, ...together].map(resultOf)).toEqual(['OK', 'OK', 'OK', 'OK']);
  expect([await statusOf(id), await stockOf(7)]).toEqual(['payed', '7/2']);
});

test('cancelling releases the goods once, for any number of cancel requests', async () => {
  await stock([7, 10, 2]);
  const id = idOf(await create([7, 3]));
  const outcomes = await Promise.all([
    loms.cancelOrder({ orderId: id }, anyCall),
    loms.cancelOrder({ orderId: id }, anyCall),
  ]);
  expect([...outcomes, await loms.cancelOrder({ orderId: id }, anyCall)].map(resultOf)).toEqual([
    'OK',
    'OK',
    'OK',
  ]);
  expect([await statusOf(id), await stockOf(7)]).toEqual(['cancelled', '10/2']);
});

test('a payed order cannot be cancelled, nor a cancelled one payed', async () => {
  await stock([7, 10, 0]);
  const [payed, cancelled] = [idOf(await create([7, 1])), idOf(await create([7, 1]))];
  await Promise.all([
    loms.payOrder({ orderId: payed }, anyCall),
    loms.cancelOrder({ orderId: cancelled }, anyCall),
  ]);
  const outcomes = [
    await loms.cancelOrder({ orderId: payed }, anyCall),
    await loms.payOrder({ orderId: cancelled }, anyCall),
  ];
  expect(outcomes).toMatchObject([
    { ok: false, refusal: { reason: 'ORDER_NOT_CANCELLABLE', metadata: { status: 'payed' } } },
    { ok: false, refusal: { reason: 'ORDER_NOT_PAYABLE', metadata: { status: 'cancelled' } } },
  ]);
  expect(await stockOf(7)).toBe('9/0');
});

test('a batch writes every order that it answers for, also those that it does not change', async () => {
  await stock([7, 10, 0]);
  const ids = [];
  for (let count = 0; count < 3; count++) ids.push(idOf(await create([7, 1])));
  const [payed, cancelled, open] = ids as [bigint, bigint, bigint];
  await Promise.all([
    loms.payOrder({ orderId: payed }, anyCall),
    loms.cancelOrder({ orderId: cancelled }, anyCall),
  ]);
  const versions = () =>
    database.query('SELECT order_id, xmin::text AS writer, status, updated_at FROM orders ORDER BY order_id');
  const before = await versions();
  const outcomes = await Promise.all(
    [payed, cancelled, open, 9_999n].map((id) => loms.payOrder({ orderId: id }, anyCall)),
  );
  expect(outcomes.map(resultOf)).toEqual(['OK', 'ORDER_NOT_PAYABLE', 'OK', 'ORDER_NOT_FOUND']);
  const after = await versions();
  expect(new Set(after.map(({ writer }) => writer)).size).toBe(1);
  expect(after[0]?.writer).not.toBe(before[0]?.writer);
  const unchanged = ({ status, updated_at }: Record<string, unknown>) => ({ status, updated_at });
  expect(after.slice(0, 2).map(unchanged)).toEqual(before.slice(0, 2).map(unchanged));
});

test('pay and cancel of a failed order are refused and leave the stock unchanged', async () => {
  await stock([7, 10, 4]);
  const id = idOf(await create([7, 7]));
  expect(resultOf(await loms.cancelOrder({ orderId: id }, anyCall))).toBe('ORDER_NOT_CANCELLABLE');
  expect(resultOf(await loms.payOrder({ orderId: id }, anyCall))).toBe('ORDER_NOT_PAYABLE');
  expect([await statusOf(id), await stockOf(7)]).toEqual(['failed', '10/4']);
});

test('lines with the same sku are merged, so that together they cannot oversell', async () => {
  await stock([7, 5, 0]);
  expect(resultOf(await create([7, 3], [7, 3]))).toBe('INSUFFICIENT_STOCK');
  const id = idOf(await create([7, 2], [7, 3]));
  expect(await loms.getOrder(id, anyCall)).toMatchObject({ value: { items: [{ sku: 7, count: 5 }] } });
  expect(await stockOf(7)).toBe('5/5');
});

test('an order for an unknown sku is kept as failed with all its lines', async () => {
  await stock([7, 5, 0]);
  const id = idOf(await create([7, 1], [424242, 1]));
  expect(await loms.getOrder(id, anyCall)).toMatchObject({
    value: { status: 'failed', items: [{ sku: 7 }, { sku: 424242 }] },
  });
  expect(await stockOf(7)).toBe('5/0');
});

test('when pay races cancel, exactly one wins, and the stock matches it', async () => {
  await stock([7, 1000, 0]);
  const ids = await Promise.all(Array.from({ length: 200 }, async () => idOf(await create([7, 1]))));
  const other = openService(router, { batchMax: 7 });
  const races = await Promise.all(
    ids.map((id, index) => {
      const [payer, canceller] = index % 2 === 0 ? [loms, other] : [other, loms];
      return Promise.all([
        payer.payOrder({ orderId: id }, anyCall),
        canceller.cancelOrder({ orderId: id }, anyCall),
      ]);
    }),
  );
  const winners = races.map(([pay, cancel]) => `${resultOf(pay)} ${resultOf(cancel)}`);
  expect(new Set(winners)).toEqual(new Set(['OK ORDER_NOT_CANCELLABLE', 'ORDER_NOT_PAYABLE OK']));
  const payed = winners.filter((winner) => winner.startsWith('OK')).length;
  const statuses = await Promise.all(ids.map(statusOf));
  expect(statuses.filter((status) => status === 'payed')).toHaveLength(payed);
  expect(await stockOf(7)).toBe(`${1000 - payed}/0`);
});

test('orders with the same skus in opposite order never deadlock, in one batch or in several', async () => {
  await stock([7, 100_000, 0], [8, 100_000, 0]);
  const otherRouter = openRouter(database);
  await otherRouter.check();
  const other = openService(otherRouter, { batchMax: 3, writeLanes: 4 });
  const orders = Array.from({ length: 200 }, (_, index) => {
    const items =
      index % 2 === 0
        ? [
            { sku: 7, count: 1 },
            { sku: 8, count: 1 },
          ]
        : [
            { sku: 8, count: 1 },
            { sku: 7, count: 1 },
          ];
    return (index % 3 === 0 ? loms : other).createOrder({ user: 1n, items }, anyCall);
  });
  expect(new Set((await Promise.all(orders)).map(resultOf))).toEqual(new Set(['OK']));
  expect([await stockOf(7), await stockOf(8)]).toEqual(['100000/200', '100000/200']);
  // A deadlock would be retried and not show in the replies; the server counts it when a session ends.
  await otherRouter.stop();
  const counted = await database.query(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(counted).toEqual([{ deadlocks: '0' }]);
});

test('200 concurrent creates of 1 on a sku with 50: exactly 50 succeed and 150 are refused', async () => {
  await stock([7, 60, 10]);
  const outcomes = (await Promise.all(Array.from({ length: 200 }, () => create([7, 1])))).map(resultOf);
  expect(outcomes.filter((result) => result === 'OK')).toHaveLength(50);
  expect(outcomes.filter((result) => result === 'INSUFFICIENT_STOCK')).toHaveLength(150);
  expect(await loms.getStock(7, anyCall)).toEqual({ ok: true, value: { count: 0n } });
});

test('order ids increase with creation, and a failed order uses one', async () => {
  await stock([7, 2, 0]);
  const ids = [];
  for (let index = 0; index < 4; index++) ids.push(idOf(await create([7, 1])));
  expect(ids).toEqual([...ids].sort((a, b) => Number(a - b)));
  expect(new Set(ids).size).toBe(4);
});

test('user 9007199254740993 is returned digit for digit', async () => {
  await stock([7, 1, 0]);
  const created = await loms.createOrder({ user: 9007199254740993n, items: [{ sku: 7, count: 1 }] }, anyCall);
  expect(await loms.getOrder(idOf(created), anyCall)).toMatchObject({ value: { user: 9007199254740993n } });
});

test('orders with more lines than a batch may have are read and changed in several batches', async () => {
  await database.query(
    `INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
     SELECT id, 1, 'awaiting payment', now(), now() FROM generate_series(900001, 900022) AS id`,
  );
  await database.query(
    `INSERT INTO order_lines SELECT id, sku, 1
     FROM generate_series(900001, 900022) AS id, generate_series(1, 1000) AS sku`,
  );
  await database.query('INSERT INTO stocks SELECT sku, 22, 22 FROM generate_series(1, 1000) AS sku');
  const ids = Array.from({ length: 22 }, (_, index) => BigInt(900_001 + index));
  const all = <T>(work: (orderId: bigint) => Promise<T>) => Promise.all(ids.map(work));
  await expect(router.read((db) => readOrders(db, ids))).rejects.toThrow(MustSplit);
  for (const order of await all((orderId) => loms.getOrder(orderId, anyCall)))
    expect(order.ok && order.value.items.length).toBe(1_000);
  const outcomes = await all((orderId) =>
    orderId % 2n === 0n ? loms.payOrder({ orderId }, anyCall) : loms.cancelOrder({ orderId }, anyCall),
  );
  expect(new Set(outcomes.map(resultOf))).toEqual(new Set(['OK']));
  const rows = await database.query('SELECT DISTINCT total_count, reserved FROM stocks');
  expect(rows).toEqual([{ total_count: '11', reserved: '0' }]);
});

test('unknown orders and skus are refused as not found', async () => {
  const outcomes = await Promise.all([
    loms.getOrder(1n, anyCall),
    loms.payOrder({ orderId: 1n }, anyCall),
    loms.cancelOrder({ orderId: 1n }, anyCall),
    loms.getStock(1, anyCall),
  ]);
  expect(outcomes.map(resultOf)).toEqual([
    'ORDER_NOT_FOUND',
    'ORDER_NOT_FOUND',
    'ORDER_NOT_FOUND',
    'STOCK_NOT_FOUND',
  ]);
});

test('an order with a corrupt stock row fails alone, and the rest of its batch commits', async () => {
  await stock([7, 100, 0], [8, 100, 0]);
  const ids = await Promise.all(
    [create([7, 1]), create([8, 1]), create([7, 2])].map(async (made) => idOf(await made)),
  );
  await database.query('UPDATE stocks SET reserved = 0 WHERE sku = 8');
  const [first, corrupt, last] = await Promise.all(ids.map((orderId) => loms.payOrder({ orderId }, anyCall)));
  expect([first, last]).toMatchObject([{ ok: true }, { ok: true }]);
  expect(corrupt).toMatchObject({
    refusal: { reason: 'INTERNAL' },
    failure: { cause: expect.stringContaining('stocks_reserved_is_covered'), sqlState: '23514' },
  });
  expect([await stockOf(7), await stockOf(8)]).toEqual(['97/0', '100/0']);
});

test('after any transitions, reserved stock equals the seeded count plus that of open orders', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('create' as const),
      items: fc.array(
        fc.record({ sku: fc.integer({ min: 1, max: 4 }), count: fc.integer({ min: 1, max: 9 }) }),
        {
          minLength: 1,
          maxLength: 5,
        },
      ),
    }),
    fc.record({ kind: fc.constantFrom('pay' as const, 'cancel' as const), pick: fc.nat(40) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      async (steps, width) => {
        await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
        await stock([1, 30, 5], [2, 20, 0], [3, 10, 10]);
        const ids: bigint[] = [];
        for (let from = 0; from < steps.length; from += width) {
          await Promise.all(
            steps.slice(from, from + width).map(async (each) => {
              if (each.kind === 'create')
                ids.push(idOf(await loms.createOrder({ user: 1n, items: each.items }, anyCall)));
              else if (each.kind === 'pay')
                await loms.payOrder({ orderId: ids[each.pick % ids.length] ?? 1n }, anyCall);
              else await loms.cancelOrder({ orderId: ids[each.pick % ids.length] ?? 1n }, anyCall);
            }),
          );
        }
        expect(await mismatches()).toEqual([]);
      },
    ),
    { numRuns: 30 },
  );
});

/** The skus whose stock differs from what the seeds and the orders add up to. */
async function mismatches() {
  return await database.query(`
    WITH seeded (sku, total, reserved) AS (VALUES (1, 30, 5), (2, 20, 0), (3, 10, 10)),
    held AS (
      SELECT sku, sum(count) FILTER (WHERE status = 'awaiting payment') AS open,
             sum(count) FILTER (WHERE status = 'payed') AS payed
      FROM orders JOIN order_lines USING (order_id) GROUP BY sku
    )
    SELECT * FROM seeded JOIN stocks USING (sku) LEFT JOIN held USING (sku)
    WHERE stocks.reserved <> seeded.reserved + coalesce(open, 0)
       OR stocks.total_count <> seeded.total - coalesce(payed, 0)`);
}
