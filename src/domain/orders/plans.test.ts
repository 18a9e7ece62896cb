/** The plans of statements that read many orders or lines: none scans or sorts a large table. */
import { beforeAll, expect, test } from 'vitest';
import { useDatabase } from '../../../test/support/database.ts';
import { planOf } from '../../../test/support/plan.ts';
import type { Queryable } from '../../db/types.ts';
import {
  orderChangeable,
  orderDelete,
  orderExpire,
  orderHeldPieces,
  orderHoldSum,
  orderHolds,
  orderHoldsWithoutEnd,
  orderLineAudit,
  orderLineCount,
  orderLineDelete,
  orderLineRead,
  orderLineSums,
  orderLock,
  orderNextEnd,
  orderOpenIds,
  orderOverdue,
  orderScan,
  orderScanOfUser,
  orderTransition,
  orderWindow,
} from '../../generated/sql/orders.ts';

const database = useDatabase();

beforeAll(async () => {
  await database.query('TRUNCATE orders, order_lines');
  await database.query(`
    INSERT INTO orders SELECT id, id % 100 + 1, now(), now(),
      CASE id % 10 WHEN 0 THEN 'awaiting payment' ELSE 'failed' END, now() + id * interval '1 second'
    FROM generate_series(1, 20000) AS id`);
  await database.query(`
    INSERT INTO order_lines SELECT order_id, sku, 1 FROM orders, generate_series(1, 3) AS sku`);
  await database.query('VACUUM (ANALYZE) orders, order_lines');
});

const orderIds = [1n];
const clockAheadMs = 0;
const change = { orderIds, from: 'awaiting payment', fromReason: null, graceMs: 0 };

test.each([
  [
    'a window is read along the primary key',
    (db: Queryable) => orderWindow.run({ after: 0n, limit: 1n, retentionMs: 1 }, db),
    /^Limit\n {2}-> {2}Index Scan using orders_pkey on orders\n {8}Index Cond: \(order_id > \$\d\)$/,
  ],
  [
    'lines are counted along their primary key, up to the limit',
    (db: Queryable) => orderLineCount.run({ orderIds, limit: 1n }, db),
    /Limit\n +-> {2}Index Only Scan using order_lines_pkey on order_lines\n +Index Cond: \(order_id = ANY/,
  ],
  [
    'lines are deleted by their primary key',
    (db: Queryable) => orderLineDelete.run({ orderIds }, db),
    /^Delete on order_lines\n.*Index Scan (using|on) order_lines_pkey/s,
  ],
  [
    'orders are deleted by their primary key',
    (db: Queryable) => orderDelete.run({ orderIds, statuses: ['failed'] }, db),
    /^Delete on orders\n.*Index Scan (using|on) orders_pkey/s,
  ],
  [
    'orders whose reservations ended are found along the index of their ends',
    (db: Queryable) => orderOverdue.run({ limit: 500n, clockAheadMs }, db),
    /^Limit\n {2}-> {2}Index (Only )?Scan using orders_expires_at on orders\n/,
  ],
  [
    'the next end is found there too',
    (db: Queryable) => orderNextEnd.run({ clockAheadMs }, db),
    /^Limit\n {2}-> {2}Index (Only )?Scan using orders_expires_at on orders\n/,
  ],
  [
    'the orders of a user are listed along their index',
    (db: Queryable) => orderScanOfUser.run({ userId: 1n, below: 9n, limit: 51n, clockAheadMs }, db),
    /^Limit\n {2}-> {2}Index Scan Backward using orders_user_id_order_id on orders\n/,
  ],
  [
    'all orders are listed along the primary key',
    (db: Queryable) => orderScan.run({ below: 9n, limit: 51n, clockAheadMs }, db),
    /^Limit\n {2}-> {2}Index Scan Backward using orders_pkey on orders\n/,
  ],
  [
    'the lines of a list are read along their primary key, up to the limit',
    (db: Queryable) => orderLineRead.run({ orderIds, limit: 1n }, db),
    /^Limit\n {2}-> {2}Index Scan Backward using order_lines_pkey on order_lines\n +Index Cond: \(order_id =/,
  ],
  [
    'the ids of open orders are read from the index of their ends',
    (db: Queryable) => orderOpenIds.run({ limit: 1_000_000n }, db),
    /Limit\n +-> {2}Index (Only )?Scan using orders_expires_at on orders\n?/,
  ],
  [
    'what open orders hold of one sku is read by their lines of it',
    (db: Queryable) => orderHoldSum.run({ sku: 1n }, db),
    /Index Scan using order_lines_pkey.*\n +Index Cond: \(\(order_id = orders.order_id\) AND \(sku = /,
  ],
  [
    'lines are checked along their primary key, and each for its own order',
    (db: Queryable) => orderLineAudit.run({ afterId: 0n, afterSku: 0n, limit: 5_000n }, db),
    /Index Only Scan using order_lines_pkey on order_lines\n.*using orders_pkey on orders\n/s,
  ],
])('%s', async (_title, run, expected) => {
  const plan = await planOf(database, run);
  expect(plan).toMatch(expected);
  expect(plan).not.toMatch(/Seq Scan|Sort Key.*\n +-> {2}(Index|Bitmap)/);
});

// The index of ends has all open orders: to find a few of them there, all of its entries are read.
test.each([
  ['locked', (db: Queryable) => orderLock.run({ orderIds }, db)],
  [
    'changed',
    (db: Queryable) => orderTransition.run({ ...change, actors: [''], to: 'payed', cancelReason: null }, db),
  ],
  [
    'released',
    (db: Queryable) => orderExpire.run({ ...change, to: 'cancelled', cancelReason: 'expired' }, db),
  ],
  ['found for a late payment', (db: Queryable) => orderChangeable.run(change, db)],
])('orders are %s along the primary key, not among all open orders', async (_title, run) => {
  const plan = await planOf(database, run);
  expect(plan).toMatch(/(Index|Bitmap Index) Scan (using|on) orders_pkey/);
  expect(plan).not.toMatch(/orders_expires_at|Seq Scan/);
});

test('what users hold is summed along the index of their orders, and of their lines alone', async () => {
  const plan = await planOf(database, (db) => orderHeldPieces.run({ userIds: [1n] }, db));
  expect(plan).toMatch(/(Index|Bitmap Index) Scan (using|on) orders_user_id_order_id/);
  expect(plan).toMatch(/Index Scan (using|on) order_lines_pkey.*\n +Index Cond: \(order_id = owned/);
  expect(plan).not.toMatch(/Seq Scan/);
});

test('holds are read along the index of their ends, and of their lines those of the skus', async () => {
  const window = { skus: [1n], afterUs: 0n, afterId: 0n, limit: 2_000n, linesMax: 10_000n };
  const plan = await planOf(database, (db) => orderHolds.run(window, db));
  expect(plan).toMatch(
    /CTE next\n +-> {2}Limit\n +-> {2}Index (Only )?Scan using orders_expires_at on orders\n/,
  );
  expect(plan).toMatch(
    /Index Scan (using|on) order_lines_pkey.*\n +Index Cond: \(\(order_id = next.*\(sku = ANY/,
  );
  expect(plan).not.toMatch(/Seq Scan|Sort.*\n +Sort Key.*\n +-> {2}Index/);
});

test('holds without an end are read along the same index', async () => {
  const window = { skus: [1n], afterId: 0n, limit: 2_000n, linesMax: 10_000n };
  const plan = await planOf(database, (db) => orderHoldsWithoutEnd.run(window, db));
  const ends = 'Index (Only )?Scan using orders_expires_at on orders';
  expect(plan).toMatch(
    new RegExp(`CTE next\\n +-> {2}Limit\\n +-> {2}${ends}\\n +Index Cond: .*order_id > `),
  );
  expect(plan).toMatch(/order_lines_pkey.*\n +Index Cond: \(\(order_id = next.*\(sku = ANY/);
  expect(plan).not.toMatch(/Seq Scan|Sort.*\n +Sort Key.*\n +-> {2}Index/);
});

test('the lines of open orders are summed along their primary key', async () => {
  const plan = await planOf(database, (db) => orderLineSums.run({ orderIds, after: 0n, upTo: 9n }, db));
  expect(plan).toMatch(/Index Scan (using|on) order_lines_pkey.*\n +Index Cond: \(\(order_id = ANY/);
  expect(plan).not.toMatch(/Seq Scan/);
});
