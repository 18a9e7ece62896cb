/** The audit of stock: it finds every planted fault, and nothing without one. */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../../test/support/call.ts';
import { useLoms } from '../../../test/support/database.ts';
import { auditStock } from './audit.ts';

const { database, router, loms } = useLoms();

const create = async (...skus: number[]) => {
  const items = skus.map((sku) => ({ sku, count: 2 }));
  const created = await loms.createOrder({ user: 1n, items }, anyCall);
  return created.ok ? created.value.orderId : 0n;
};

/** All findings, in windows of this size. */
async function audit(limit = 1_000) {
  const found: string[] = [];
  for (let after: bigint | undefined = 0n; after !== undefined; ) {
    const { findings, next } = await router.read((db) => auditStock(db, after as bigint, limit));
    found.push(...findings.map(({ sku, version, finding }) => `${sku} ${finding} ${version}`));
    after = next;
  }
  return found;
}

/** Sku 10 with movements of versions 0 to 4, and sku 20 with versions 0 and 1. */
beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await database.query('INSERT INTO stocks VALUES (10, 100, 0), (20, 100, 0), (30, 100, 0)');
  const [payed, cancelled] = [await create(10), await create(10)];
  await loms.payOrder({ orderId: payed }, anyCall);
  await loms.cancelOrder(cancelled, anyCall);
  await create(20);
});

test('a change is in the ledger, with the totals after it and the order that caused it alone', async () => {
  const rows = await database.query(
    `SELECT version, kind, total_change, reserved_change, total_after, reserved_after, order_count,
       order_id IS NOT NULL AS named FROM stock_movements WHERE sku = 10 ORDER BY version`,
  );
  expect(rows.map((row) => Object.values(row).join(' '))).toEqual([
    '0 opened 0 0 100 0 0 false',
    '1 reserved 0 2 100 2 1 true',
    '2 reserved 0 2 100 4 1 true',
    '3 sold -2 -2 98 2 1 true',
    '4 released 0 -2 98 0 1 true',
  ]);
});

test('orders of one batch are one movement', async () => {
  await Promise.all(Array.from({ length: 10 }, () => create(30)));
  const rows = await database.query(
    'SELECT kind, reserved_change, order_count FROM stock_movements WHERE sku = 30 AND version > 0',
  );
  expect(rows.reduce((sum, { order_count: count }) => sum + Number(count), 0)).toBe(10);
  expect(rows.length).toBeLessThan(4);
});

test.each([1, 2, 1_000])('without a fault nothing is found, in windows of %i', async (limit) => {
  expect(await audit(limit)).toEqual([]);
});

test.each([
  ['a total changed by hand', 'UPDATE stocks SET total_count = 99 WHERE sku = 10', ['10 counters 4']],
  [
    'a reserved count changed by hand',
    'UPDATE stocks SET reserved = 3 WHERE sku = 20',
    ['20 counters 1', '20 reserved 1'],
  ],
  ['a version changed by hand', 'UPDATE stocks SET version = 5 WHERE sku = 10', ['10 counters 5']],
  ['a removed movement', 'DELETE FROM stock_movements WHERE sku = 10 AND version = 2', ['10 chain 3']],
  [
    'a removed last movement',
    'DELETE FROM stock_movements WHERE sku = 10 AND version = 4',
    ['10 counters 4'],
  ],
  ['a removed opening', 'DELETE FROM stock_movements WHERE sku = 10 AND version = 0', ['10 chain 1']],
  [
    'a changed movement',
    'UPDATE stock_movements SET total_change = -3 WHERE sku = 10 AND version = 3',
    ['10 chain 3'],
  ],
  ['a hold without an order', "UPDATE orders SET status = 'failed'", ['20 reserved 1']],
  [
    'an order for a sku without stock',
    'UPDATE order_lines SET sku = 25 WHERE sku = 20',
    ['20 reserved 1', '25 reserved 0'],
  ],
])('%s is found, and nothing else', async (_title, fault, expected) => {
  await database.query(fault);
  expect(await audit()).toEqual(expected);
  expect(await audit(1)).toEqual(expected);
});

test.each([
  // The second adds skus without pieces; the first changes counters and writes their movements.
  ['stocks', ['stockChange', 'stockOpen']],
  // The other two put an opening with the same balance in the place of old movements.
  ['stock_movements', ['stockChange', 'stockMovementDelete', 'stockMovementReopen']],
])('no other statement of ours writes %s', (table, expected) => {
  const folder = new URL('../../../sql/', import.meta.url);
  const texts = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
  const statements = texts.flatMap((text) => text.split('/* @name ').slice(1));
  const writes = new RegExp(
    `(UPDATE|INSERT\\s+INTO|DELETE\\s+FROM|MERGE\\s+INTO|TRUNCATE)\\s+${table}\\b`,
    'i',
  );
  const writing = statements.filter((text) => writes.test(text.replaceAll(/--.*/g, '')));
  expect(writing.map((text) => text.split(' ', 1)[0]).sort()).toEqual(expected);
});
