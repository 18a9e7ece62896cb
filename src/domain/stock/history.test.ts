/** The history of a sku, page after page, against the ledger. */
import { beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../../test/support/call.ts';
import { useLoms } from '../../../test/support/database.ts';
import { INT64_MAX } from '../../../test/support/limits.ts';
import { ListStockMovementsResponse } from '../../generated/proto/loms/stock/v1/movements.ts';
import { PAGE_SIZE_MAX } from '../page.ts';

const SKU = 7;
const { database, loms } = useLoms();

const create = () => loms.createOrder({ user: 1n, items: [{ sku: SKU, count: 2 }] }, anyCall);

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await database.query('INSERT INTO stocks VALUES (7, 100, 0), (8, 100, 0)');
  await loms.createOrder({ user: 1n, items: [{ sku: 8, count: 1 }] }, anyCall);
});

async function readPage(pageSize: number, pageToken = '', sku = SKU) {
  const page = await loms.listStockMovements({ sku, pageSize, pageToken }, anyCall);
  if (!page.ok) throw new Error(page.refusal.reason);
  return page.value;
}

test.each([1, 2, 5, 6, 1_000])('pages of %i hold every movement once, newest first', async (pageSize) => {
  for (let count = 0; count < 5; count++) await create();
  const versions: bigint[] = [];
  let pages = 0;
  for (let token: string | undefined = ''; token !== undefined; pages++) {
    const page = await readPage(pageSize, token);
    versions.push(...page.movements.map(({ version }) => version));
    token = page.nextPageToken;
    // What is written meanwhile stands on no page.
    await create();
  }
  expect(versions).toEqual([5n, 4n, 3n, 2n, 1n, 0n]);
  expect(pages).toBe(Math.ceil(6 / pageSize));
});

test('a movement shows what it changed, what it left, and the order that caused it alone', async () => {
  const created = await create();
  const orderId = created.ok ? created.value.orderId : 0n;
  await loms.payOrder({ orderId }, anyCall);
  const { movements } = await readPage(10);
  expect(movements).toMatchObject([
    { kind: 'sold', totalChange: -2n, reservedChange: -2n, total: 98n, reserved: 0n, orderId, orders: 1 },
    { kind: 'reserved', totalChange: 0n, reservedChange: 2n, total: 100n, reserved: 2n, orderId, orders: 1 },
    { kind: 'opened', totalChange: 0n, reservedChange: 0n, total: 100n, orderId: undefined, orders: 0 },
  ]);
  for (const { occurredAt, createdAt } of movements) expect(occurredAt).toBe(createdAt);
  const times = movements.map(({ createdAt }) => createdAt);
  expect(times).toEqual([...times].sort((a, b) => Number(b - a)));
});

test('several orders of a batch are one movement of none', async () => {
  await Promise.all(Array.from({ length: 10 }, create));
  const { movements } = await readPage(1_000);
  expect(movements.reduce((sum, { orders }) => sum + orders, 0)).toBe(10);
  expect(movements.find(({ orders }) => orders > 1)?.orderId).toBeUndefined();
});

test('stock that was added by hand has no movements, and a sku without stock is not found', async () => {
  expect(await readPage(10)).toEqual({ movements: [], nextPageToken: undefined });
  const unknown = await loms.listStockMovements({ sku: 9, pageSize: 10, pageToken: '' }, anyCall);
  expect(unknown).toMatchObject({ refusal: { reason: 'STOCK_NOT_FOUND' } });
});

test('a token is refused for another sku, and for the holds', async () => {
  await create();
  const { nextPageToken = '' } = await readPage(1);
  const request = { sku: 8, pageSize: 1, pageToken: nextPageToken };
  const other = await loms.listStockMovements(request, anyCall);
  expect(other).toMatchObject({ refusal: { message: 'invalid request: pageToken' } });
  expect(await loms.explainStock({ ...request, sku: SKU }, anyCall)).toEqual(other);
});

test('the largest page is below what gRPC clients accept', () => {
  const text = '\u{1F4E6}'.repeat(255);
  const time = { seconds: 253_402_300_799n, nanos: 999_999_999 };
  const numbers = {
    totalChange: INT64_MAX,
    reservedChange: -INT64_MAX,
    total: INT64_MAX,
    reserved: INT64_MAX,
  };
  const texts = { kind: 'received', reason: 'correction', reference: text, note: text, actor: text };
  const ids = { version: INT64_MAX, orderId: INT64_MAX, orders: 1_000 };
  const movement = { ...numbers, ...texts, ...ids, occurredAt: time, createdAt: time };
  const movements = Array.from({ length: PAGE_SIZE_MAX }, () => movement);
  const { length } = ListStockMovementsResponse.encode({
    movements,
    nextPageToken: 'A'.repeat(255),
  }).finish();
  expect(length).toBeLessThan(4 * 1024 * 1024);
});
