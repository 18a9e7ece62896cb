/** Nodes whose clocks differ: what reads compare with the time, they compare with the primary's. */
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openRouter, openService, useDatabase, useRouter } from '../../test/support/database.ts';
import { startRelay } from '../../test/support/relay.ts';
import { readBacklog } from '../domain/backlog.ts';
import { stateOf } from '../domain/events/cursor.ts';
import { findOverdue } from '../domain/orders/expire.ts';

const database = useDatabase();

/** Moves the clock that statements on the replica see. */
const moveReplica = async (aheadSeconds: number) => {
  for (const [name, kind] of [
    ['now', 'STABLE'],
    ['clock_timestamp', 'VOLATILE'],
  ]) {
    await database.query(
      `CREATE OR REPLACE FUNCTION moved.${name}() RETURNS timestamptz ${kind} LANGUAGE sql AS
         'SELECT pg_catalog.${name}() + CASE WHEN pg_is_in_recovery() THEN ${aheadSeconds} ELSE 0 END
            * interval ''1 second'''`,
    );
  }
};

beforeAll(async () => {
  await database.query('CREATE SCHEMA moved');
  await moveReplica(0);
  await database.query(
    `DO $$ BEGIN
       EXECUTE format('ALTER DATABASE %I SET search_path = moved, pg_catalog, public', current_database());
     END $$`,
  );
});

const router = useRouter(database);
/** Of an instance whose own clock is set again and again. */
let ownClockMs = 0;
const unsteady = useRouter(database, { wallClock: () => (ownClockMs += 3_600_000) });
const loms = openService(router);
let orderId: bigint;

/** Lets the reservation of the order end that many seconds from now. */
const endIn = (seconds: number) =>
  database.query(
    `UPDATE orders SET created_at = now() - interval '1 hour', expires_at = now() + $2 * interval '1 second'
     WHERE order_id = $1`,
    [orderId, seconds],
  );

/** What reads return, of which at least some are answered by each node. */
async function distinct<T>(read: () => Promise<T>): Promise<T[]> {
  const before = router.status().map(({ reads }) => reads);
  const seen = new Map<string, T>();
  const isShared = () => router.status().every(({ reads }, index) => reads > (before[index] ?? 0) + 1);
  for (let count = 0; count < 8 || !isShared(); count++) {
    const value = await read();
    seen.set(JSON.stringify(value), value);
  }
  return [...seen.values()];
}

const status = async () => {
  const outcome = await loms.getOrder(orderId, anyCall);
  return outcome.ok ? outcome.value.status : outcome.refusal.reason;
};
const listed = async (of: 'awaiting payment' | 'cancelled') => {
  const page = await loms.listOrders(
    {
      user: 99n,
      statuses: [of],
      createdAfter: undefined,
      createdBefore: undefined,
      pageSize: 9,
      pageToken: '',
    },
    anyCall,
  );
  return page.ok ? page.value.orders.length : page.refusal.reason;
};
const overdue = () => router.read((db) => findOverdue(db, { ordersMax: 9, linesMax: 9 }));

beforeEach(async () => {
  await database.query('TRUNCATE orders, order_lines');
  const created = await loms.createOrder({ user: 99n, items: [{ sku: 1625903, count: 1 }] }, anyCall);
  if (!created.ok) throw new Error(created.refusal.reason);
  orderId = created.value.orderId;
});

describe.each([60, -60])('a replica whose clock is %i s ahead', (aheadSeconds) => {
  beforeEach(async () => {
    await moveReplica(aheadSeconds);
    await router.check();
  });

  test('is known as such, and the primary is the measure', async () => {
    const leads = await distinct(() =>
      router.read(async ({ clockAheadMs }) => Math.round(clockAheadMs / 1_000)),
    );
    expect(leads.toSorted((a, b) => a - b)).toEqual([0, aheadSeconds].toSorted((a, b) => a - b));
  });

  test('is known as such whatever the clock of the instance does', async () => {
    await unsteady.check();
    const leads = new Set<number>();
    const addLead = () =>
      unsteady.read(async ({ clockAheadMs }) => void leads.add(Math.round(clockAheadMs / 1_000)));
    while (leads.size < 2) await addLead();
    expect(leads).toEqual(new Set([0, aheadSeconds]));
  });

  test('is known as such while the primary does not answer', async () => {
    const relay = await startRelay(Number(new URL(database.primaryUrl).port));
    const primaryUrl = Object.assign(new URL(database.primaryUrl), { port: relay.port }).href;
    const behind = openRouter({ primaryUrl, replicaUrls: database.replicaUrls });
    onTestFinished(() => behind.stop());
    await behind.check();
    relay.close();
    relay.reset();
    await behind.check();
    expect(behind.status().map(({ reason }) => reason)).toEqual(['not reachable', '']);
    const lead = await behind.read(async ({ clockAheadMs }) => Math.round(clockAheadMs / 1_000));
    expect(lead).toBe(aheadSeconds);
  });

  test('waits for a cursor that it may have to wait for, and for no other', async () => {
    const stateSince = (seconds: number) =>
      distinct(() =>
        router.read((db) =>
          stateOf(db, { position: 9_000n, us: BigInt(Date.now() - seconds * 1_000) * 1_000n }),
        ),
      );
    expect(await stateSince(0)).toEqual(['ahead']);
    expect(await stateSince(90)).toEqual(['expired']);
  });

  test('shows a reservation that has not ended as open', async () => {
    await endIn(30);
    expect(await distinct(status)).toEqual(['awaiting payment']);
    expect(await distinct(() => listed('awaiting payment'))).toEqual([1]);
    const found = await distinct(overdue);
    for (const { orderIds, nextInMs = 0 } of found) {
      expect(orderIds).toEqual([]);
      expect(nextInMs).toBeGreaterThan(0);
      expect(nextInMs).toBeLessThanOrEqual(30_500);
    }
  });

  test('shows one that has ended as cancelled, and finds it', async () => {
    await endIn(-30);
    expect(await distinct(status)).toEqual(['cancelled']);
    expect(await distinct(() => listed('cancelled'))).toEqual([1]);
    for (const { orderIds } of await distinct(async () => ({
      orderIds: (await overdue()).orderIds.map(String),
    })))
      expect(orderIds).toEqual([String(orderId)]);
    for (const lagMs of await distinct(async () => (await router.read(readBacklog)).expiryLagMs)) {
      expect(lagMs).toBeGreaterThanOrEqual(29_500);
      expect(lagMs).toBeLessThan(50_000);
    }
  });
});
