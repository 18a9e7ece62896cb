/** The ledger audit beside the removal of old orders. */
import { afterAll, expect, test } from 'vitest';
import { removeOrders } from '../../src/domain/orders/remove.ts';
import { anyCall } from '../../test/support/call.ts';
import { useLoms } from '../../test/support/database.ts';
import { LedgerAudit } from './ledger-audit.ts';

const { database, router, loms } = useLoms();
const audit = new LedgerAudit(database.primaryUrl, 'audit');
afterAll(() => audit.close());

const SKU = 1625903;
const MISSING_SKU = 4_000_000_000;

async function create(sku: number): Promise<bigint> {
  const created = await loms.createOrder({ user: 1n, items: [{ sku, count: 2 }] }, anyCall);
  return created.ok ? created.value.orderId : 0n;
}

test('stock and orders agree without old failed and cancelled orders, not without a payed one', async () => {
  await audit.begin();
  const [payed, cancelled] = [await create(SKU), await create(SKU)];
  await loms.payOrder({ orderId: payed }, anyCall);
  await loms.cancelOrder({ orderId: cancelled }, anyCall);
  await create(MISSING_SKU);
  await create(SKU);
  const ages = "now() - interval '8 days'";
  await database.query(`UPDATE orders SET created_at = ${ages}, updated_at = ${ages}`);
  const window = { after: 0n, retentionMs: 604_800_000, ordersMax: 100, linesMax: 100 };
  expect(await router.write((tx) => removeOrders(tx, window))).toMatchObject({ removed: 2 });
  // Beside two of these there is the seeded one.
  expect(await audit.run()).toBe(3);
  await database.query('DELETE FROM order_lines WHERE order_id = $1', [payed]);
  await database.query('DELETE FROM orders WHERE order_id = $1', [payed]);
  await expect(audit.run()).rejects.toThrow('"wrongSkus":1');
});
