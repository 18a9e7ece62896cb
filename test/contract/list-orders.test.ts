/** Lists of orders: page after page over both transports, exact while orders are written. */
import { expect, test } from 'vitest';
import { COUNT_MAX } from '../../src/domain/limits.ts';
import { PAGE_LINES_MAX } from '../../src/domain/orders/list.ts';
import { PAGE_SIZE_MAX } from '../../src/domain/page.ts';
import { ListOrdersResponse } from '../../src/generated/proto/loms/order/v1/order.ts';
import type { Client, Request } from '../support/client.ts';
import { INT64_MAX, LINES_MAX, UINT32_MAX } from '../support/limits.ts';
import { useService } from '../support/service.ts';
import { PLENTY } from './cases.ts';

const { database, service } = useService();

type Filter = Omit<Request<'listOrders'>, 'pageToken'>;

const listed = async (client: Client, request: Request<'listOrders'>) => {
  const answer = await client.call('listOrders', request);
  if ('error' in answer) throw new Error(answer.error.message);
  return answer.reply;
};

/** The ids on all pages, each read over the other transport than the page before. */
async function allPages(filter: Filter, between: (page: number) => Promise<unknown> = async () => {}) {
  const ids: bigint[] = [];
  let pages = 0;
  for (let pageToken = ''; ; pages++) {
    const client = service[pages % 2 === 0 ? 'rest' : 'grpc'];
    const page = await listed(client, { ...filter, pageToken });
    ids.push(...page.orders.map(({ orderID }) => orderID));
    if (page.nextPageToken === undefined) return { ids, pages: pages + 1 };
    pageToken = page.nextPageToken;
    await between(pages);
  }
}

const create = async (user: bigint) => {
  const answer = await service.rest.call('createOrder', { user, items: [{ sku: PLENTY, count: 1 }] });
  return 'reply' in answer ? answer.reply.orderID : 0n;
};

const createMany = async (user: bigint, count: number) => {
  const ids: bigint[] = [];
  for (let index = 0; index < count; index++) ids.push(await create(user));
  return ids.reverse();
};

test.each([1, 3, 5, 6, 1_000])('pages of %i hold every order once, newest first', async (pageSize) => {
  const user = 100n + BigInt(pageSize);
  const ids = await createMany(user, 5);
  await create(user + 10_000n);
  expect(await allPages({ user, pageSize })).toEqual({ ids, pages: Math.ceil(5 / pageSize) });
});

test('without a size a page holds 50', async () => {
  const ids = await createMany(200n, 51);
  const { orders } = await listed(service.grpc, { user: 200n });
  expect(orders.map(({ orderID }) => orderID)).toEqual(ids.slice(0, 50));
});

test('orders that are written or changed between two pages neither hide nor repeat others', async () => {
  const ids = await createMany(300n, 6);
  const found = await allPages({ user: 300n, pageSize: 2 }, async () => {
    await create(300n);
    await service.rest.call('payOrder', { orderID: ids[5] as bigint });
  });
  expect(found.ids).toEqual(ids);
});

test('filters select by status and by time of creation, both ends excluded', async () => {
  const ids = await createMany(400n, 4);
  await service.rest.call('payOrder', { orderID: ids[1] as bigint });
  await service.rest.call('cancelOrder', { orderID: ids[2] as bigint });
  const { orders } = await listed(service.rest, { user: 400n });
  const [newest, , , oldest] = orders.map(({ createdAt }) => createdAt);
  const of = async (filter: Filter) => (await allPages({ user: 400n, pageSize: 1, ...filter })).ids;
  expect(await of({ status: ['payed'] })).toEqual([ids[1]]);
  expect(await of({ status: ['cancelled', 'payed', 'payed'] })).toEqual([ids[1], ids[2]]);
  expect(await of({ createdAfter: oldest as string, createdBefore: newest as string })).toEqual([
    ids[1],
    ids[2],
  ]);
  const payed = orders.find(({ orderID }) => orderID === ids[1]);
  expect(payed?.updatedAt.localeCompare(payed.createdAt)).toBe(1);
});

test('a token is refused with other filters, and accepted with another page size', async () => {
  await createMany(500n, 3);
  const filter = { user: 500n, status: ['awaiting payment', 'new'] };
  const { nextPageToken = '' } = await listed(service.rest, { ...filter, pageSize: 1 });
  const again = { user: 500n, status: ['new', 'awaiting payment'], pageToken: nextPageToken };
  expect((await listed(service.grpc, again)).orders).toHaveLength(2);
  const time = '2026-01-01T00:00:00Z';
  const others = [{ user: 501n }, { status: ['new'] }, { createdAfter: time }, { createdBefore: time }];
  for (const other of others) {
    const answer = await service.grpc.call('listOrders', { ...again, ...other });
    expect(answer).toMatchObject({ error: { code: 3n, message: 'invalid request: pageToken' } });
  }
});

test('a page that finds too little in its share of a scan is short, and its token goes on', async () => {
  const user = 600n;
  const first = await create(user);
  await database.query(`UPDATE orders SET status = 'payed' WHERE order_id = ${first}`);
  // As many as one page scans, and one more.
  await database.query(`
    INSERT INTO orders (order_id, user_id, created_at, updated_at, status)
    SELECT nextval('order_ids'), 600, now(), now(), 'failed' FROM generate_series(1, 10001)`);
  expect(await allPages({ user, status: ['payed'] })).toEqual({ ids: [first], pages: 2 });
});

/** Adds orders of a user, each with the same number of lines, and returns their ids, newest first. */
async function addOrders(user: bigint, count: number, linesEach: number): Promise<bigint[]> {
  const added = await database.query(
    `INSERT INTO orders (order_id, user_id, created_at, updated_at, status)
     SELECT nextval('order_ids'), $1, now(), now(), 'failed' FROM generate_series(1, $2::integer)
     RETURNING order_id`,
    [user, count],
  );
  const ids = added.map((row) => BigInt(String(row.order_id)));
  await database.query(
    `INSERT INTO order_lines SELECT id, sku, 1
     FROM unnest($1::bigint[]) AS id, generate_series(1, $2::integer) AS sku`,
    [ids, linesEach],
  );
  return ids.reverse();
}

test('a page ends early where it has enough lines, and the next one goes on there', async () => {
  const ids = await addOrders(700n, 25, LINES_MAX);
  expect(await allPages({ user: 700n, pageSize: 20 })).toEqual({ ids, pages: 3 });
  const { orders } = await listed(service.rest, { user: 700n });
  expect(orders.map(({ orderID }) => orderID)).toEqual(ids.slice(0, PAGE_LINES_MAX / LINES_MAX));
  const skus = Array.from({ length: LINES_MAX }, (_, index) => ({ sku: BigInt(index + 1), count: 1n }));
  for (const { items } of orders) expect(items).toEqual(skus);
});

test('a page may have as many orders and lines as both limits allow', async () => {
  const ids = await addOrders(701n, PAGE_SIZE_MAX, PAGE_LINES_MAX / PAGE_SIZE_MAX);
  expect(await allPages({ user: 701n, pageSize: PAGE_SIZE_MAX })).toEqual({ ids, pages: 1 });
});

test('an order whose lines do not fit is left to the next page', async () => {
  const ids = await addOrders(702n, 20, 600);
  const [newest = 0n] = await addOrders(702n, 1, 1);
  expect((await allPages({ user: 702n, pageSize: 50 })).ids).toEqual([newest, ...ids]);
  const { orders } = await listed(service.rest, { user: 702n });
  expect(orders.map(({ items }) => items.length)).toEqual([1, ...Array.from({ length: 16 }, () => 600)]);
});

test('the largest page is far below what gRPC clients accept by default', () => {
  const time = { seconds: 253_402_300_799n, nanos: 999_999_999 };
  const times = { createdAt: time, updatedAt: time, expiresAt: time };
  const lines = PAGE_LINES_MAX / PAGE_SIZE_MAX;
  const items = Array.from({ length: lines }, () => ({ sku: UINT32_MAX, count: COUNT_MAX }));
  const order = { orderId: INT64_MAX, user: INT64_MAX, status: 'awaiting payment', items, ...times };
  const orders = Array.from({ length: PAGE_SIZE_MAX }, () => ({ ...order, cancelReason: 'requested' }));
  const { length } = ListOrdersResponse.encode({ orders, nextPageToken: 'A'.repeat(255) }).finish();
  expect(length).toBeLessThan(1024 * 1024);
});
