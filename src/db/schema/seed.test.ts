/** The refill of seeded stock: through the ledger, and right while orders are written. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { anyCall } from '../../../test/support/call.ts';
import { useLoms } from '../../../test/support/database.ts';
import { quiet } from '../../../test/support/quiet.ts';
import { settle } from '../../../test/support/settle.ts';
import { auditStock } from '../../domain/stock/audit.ts';
import { seed } from './seed.ts';

const { database, router, loms } = useLoms();

const refill = () => seed(database.primaryUrl, 'refill', quiet);

async function order(sku: number, count: number): Promise<bigint> {
  const created = await loms.createOrder({ user: 1n, items: [{ sku, count }] }, anyCall);
  if (!created.ok) throw new Error(created.refusal.message);
  return created.value.orderId;
}

async function findings() {
  return (await auditStock({ read: router.read.bind(router), settle: () => settle(database) })).findings;
}

test('a refill receives what was sold and is held, of seeded stock only, and once', async () => {
  const own = { sku: 77, reason: 'other' as const, reference: '', note: '' };
  for (const change of [5n, -3n]) {
    const call = { ...anyCall, idempotencyKey: randomUUID() };
    await loms.adjustStock({ changes: [{ ...own, change }] }, call);
  }
  await loms.payOrder({ orderId: await order(1625903, 50), acceptLate: false }, anyCall);
  await order(2956315, 20);
  await refill();
  await refill();
  const rows = await database.query(
    `SELECT sku, total_count, reserved FROM stocks
     WHERE sku IN (77, 1625903, 2956315, 139819069) ORDER BY sku`,
  );
  expect(rows).toEqual([
    { sku: '77', total_count: '2', reserved: '0' },
    { sku: '1625903', total_count: '10000', reserved: '0' },
    // 30 pieces were held from the beginning.
    { sku: '2956315', total_count: '320', reserved: '50' },
    // Nothing was available of it from the beginning.
    { sku: '139819069', total_count: '100', reserved: '100' },
  ]);
  const movements = await database.query(
    `SELECT sku, total_change, kind, reason FROM stock_movements
     WHERE reference = 'seed' AND kind <> 'opened' ORDER BY sku`,
  );
  const received = { kind: 'received', reason: 'received' };
  expect(movements).toEqual([
    { sku: '1625903', total_change: '50', ...received },
    { sku: '2956315', total_change: '20', ...received },
  ]);
  expect(await findings()).toEqual([]);
});

test('refills while orders are written leave a ledger that explains every counter', async () => {
  const skus = [1625903, 139275865, 1148162];
  const orders = Array.from({ length: 300 }, (_, index) => order(skus[index % 3] ?? 0, 1));
  await Promise.all([...orders, refill(), refill(), refill()]);
  await refill();
  expect(await findings()).toEqual([]);
  const rows = await database.query('SELECT total_count - reserved AS free FROM stocks WHERE sku = 1148162');
  expect(rows).toEqual([{ free: '300' }]);
});
