/** The audit of stock: it finds every planted fault, and nothing without one. */
import { beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../../test/support/call.ts';
import { useLoms } from '../../../test/support/database.ts';
import type { Router } from '../../db/cluster/router.ts';
import { auditStock } from './audit.ts';
import { AUDIT_LIMITS, type AuditLimits, FINDINGS_MAX } from './findings.ts';
import { repairStock } from './repair.ts';

const { database, router, loms } = useLoms();

const create = async (...skus: number[]) => {
  const items = skus.map((sku) => ({ sku, count: 2 }));
  const created = await loms.createOrder({ user: 1n, items }, anyCall);
  return created.ok ? created.value.orderId : 0n;
};

const source = { read: router.read.bind(router), settle: async () => {} };

/** All findings, in their order by sku. */
async function audit(limits: AuditLimits = AUDIT_LIMITS) {
  const report = await auditStock(source, limits);
  expect(report.findingCount).toBe(report.findings.length);
  expect(report.unsettledSkus).toBe(0);
  return report.findings
    .map(({ sku, finding, version, orderId }) => `${sku} ${finding} ${orderId ?? version}`)
    .sort();
}

/** Steps of one row each, and of two. */
const oneByOne = { skus: 1, movements: 1, lines: 1, comparedSkus: 1, orders: 1, openOrders: 10 };
const smallLimits = [oneByOne, { ...oneByOne, skus: 2, movements: 2, lines: 2, comparedSkus: 2 }];

/** Sku 10 with movements of versions 0 to 4, and sku 20 with versions 0 and 1. */
beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await database.query('INSERT INTO stocks VALUES (10, 100, 0), (20, 100, 0), (30, 100, 0)');
  const [payed, cancelled] = [await create(10), await create(10)];
  await loms.payOrder({ orderId: payed }, anyCall);
  await loms.cancelOrder({ orderId: cancelled }, anyCall);
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

test('without a fault nothing is found, in steps of any size, and everything is counted', async () => {
  for (const limits of [AUDIT_LIMITS, ...smallLimits]) {
    expect(await auditStock(source, limits)).toEqual({
      ...{ findings: [], findingCount: 0, skus: 3, unsettledSkus: 0, movements: 7, lines: 3 },
    });
  }
});

/** What was done past the ledger, what the audit finds then, and whether a repair ends it. */
const faults: [title: string, fault: string, expected: string[], isRepairable: boolean][] = [
  ['a total changed by hand', 'UPDATE stocks SET total_count = 99 WHERE sku = 10', ['10 counters 4'], true],
  [
    'a reserved count changed by hand',
    'UPDATE stocks SET reserved = 3 WHERE sku = 20',
    ['20 counters 1', '20 reserved 1'],
    true,
  ],
  ['a version changed by hand', 'UPDATE stocks SET version = 5 WHERE sku = 10', ['10 counters 5'], true],
  [
    'stock added by hand with reserved pieces',
    'UPDATE stocks SET reserved = 1 WHERE sku = 30',
    ['30 reserved 0'],
    true,
  ],
  ['a removed movement', 'DELETE FROM stock_movements WHERE sku = 10 AND version = 2', ['10 chain 3'], false],
  [
    'a removed last movement',
    'DELETE FROM stock_movements WHERE sku = 10 AND version = 4',
    ['10 counters 4'],
    true,
  ],
  ['removed movements', 'DELETE FROM stock_movements WHERE sku = 10', ['10 counters 4'], true],
  ['a removed opening', 'DELETE FROM stock_movements WHERE sku = 10 AND version = 0', ['10 chain 1'], false],
  [
    'a changed movement',
    'UPDATE stock_movements SET total_change = -3 WHERE sku = 10 AND version = 3',
    ['10 chain 3'],
    false,
  ],
  [
    'a movement with another change of what is reserved',
    'UPDATE stock_movements SET reserved_change = 1 WHERE sku = 10 AND version = 2',
    ['10 chain 2'],
    false,
  ],
  [
    'a movement with other reserved pieces after it',
    'UPDATE stock_movements SET reserved_after = 3 WHERE sku = 10 AND version = 2',
    ['10 chain 2', '10 chain 3'],
    false,
  ],
  [
    'a movement older than the one before',
    "UPDATE stock_movements SET created_at = 'epoch' WHERE sku = 10 AND version = 4",
    ['10 chain 4'],
    false,
  ],
  ['removed stock', 'DELETE FROM stocks WHERE sku = 10', ['10 noStock 0'], false],
  ['a hold without an order', "UPDATE orders SET status = 'failed'", ['20 reserved 1'], true],
  [
    'an order for a sku without stock',
    'UPDATE order_lines SET sku = 25 WHERE sku = 20',
    ['20 reserved 1', '25 reserved 0'],
    false,
  ],
  [
    'a line without an order',
    'INSERT INTO order_lines VALUES (9000000, 10, 1)',
    ['10 noOrder 9000000'],
    false,
  ],
];

test.each(faults)('%s is found, and nothing else', async (_title, fault, expected) => {
  await database.query(fault);
  for (const limits of [AUDIT_LIMITS, ...smallLimits]) expect(await audit(limits)).toEqual(expected);
});

test('what a repair can end is reported, however much else is found', async () => {
  await database.query('UPDATE stocks SET reserved = 1 WHERE sku = 30');
  await database.query(
    'INSERT INTO order_lines SELECT 9000000, sku, 1 FROM generate_series(1, $1::int) AS sku',
    [FINDINGS_MAX + 1],
  );
  const { findings, findingCount } = await auditStock(source);
  expect(findings).toHaveLength(FINDINGS_MAX);
  expect(findingCount).toBe(FINDINGS_MAX + 2);
  expect(findings).toContainEqual(expect.objectContaining({ sku: 30, finding: 'reserved' }));
});

test('what a node shows late is no fault: only a difference that every comparison has is one', async () => {
  // Waits: one behind the first comparison, and three in each of the three that confirm it.
  for (const [shownAfterWait, expected] of [
    [4, []],
    [7, []],
    [10, ['20 reserved 1']],
  ] as const) {
    await database.query("UPDATE orders SET status = 'failed' WHERE status = 'awaiting payment'");
    let waits = 0;
    const settle = async () => {
      waits++;
      if (waits === shownAfterWait) {
        await database.query("UPDATE orders SET status = 'awaiting payment' WHERE status = 'failed'");
      }
    };
    const { findings } = await auditStock({ ...source, settle });
    expect(findings.map(({ sku, finding, version }) => `${sku} ${finding} ${version}`)).toEqual(expected);
  }
});

test('stock that is added meanwhile, more than a comparison reads, is no fault', async () => {
  let isAdded = false;
  const read: Router['read'] = (work) =>
    router.read((db) =>
      work({
        ...db,
        async query(text, values) {
          const result = await db.query(text, values);
          // Nothing is found behind the last sku: the last range is as long as all skus there can be.
          if (!isAdded && values.includes(30n) && values.includes(2n ** 32n - 1n)) {
            isAdded = true;
            await database.query('INSERT INTO stocks VALUES (40, 9, 0), (50, 9, 0), (60, 9, 0)');
            await create(60);
          }
          return result;
        },
      }),
    );
  const report = await auditStock({ ...source, read }, oneByOne);
  expect(isAdded).toBe(true);
  expect(report).toMatchObject({ findings: [], unsettledSkus: 1 });
});

test.each(faults)('repair of %s changes no movement', async (_title, fault, expected, isRepairable) => {
  await database.query(fault);
  const all = () => database.query('SELECT * FROM stock_movements ORDER BY sku, version');
  const before = await all();
  for (const sku of [10, 20, 25, 30]) await router.write((tx) => repairStock(tx, sku));
  expect(await all()).toEqual(expect.arrayContaining(before));
  const added = (await all()).filter(({ reason }) => reason === 'repair');
  expect(before.length + added.length).toBe((await all()).length);
  const left = await audit();
  if (isRepairable) expect(left).toEqual([]);
  else expect(expected).toEqual(expect.arrayContaining(left));
  // It is done once, and the service goes on from there.
  for (const sku of [10, 20, 30]) await router.write((tx) => repairStock(tx, sku));
  expect((await all()).length).toBe(before.length + added.length);
  await Promise.all([create(10), create(20), create(30)]);
  expect(await audit()).toEqual(left);
});

test('a repair keeps the total of the stock, and reserves what open orders hold', async () => {
  await database.query('UPDATE stocks SET total_count = 90, reserved = 7 WHERE sku = 20');
  const repaired = await router.write((tx) => repairStock(tx, 20));
  expect(repaired).toEqual({ sku: 20, outcome: 'repaired' });
  const [stock] = await database.query('SELECT total_count, reserved, version FROM stocks WHERE sku = 20');
  expect(stock).toEqual({ total_count: '90', reserved: '2', version: '2' });
  const [movement] = await database.query(
    `SELECT kind, total_change, reserved_change, reason FROM stock_movements WHERE sku = 20 AND version = 2`,
  );
  expect(movement).toEqual({ kind: 'adjusted', total_change: '-10', reserved_change: '0', reason: 'repair' });
});

test('stock with fewer pieces than are held, and a sku without stock, cannot be repaired', async () => {
  await database.query('UPDATE stocks SET total_count = 1, reserved = 1 WHERE sku = 20');
  for (const sku of [20, 25]) {
    expect(await router.write((tx) => repairStock(tx, sku))).toEqual({ sku, outcome: 'impossible' });
  }
  expect(await audit()).toEqual(['20 counters 1', '20 reserved 1']);
});

test('a report has the first findings, and the number of all', async () => {
  await database.query(
    'INSERT INTO order_lines SELECT 9000000, sku, 1 FROM generate_series(1, $1::integer) AS sku',
    [FINDINGS_MAX + 1],
  );
  const { findings, findingCount } = await auditStock(source);
  expect([findings.length, findingCount]).toEqual([FINDINGS_MAX, FINDINGS_MAX + 1]);
});

test('with more open orders than can be compared, no sku is settled, and nothing is found', async () => {
  for (let count = 0; count < 2; count++) await create(30);
  const report = await auditStock(source, { ...AUDIT_LIMITS, openOrders: 2 });
  expect(report).toMatchObject({ findingCount: 0, skus: 3, unsettledSkus: 3 });
});
