/** The router, and read-your-writes of the service, on a cluster whose replica stops and returns. */
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../../test/support/call.ts';
import { openRouter, openService } from '../../../test/support/database.ts';
import { query } from '../../../test/support/query.ts';
import { quiet } from '../../../test/support/quiet.ts';
import { startTemporaryCluster, type TemporaryCluster } from '../../../test/support/temporary-cluster.ts';
import type { EmbeddedCluster } from '../../embedded/cluster.ts';
import { stockRead } from '../../generated/sql/stocks.ts';
import { DatabaseUnavailable, OutcomeUnknown, sqlStateOf } from '../errors.ts';
import { migrate } from '../schema/migrate.ts';
import type { Router } from './router.ts';

let temporary: TemporaryCluster;
let cluster: EmbeddedCluster;
let router: Router;
const keyed = (idempotencyKey: string) => ({ ...anyCall, idempotencyKey });
const unknown = { ok: false, refusal: { reason: 'OUTCOME_UNKNOWN' } };

beforeAll(async () => {
  temporary = await startTemporaryCluster();
  cluster = temporary.cluster;
  await migrate(cluster.primaryUrl, quiet);
  await onPrimary('INSERT INTO stocks VALUES (7, 1000000, 0)');
});

afterAll(async () => {
  await temporary?.remove();
});

beforeEach(async () => {
  router = openRouter(cluster, { writeTimeoutMs: 1_000, readTimeoutMs: 1_000 });
  await router.check();
});

afterEach(async () => {
  await router.stop();
});

const onPrimary = (statement: string) => query(cluster.primaryUrl, statement);
const onReplica = (statement: string) => query(cluster.replicaUrls[0] ?? '', statement);

const read = () => router.read((db) => stockRead.run({ skus: [7n] }, db));
const reserveOne = () =>
  router.write(async (db) => ({
    writes: [db.query('UPDATE stocks SET reserved = reserved + 1 WHERE sku = 7', [])],
    result: undefined,
  }));
const nodes = () =>
  router.status().map(({ role, healthy, reason }) => (healthy ? role : `${role}: ${reason}`));
const writable = async () => {
  await router.check();
  return router.writable;
};
const reads = () => Object.fromEntries(router.status().map((node) => [node.role, node.reads]));

test('the primary lists the replica as synchronous', async () => {
  const rows = await onPrimary('SELECT sync_state, state FROM pg_stat_replication');
  expect(rows).toEqual([{ sync_state: 'sync', state: 'streaming' }]);
  expect(nodes()).toEqual(['primary', 'replica']);
});

test('a healthy start logs no warning', async () => {
  const lines: { level: number; msg: string }[] = [];
  const logger = pino({}, { write: (line) => void lines.push(JSON.parse(line)) });
  const started = openRouter(cluster, { logger });
  await started.check();
  await started.stop();
  expect(lines.filter(({ level }) => level > 30)).toEqual([]);
  expect(lines.map(({ msg }) => msg)).toContain('writes go to this primary');
});

test('reads go to every healthy node in turn, the primary included', async () => {
  // Without hedged reads, which a busy machine would cause.
  const patient = openRouter(cluster, { readTimeoutMs: 60_000 });
  await patient.check();
  for (let index = 0; index < 10; index++) await patient.read((db) => stockRead.run({ skus: [7n] }, db));
  expect(patient.status().map((node) => node.reads)).toEqual([5, 5]);
  await patient.stop();
});

test('1,000 created orders are all visible to the next read, and the replica serves its share', async () => {
  const loms = openService(router);
  const pair = async (index: number) => {
    const created = await loms.createOrder(
      { user: BigInt(index + 1), items: [{ sku: 7, count: 1 }] },
      anyCall,
    );
    if (!created.ok) throw new Error(created.refusal.message);
    const { orderId } = created.value;
    return [orderId, await loms.getOrder(orderId, anyCall)] as const;
  };
  const one = async (lane: number) => {
    const pairs = [];
    for (let index = 0; index < 100; index++) pairs.push(await pair(lane * 100 + index));
    return pairs;
  };
  const pairs = (await Promise.all(Array.from({ length: 10 }, (_, lane) => one(lane)))).flat();
  expect(pairs).toHaveLength(1_000);
  for (const [orderId, order] of pairs) {
    expect(order).toMatchObject({ ok: true, value: { orderId, status: 'awaiting payment' } });
  }
  const { primary = 0, replica = 0 } = reads();
  expect(replica / (primary + replica)).toBeGreaterThanOrEqual(0.4);
});

test('reads continue while the replica is stopped, and use it again after it returns', async () => {
  await cluster.stopReplica('immediate');
  for (let index = 0; index < 6; index++) expect(await read()).toHaveLength(1);
  expect(nodes()).toEqual(['primary', 'replica: read failed']);
  await router.check();
  expect(nodes()).toEqual(['primary', 'replica: not reachable']);
  await cluster.startReplica();
  expect(nodes()).toEqual(['primary', 'replica: not reachable']);
  await router.check();
  expect(nodes()).toEqual(['primary', 'replica']);
  const before = reads().replica ?? 0;
  const readsAgain = async () => {
    await read();
    return reads().replica ?? 0;
  };
  // On a busy machine a read is hedged while the replica's connection is opened.
  await expect.poll(readsAgain).toBeGreaterThan(before);
});

test('reads go to the primary while the replica is slow, without a hedge delay for each', async () => {
  const slowOnReplica =
    'SELECT pg_is_in_recovery() AS replica, pg_sleep(CASE WHEN pg_is_in_recovery() THEN 0.9 ELSE 0 END)';
  const isReadFromReplica = async () =>
    (await router.read((db) => db.query(slowOnReplica, []))).rows[0]?.replica;
  const fromReplica = [];
  for (let index = 0; index < 20; index++) fromReplica.push(await isReadFromReplica());
  expect(fromReplica).toEqual(Array(20).fill(false));
  expect(reads()).toEqual({ primary: 20, replica: 0 });
  expect(nodes()).toEqual(['primary', 'replica']);
});

test('a read that the replica cancels for replay is retried on the next node', async () => {
  const patient = openRouter(cluster);
  await patient.check();
  await onPrimary('CREATE TABLE notes ()');
  // Nodes are read in turn: the second read goes to the replica.
  await patient.read((db) => db.query('SELECT 1', []));
  const states: unknown[] = [];
  const rows = patient.read(async (db) => {
    const slow = 'SELECT pg_is_in_recovery() AS replica, CASE WHEN pg_is_in_recovery() THEN pg_sleep(9) END';
    try {
      return (await db.query(`${slow} FROM (SELECT count(*) FROM notes) AS counted`, [])).rows;
    } catch (error) {
      states.push(sqlStateOf(error));
      throw error;
    }
  });
  await expect
    .poll(() => onReplica("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
    .toHaveLength(1);
  // Its replay needs an exclusive lock on the table.
  await onPrimary('DROP TABLE notes; CREATE TABLE notes ()');
  expect([await rows, states]).toMatchObject([[{ replica: false }], ['40001']]);
  expect(patient.status()).toMatchObject([
    { healthy: true, reads: 2 },
    { healthy: true, reads: 0 },
  ]);
  await onPrimary('DROP TABLE notes');
  await patient.stop();
});

test('a write while the replica is stopped has an unknown outcome until the replica returns', async () => {
  const reserved = async () => Number((await read())[0]?.reserved);
  const before = await reserved();
  await cluster.stopReplica();
  await expect(reserveOne()).rejects.toBeInstanceOf(OutcomeUnknown);
  // The first transaction still waits for the replica and holds the row: the next one is rejected.
  await expect(reserveOne()).rejects.toBeInstanceOf(DatabaseUnavailable);
  expect(await reserved()).toBe(before);
  await cluster.startReplica();
  await expect.poll(reserved).toBe(before + 1);
  await reserveOne();
  expect(await reserved()).toBe(before + 2);
});

test('writes are rejected at once and leave no trace after a check finds the replica down', async () => {
  await cluster.stopReplica();
  await router.check();
  expect(router.writable).toBe(false);
  const writes = await Promise.allSettled(Array.from({ length: 20 }, reserveOne));
  for (const each of writes) {
    expect(each).toMatchObject({ status: 'rejected', reason: { name: 'DatabaseUnavailable' } });
  }
  expect(await onPrimary("SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'")).toEqual([]);
  await cluster.startReplica();
  await router.check();
  await reserveOne();
  expect(router.writable).toBe(true);
});

test("another client's wait for the replica does not count as a hanging commit of the service", async () => {
  await onReplica('SELECT pg_wal_replay_pause()');
  const waiting = onPrimary('INSERT INTO stocks VALUES (8, 1, 0)');
  const long = "wait_event = 'SyncRep' AND clock_timestamp() - query_start > interval '1 second'";
  await expect
    .poll(() => onPrimary(`SELECT FROM pg_stat_activity WHERE ${long}`), { timeout: 5_000 })
    .toEqual([{}]);
  await router.check();
  expect(router.writable).toBe(true);
  await onReplica('SELECT pg_wal_replay_resume()');
  await waiting;
});

test('writes are rejected while the replica streams but confirms nothing', async () => {
  await onReplica('SELECT pg_wal_replay_pause()');
  await expect(reserveOne()).rejects.toBeInstanceOf(OutcomeUnknown);
  await expect.poll(writable).toBe(false);
  await expect(reserveOne()).rejects.toBeInstanceOf(DatabaseUnavailable);
  await onReplica('SELECT pg_wal_replay_resume()');
  await expect.poll(writable).toBe(true);
  await reserveOne();
});

test('writes are rejected while a commit of the service hangs, whatever it waits for', async () => {
  await onPrimary(`
    CREATE TABLE slow ();
    CREATE FUNCTION wait_for_lock() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION wait_for_lock()`);
  const [holder, ours] = ['other', 'loms'].map(
    (application_name) => new pg.Client({ connectionString: cluster.primaryUrl, application_name }),
  ) as [pg.Client, pg.Client];
  await Promise.all([holder.connect(), ours.connect()]);
  try {
    await holder.query('SELECT pg_advisory_lock(1)');
    await ours.query('BEGIN');
    await ours.query('INSERT INTO slow DEFAULT VALUES');
    expect(await writable()).toBe(true);
    const commit = ours.query('COMMIT');
    await expect.poll(writable, { timeout: 5_000 }).toBe(false);
    await expect(reserveOne()).rejects.toBeInstanceOf(DatabaseUnavailable);
    await holder.query('SELECT pg_advisory_unlock(1)');
    await commit;
    expect(await writable()).toBe(true);
  } finally {
    await Promise.all([holder.end(), ours.end()]);
    await onPrimary('DROP TABLE slow; DROP FUNCTION wait_for_lock');
  }
});

test('a clock that differs from those of the nodes is logged once, and shown', async () => {
  const lines: { msg: string; node: string; clockAheadMs: number }[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  let offsetMs = 0;
  const watched = openRouter(cluster, { logger, wallClock: () => Date.now() + offsetMs });
  const check = async (newOffsetMs: number) => {
    offsetMs = newOffsetMs;
    lines.length = 0;
    await watched.check();
    await watched.check();
    return lines.filter(({ msg }) => msg.startsWith('clock')).map(({ msg }) => msg.split(' ')[1]);
  };
  expect(watched.status()[0]?.clockAheadMs).toBeUndefined();
  expect(await check(0)).toEqual([]);
  expect(await check(-2 * 86_400_000)).toEqual(['differs', 'differs']);
  for (const { clockAheadMs } of watched.status()) {
    expect(Math.round((clockAheadMs ?? 0) / 86_400_000)).toBe(2);
  }
  expect(await check(0)).toEqual(['agrees', 'agrees']);
  await watched.stop();
});

test('an order that is payed only on the primary is not reported as payed', async () => {
  const loms = openService(router);
  const created = await loms.createOrder({ user: 1n, items: [{ sku: 7, count: 1 }] }, anyCall);
  if (!created.ok) throw new Error(created.refusal.message);
  const { orderId } = created.value;
  await cluster.stopReplica();
  const pay = loms.payOrder({ orderId }, anyCall);
  await expect
    .poll(() => onPrimary("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))
    .toHaveLength(1);
  expect(await pay).toMatchObject(unknown);
  expect(await loms.payOrder({ orderId }, anyCall)).toMatchObject(unknown);
  await cluster.startReplica();
  await expect.poll(writable).toBe(true);
  expect(await loms.payOrder({ orderId }, anyCall)).toMatchObject({ ok: true });
  for (let index = 0; index < 4; index++) {
    expect(await loms.getOrder(orderId, anyCall)).toMatchObject({ value: { status: 'payed' } });
  }
});

test('a retry of a create whose reply was lost gets the original order', async () => {
  const loms = openService(router);
  const create = () => loms.createOrder({ user: 5_000n, items: [{ sku: 7, count: 1 }] }, keyed('lost'));
  await cluster.stopReplica();
  expect(await create()).toMatchObject(unknown);
  // The first one still waits for the replica and holds the key: the retry is rejected.
  expect(await create()).toMatchObject({ ok: false, refusal: { reason: 'DATABASE_UNAVAILABLE' } });
  await cluster.startReplica();
  await expect.poll(create).toMatchObject({ ok: true, replayed: true });
  const [order, ...more] = await onPrimary('SELECT order_id FROM orders WHERE user_id = 5000');
  expect(more).toEqual([]);
  expect(await create()).toEqual({
    ok: true,
    value: { orderId: BigInt(String(order?.order_id)) },
    replayed: true,
  });
});

test('an outcome that only the primary has stored is not replayed before a replica has it', async () => {
  const loms = openService(router);
  // No stock row is locked for an unknown sku, so a batch that only replays this has nothing else to write.
  const create = () => loms.createOrder({ user: 1n, items: [{ sku: 99, count: 1 }] }, keyed('alone'));
  await cluster.stopReplica();
  const first = create();
  await expect
    .poll(() => onPrimary("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))
    .toHaveLength(1);
  expect(await first).toMatchObject(unknown);
  expect(await create()).toMatchObject(unknown);
  await cluster.startReplica();
  await router.check();
  await expect.poll(create).toMatchObject({ refusal: { reason: 'INSUFFICIENT_STOCK' }, replayed: true });
});

test('a commit whose wait for the replica is cancelled is not acknowledged', async () => {
  await cluster.stopReplica();
  const write = expect(reserveOne()).rejects.toBeInstanceOf(OutcomeUnknown);
  await expect
    .poll(() => onPrimary("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))
    .toHaveLength(1);
  await write;
  await cluster.startReplica();
});

test('a replica that is not synchronous is not read, since its data may be stale', async () => {
  await onPrimary("ALTER SYSTEM SET synchronous_standby_names = ''");
  await onPrimary('SELECT pg_reload_conf()');
  const check = async () => {
    await router.check();
    return nodes();
  };
  await expect.poll(check).toEqual(['primary', 'replica: not synchronous']);
  await onPrimary('ALTER SYSTEM RESET synchronous_standby_names');
  await onPrimary('SELECT pg_reload_conf()');
  await expect.poll(check).toEqual(['primary', 'replica']);
});

test('a replica that streams without a slot is not read, and that is the reason', async () => {
  const check = () => router.check().then(nodes);
  await onReplica("ALTER SYSTEM SET primary_slot_name = ''");
  await onReplica('SELECT pg_reload_conf()');
  await expect.poll(check, { timeout: 10_000 }).toEqual(['primary', 'replica: streams without a slot']);
  await onReplica('ALTER SYSTEM RESET primary_slot_name');
  await onReplica('SELECT pg_reload_conf()');
  await expect.poll(check, { timeout: 10_000 }).toEqual(['primary', 'replica']);
});

test('a replica that does not replay what it receives is unhealthy until it has', async () => {
  let nowMs = 0;
  const watched = openRouter(cluster, { replicaLagMaxMs: 5_000, now: () => nowMs, writeTimeoutMs: 500 });
  const reasonAt = async (timeMs: number) => {
    nowMs = timeMs;
    await watched.check();
    return watched.status()[1]?.reason;
  };
  expect(await reasonAt(0)).toBe('');
  await onReplica('SELECT pg_wal_replay_pause()');
  await expect(reserveOne()).rejects.toBeInstanceOf(OutcomeUnknown);
  expect([await reasonAt(0), await reasonAt(5_000), await reasonAt(5_001)]).toEqual(['', '', 'replay lag']);
  await onReplica('SELECT pg_wal_replay_resume()');
  await expect.poll(() => reasonAt(5_002)).toBe('');
  await watched.stop();
});

test('the primary is found at any position of the URLs', async () => {
  const [replicaUrl = ''] = cluster.replicaUrls;
  const swapped = openRouter({ primaryUrl: replicaUrl, replicaUrls: [cluster.primaryUrl] });
  await swapped.check();
  expect(swapped.status()).toMatchObject([
    { role: 'replica', timeline: 1, healthy: true, reason: '' },
    { role: 'primary', timeline: 1, healthy: true, reason: '' },
  ]);
  expect(swapped.primary?.url).toBe(cluster.primaryUrl);
  await swapped.stop();
});

test('before its first check a node is unhealthy and not used', async () => {
  const unchecked = openRouter(cluster);
  expect(unchecked.status()).toMatchObject([
    { role: 'unknown', timeline: 0, healthy: false, reason: 'not checked yet' },
    { role: 'unknown', timeline: 0, healthy: false, reason: 'not checked yet' },
  ]);
  await expect(unchecked.read((db) => stockRead.run({ skus: [7n] }, db))).rejects.toBeInstanceOf(
    DatabaseUnavailable,
  );
  await unchecked.stop();
});
