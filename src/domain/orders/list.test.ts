/** Lists against a plain filter in memory, over more orders than a page scans. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { anyCall } from '../../../test/support/call.ts';
import { testSettings, useLoms } from '../../../test/support/database.ts';
import type { Queryable } from '../../db/types.ts';
import { INT64_MAX } from '../limits.ts';
import type { OrderFilter } from './filter.ts';
import { listOrders, SCAN_MAX } from './list.ts';
import { type OrderStatus, orderStatuses } from './order.ts';

const ORDERS = 14_000;
/** 2026-11-26T12:00:00Z, when the first order was created; the others follow every second. */
const START_S = 1_795_694_400n;

const { database, router, loms } = useLoms();

interface Created extends Pick<OrderFilter, 'user'> {
  readonly orderId: bigint;
  readonly status: OrderStatus;
  readonly createdAt: bigint;
}

/** Newest first. */
let orders: Created[] = [];

/** Every third id is missing, and times are out of order by up to 70 seconds. */
beforeAll(async () => {
  await database.query('TRUNCATE orders, order_lines');
  await database.query(
    `INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
     SELECT number + number / 2, least(number % 10, 2) + 1, ($3::text[])[1 + number % 5], at, at
     FROM generate_series(1, $1::bigint) AS number, LATERAL (
       SELECT to_timestamp($2::bigint + number + hashint8(number) % 36) AS at
     ) AS created`,
    [ORDERS, START_S, orderStatuses],
  );
  await database.query('INSERT INTO order_lines SELECT order_id, 1, 1 FROM orders');
  const rows = await database.query(
    `SELECT order_id, user_id, status, extract(epoch FROM created_at)::bigint AS created_s
     FROM orders ORDER BY order_id DESC`,
  );
  orders = rows.map((row) => ({
    orderId: BigInt(String(row.order_id)),
    user: BigInt(String(row.user_id)),
    status: row.status as OrderStatus,
    createdAt: BigInt(String(row.created_s)) * 1_000_000_000n,
  }));
});

const none: OrderFilter = {
  user: undefined,
  statuses: [],
  createdAfter: undefined,
  createdBefore: undefined,
};
/** The time of an order by its number, without its disorder. */
const timeOf = (number: number) => (START_S + BigInt(number)) * 1_000_000_000n;

async function readPage(filter: OrderFilter, pageSize: number, pageToken = '') {
  const page = await loms.listOrders({ ...filter, pageSize, pageToken }, anyCall);
  if (!page.ok) throw new Error(page.refusal.reason);
  return { ids: page.value.orders.map(({ orderId }) => orderId), next: page.value.nextPageToken };
}

async function readAll(filter: OrderFilter, pageSize: number): Promise<bigint[]> {
  const found: bigint[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const page = await readPage(filter, pageSize, token);
    expect(page.ids.length).toBeLessThanOrEqual(pageSize);
    found.push(...page.ids);
    token = page.next;
  }
  return found;
}

const idsOf = ({ user, statuses, createdAfter, createdBefore }: OrderFilter) =>
  orders
    .filter((order) => user === undefined || order.user === user)
    .filter(({ status }) => statuses.length === 0 || statuses.includes(status))
    .filter(({ createdAt }) => createdAfter === undefined || createdAt > createdAfter)
    .filter(({ createdAt }) => createdBefore === undefined || createdAt < createdBefore)
    .map(({ orderId }) => orderId);

test('all pages of any filter hold what it selects, once each and newest first', async () => {
  const time = fc.option(fc.integer({ min: -500, max: ORDERS + 500 }).map(timeOf), { nil: undefined });
  const filters = fc.record({
    user: fc.constantFrom(undefined, 1n, 2n, 3n, 4n),
    statuses: fc.subarray([...orderStatuses]),
    createdAfter: time,
    createdBefore: time,
  });
  await fc.assert(
    fc.asyncProperty(filters, fc.constantFrom(200, 999, 1_000), async (filter, pageSize) => {
      expect(await readAll(filter, pageSize)).toEqual(idsOf(filter));
    }),
    { numRuns: 25 },
  );
});

test.each([undefined, 3n])('a list before an old time begins there (user %s)', async (user) => {
  const filter = { ...none, user, createdBefore: timeOf(1_000) };
  const younger = idsOf({ ...none, user }).length - idsOf(filter).length;
  expect(younger).toBeGreaterThan(SCAN_MAX);
  expect((await readPage(filter, 50)).ids).toEqual(idsOf(filter).slice(0, 50));
});

test.each([undefined, 3n])('a list after a recent time ends there (user %s)', async (user) => {
  const filter = { ...none, user, createdAfter: timeOf(ORDERS - 300) };
  expect(await readPage(filter, 1_000)).toEqual({ ids: idsOf(filter), next: undefined });
});

test('a list before all times is empty at once', async () => {
  expect(await readPage({ ...none, createdBefore: 0n }, 50)).toEqual({ ids: [], next: undefined });
});

test('an order that is removed between the two reads of a page is left out of it', async () => {
  const user = 9n;
  const ids = [900_003n, 900_002n, 900_001n];
  await database.query(
    `INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
     SELECT unnest($1::bigint[]), $2, 'cancelled', now(), now()`,
    [ids, user],
  );
  await database.query('INSERT INTO order_lines SELECT unnest($1::bigint[]), 1, 1', [ids]);
  const remove = (removed: readonly bigint[]) =>
    database.query(
      `WITH lines AS (DELETE FROM order_lines WHERE order_id = ANY($1))
       DELETE FROM orders WHERE order_id = ANY($1)`,
      [removed],
    );
  const { primary } = router;
  if (primary === undefined) throw new Error('no primary');
  const { reader } = primary;
  let reads = 0;
  const query: Queryable['query'] = async (text, values) => {
    if (++reads === 2) await remove(ids.slice(1, 2));
    return reader.query(text, values);
  };
  const request = { ...none, user, pageSize: 2, below: INT64_MAX };
  const [page] = await listOrders({ ...reader, clockAheadMs: 0, query }, [request], testSettings);
  await remove(ids);
  if (!page?.ok) throw new Error('no page');
  expect([reads, page.value.orders.map(({ orderId }) => orderId)]).toEqual([2, [ids[0]]]);
  expect(page.value.nextPageToken).toBeDefined();
});
