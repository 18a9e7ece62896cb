/** What waits for the background work, as it is measured: nobody does that work here. */
import { expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useLoms } from '../../test/support/database.ts';
import { readBacklog } from '../domain/backlog.ts';

const { database, router } = useLoms();
const loms = openService(router);

test('open orders, and the ages of the first overdue reservation and unpublished event', async () => {
  await database.query('TRUNCATE order_lines, orders, event_batches');
  expect(await router.read(readBacklog)).toEqual({ openOrders: 0, expiryLagMs: 0, feedLagMs: 0 });
  const order = { user: 1n, items: [{ sku: 139275865, count: 1 }], ttlSeconds: 60 };
  for (let count = 0; count < 2; count++) {
    expect(await loms.createOrder(order, anyCall)).toMatchObject({ ok: true });
  }
  await database.query("UPDATE orders SET expires_at = now() - interval '90 seconds'");
  await database.query("UPDATE event_batches SET created_at = now() - interval '30 seconds'");
  const { openOrders, expiryLagMs, feedLagMs } = await router.read(readBacklog);
  expect([openOrders, Math.floor(expiryLagMs / 10_000), Math.floor(feedLagMs / 10_000)]).toEqual([2, 9, 3]);
});
