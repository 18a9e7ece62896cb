/** Batches that share orders, in any order and in several instances, queue up and never deadlock. */
import { expect, onTestFinished, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openRouter, openService, useDatabase } from '../../test/support/database.ts';
import { expireOrders } from '../domain/orders/expire.ts';

const database = useDatabase();
const ORDERS = 60;
const ROUNDS = 12;

/** Two routers, on a database that finds deadlocks early. */
async function openRouters() {
  await database.query(
    `DO $$ BEGIN
       EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''20ms''', current_database());
     END $$`,
  );
  const routers = [openRouter(database), openRouter(database)];
  await Promise.all(routers.map((router) => router.start()));
  return routers;
}

/** The orders in another order. */
const shuffled = (ids: readonly bigint[], seed: number) =>
  ids.map((_, index) => ids[(index * 7 + seed * 13) % ids.length] ?? 0n);

test('open, overdue, payed and cancelled orders are changed by all operations at once', async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await database.query('INSERT INTO stocks VALUES (1, 1000000, 0), (2, 1000000, 0)');
  const routers = await openRouters();
  let stopped = false;
  const stop = async () => {
    if (!stopped) await Promise.all(routers.map((router) => router.stop()));
    stopped = true;
  };
  onTestFinished(stop);
  const services = routers.map((router) => openService(router, { settings: { reservationTtlMs: 600_000 } }));
  for (let round = 0; round < ROUNDS; round++) {
    const [loms = services[0]] = services;
    const made = await Promise.all(
      Array.from({ length: ORDERS }, (_, index) =>
        loms?.createOrder({ user: 1n, items: [{ sku: 1 + (index % 2), count: 1 }] }, anyCall),
      ),
    );
    const ids = made.flatMap((outcome) => (outcome?.ok ? [outcome.value.orderId] : []));
    expect(ids).toHaveLength(ORDERS);
    await database.query(
      `UPDATE orders SET expires_at = created_at WHERE status = 'awaiting payment' AND order_id % 3 = 0`,
    );
    const changes = services.flatMap((service, instance) => [
      ...shuffled(ids, instance).map((orderId) =>
        service.payOrder({ orderId, acceptLate: orderId % 2n === 0n }, anyCall),
      ),
      ...shuffled(ids, instance + 2).map((orderId) => service.cancelOrder({ orderId }, anyCall)),
      ...shuffled(ids, instance + 4).map((orderId) =>
        service.extendOrder({ orderId, ttlSeconds: 60 }, anyCall),
      ),
    ]);
    const releases = routers.map((router) => router.write((tx) => expireOrders(tx, ids)));
    await Promise.all([...changes, ...releases]);
  }
  // A connection that ends reports what it has counted.
  await stop();
  const deadlocks = 'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()';
  expect(await database.query(deadlocks)).toEqual([{ deadlocks: 0 }]);
  const [books] = await database.query(
    `SELECT (SELECT sum(reserved)::int FROM stocks) AS reserved,
       (SELECT coalesce(sum(count), 0)::int FROM order_lines JOIN orders USING (order_id)
        WHERE status = 'awaiting payment') AS held`,
  );
  expect(books?.reserved).toBe(books?.held);
});
