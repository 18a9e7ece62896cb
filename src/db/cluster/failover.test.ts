/** Failover: the primary is lost, replaced, and returns. Each case runs on a cluster of its own. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CopiedServer, copyServer, follow } from '../../../test/support/copied-server.ts';
import { openRouter } from '../../../test/support/database.ts';
import { query } from '../../../test/support/query.ts';
import { startRelay } from '../../../test/support/relay.ts';
import { startTemporaryCluster, type TemporaryCluster } from '../../../test/support/temporary-cluster.ts';
import type { EmbeddedCluster } from '../../embedded/cluster.ts';
import { stockRead } from '../../generated/sql/stocks.ts';
import { DatabaseUnavailable, OutcomeUnknown } from '../errors.ts';
import type { Router } from './router.ts';

// Servers start, stop and recover here; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 90_000 });

let temporary: TemporaryCluster;
let cluster: EmbeddedCluster;
let routers: Router[] = [];
let copies: CopiedServer[] = [];

beforeEach(async () => {
  temporary = await startTemporaryCluster();
  cluster = temporary.cluster;
  await onA('CREATE TABLE stocks (sku bigint PRIMARY KEY, total_count bigint, reserved bigint)');
  await onA('INSERT INTO stocks VALUES (7, 1000000, 0)');
});

afterEach(async () => {
  await Promise.all(routers.map((router) => router.stop()));
  for (const copy of copies) await copy.stop();
  await temporary?.remove();
  routers = [];
  copies = [];
});

/** A is the primary that is lost, B the replica that is promoted. */
const onA = (statement: string) => query(cluster.primaryUrl, statement);
const onB = (statement: string) => query(cluster.replicaUrls[0] ?? '', statement);

async function open(...more: string[]): Promise<Router> {
  const replicaUrls = [...cluster.replicaUrls, ...more];
  // A busy machine must not cause hedged reads, which come after a tenth of the read timeout.
  const limits = { writeTimeoutMs: 1_000, readTimeoutMs: 10_000, connectTimeoutMs: 1_000 };
  const router = openRouter({ primaryUrl: cluster.primaryUrl, replicaUrls }, limits);
  routers.push(router);
  await router.check();
  return router;
}

async function copy(from: 'primary' | 'replica'): Promise<CopiedServer> {
  const server = await copyServer(temporary.dir, from);
  copies.push(server);
  return server;
}

async function setSynchronous(names: string): Promise<void> {
  await onA(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
  await onA('SELECT pg_reload_conf()');
  const shown = () => onA("SELECT current_setting('synchronous_standby_names') AS names");
  await expect.poll(shown).toEqual([{ names }]);
}

/** Adds a second replica, and sets which replicas commits wait for. */
async function addReplica(synchronousNames: string): Promise<CopiedServer> {
  await onA("SELECT pg_create_physical_replication_slot('follower', true)");
  await cluster.stopPrimary();
  const third = await copy('primary');
  await follow(temporary.dir, 'copy', cluster.primaryUrl);
  await cluster.startPrimary();
  await third.start();
  await onA(`ALTER SYSTEM SET synchronous_standby_names = '${synchronousNames}'`);
  await onA('SELECT pg_reload_conf()');
  return third;
}

const read = (router: Router) => router.read((db) => stockRead.run({ skus: [7n] }, db));
const reservedBy = async (router: Router) => Number((await read(router))[0]?.reserved);
const reserve = (router: Router, count = 1) =>
  router.write(async (db) => ({
    writes: [db.query('UPDATE stocks SET reserved = reserved + $1 WHERE sku = 7', [count])],
    result: undefined,
  }));
const reservedOnA = async () => Number((await onA('SELECT reserved FROM stocks'))[0]?.reserved);
const reservedOnB = async () => Number((await onB('SELECT reserved FROM stocks'))[0]?.reserved);
const nodes = (router: Router) =>
  router.status().map(({ role, timeline, reason }) => `${role} ${timeline}${reason && `: ${reason}`}`);
const checked = async (router: Router) => {
  await router.check();
  return nodes(router);
};

/** Turns synchronous replication off on A, so that only the router prevents a split brain. */
async function disableSyncReplication(router: Router): Promise<void> {
  await onA("ALTER SYSTEM SET synchronous_standby_names = ''");
  await onA('SELECT pg_reload_conf()');
  await expect.poll(() => checked(router)).toEqual(['primary 1', 'replica 1: not synchronous']);
}

test('one check after a promotion, only the new primary gets writes and reads', async () => {
  const router = await open();
  await reserve(router);
  await cluster.stopPrimary('immediate');
  await expect(reserve(router)).rejects.toBeInstanceOf(DatabaseUnavailable);
  expect(await checked(router)).toEqual(['primary 1: not reachable', 'replica 1']);
  expect(await reservedBy(router)).toBe(1);
  await cluster.promoteReplica();
  expect(await checked(router)).toEqual(['primary 1: not reachable', 'primary 2']);
  await reserve(router);
  expect([await reservedBy(router), await reservedOnB()]).toEqual([2, 2]);

  await cluster.startPrimary();
  expect(await checked(router)).toEqual(['primary 1: old primary', 'primary 2']);
  for (let expected = 3; expected < 10; expected++) {
    await reserve(router);
    expect(await reservedBy(router)).toBe(expected);
  }
  expect([await reservedOnA(), await reservedOnB()]).toEqual([1, 9]);
});

test('an old primary that returns between two checks gets neither writes nor reads', async () => {
  const router = await open();
  await disableSyncReplication(router);
  await reserve(router);
  await cluster.stopPrimary('immediate');
  await cluster.promoteReplica();
  await onB('UPDATE stocks SET reserved = 100');
  await cluster.startPrimary();
  const reads = await Promise.allSettled(Array.from({ length: 20 }, () => reservedBy(router)));
  expect(new Set(reads.map((each) => each.status))).toEqual(new Set(['rejected']));
  for (let index = 0; index < 3; index++) {
    await expect(reserve(router)).rejects.toBeInstanceOf(DatabaseUnavailable);
  }
  expect(nodes(router)[0]).toBe('primary 1: server changed since the last check');
  expect(await checked(router)).toEqual(['primary 1: old primary', 'primary 2']);
  await reserve(router);
  expect([await reservedOnA(), await reservedOnB(), await reservedBy(router)]).toEqual([1, 101, 101]);
});

test('an old primary that returns during a check is recognised by that check', async () => {
  const relay = await startRelay(Number(new URL(cluster.primaryUrl).port));
  const relayed = Object.assign(new URL(cluster.primaryUrl), { port: relay.port }).href;
  const router = openRouter({ primaryUrl: relayed, replicaUrls: cluster.replicaUrls });
  routers.push(router);
  await router.check();
  await cluster.stopPrimary('immediate');
  await router.check();
  relay.holding = true;
  const lastReply =
    "SELECT state_change FROM pg_stat_activity WHERE application_name = 'loms' AND state = 'idle'";
  const before = await onB(lastReply);
  const check = router.check();
  await expect.poll(() => relay.waiting).toBe(1);
  // B replies as a replica, then is promoted; A replies after its restart.
  await expect.poll(async () => (await onB(lastReply))[0]).not.toEqual(before[0]);
  await cluster.promoteReplica();
  await cluster.startPrimary();
  relay.holding = false;
  await check;
  expect(nodes(router)).toEqual(['primary 1: old primary', 'primary 2']);
  relay.close();
});

test('an old primary that never stopped loses its connections, including those in use', async () => {
  const router = await open();
  await disableSyncReplication(router);
  await cluster.promoteReplica();
  let statusMeanwhile: string[] = [];
  const late = router.write(async (db) => {
    await db.query('UPDATE stocks SET reserved = reserved + 1', []);
    statusMeanwhile = await checked(router);
    return { writes: [], result: undefined };
  });
  const error = await late.catch((thrown) => thrown);
  // On a busy machine the write may time out before the check is done.
  await expect
    .poll(() => statusMeanwhile, { timeout: 10_000 })
    .toEqual(['primary 1: old primary', 'primary 2']);
  expect([DatabaseUnavailable, OutcomeUnknown].some((kind) => error instanceof kind)).toBe(true);
  // The remaining connection queries the node's state.
  await expect
    .poll(() => onA("SELECT FROM pg_stat_activity WHERE application_name = 'loms'"))
    .toHaveLength(1);
  await reserve(router);
  expect([await reservedOnA(), await reservedOnB()]).toEqual([0, 1]);
});

test('a primary restarted on its timeline is used again after one check, and so is its replica', async () => {
  const router = await open();
  await reserve(router);
  await cluster.stopPrimary('immediate');
  await cluster.startPrimary();
  await expect(reserve(router)).rejects.toBeInstanceOf(DatabaseUnavailable);
  expect((await checked(router))[0]).toBe('primary 1');
  await expect.poll(() => checked(router)).toEqual(['primary 1', 'replica 1']);
  await reserve(router);
  expect(await reservedBy(router)).toBe(2);
});

test('without a primary, writes and reads are rejected until a replica is promoted', async () => {
  await cluster.stopPrimary('immediate');
  const router = await open();
  expect(nodes(router)).toEqual(['unknown 0: not reachable', 'replica 1: no primary']);
  expect([router.writable, router.primary]).toEqual([false, undefined]);
  await expect(reserve(router)).rejects.toBeInstanceOf(DatabaseUnavailable);
  await expect(read(router)).rejects.toBeInstanceOf(DatabaseUnavailable);
  await expect(router.waitForPrimary(0)).rejects.toThrow(
    /no primary after 0 ms \(.*: unknown, connect ECONNREFUSED .*; .*: replica, no primary\)/,
  );
  await cluster.promoteReplica();
  expect((await router.waitForPrimary(0)).url).toBe(cluster.replicaUrls[0]);
  await reserve(router);
  expect([router.writable, await reservedBy(router)]).toEqual([true, 1]);
});

test('a new primary without its synchronous replica serves reads and rejects writes at once', async () => {
  const router = await open();
  await cluster.stopPrimary('immediate');
  await onB("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (store_sync)'");
  await onB('SELECT pg_reload_conf()');
  await cluster.promoteReplica();
  expect(await checked(router)).toEqual(['primary 1: not reachable', 'primary 2']);
  expect(router.writable).toBe(false);
  await expect(reserve(router)).rejects.toBeInstanceOf(DatabaseUnavailable);
  expect(await reservedBy(router)).toBe(0);
  expect(await onB("SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'")).toEqual([]);
  await onB('ALTER SYSTEM RESET synchronous_standby_names');
  await onB('SELECT pg_reload_conf()');
  const writable = async () => {
    await router.check();
    return router.writable;
  };
  await expect.poll(writable).toBe(true);
  await reserve(router);
});

test('with two primaries on one timeline the one in force stays, and a new router uses none', async () => {
  await cluster.stopPrimary();
  const twin = await copy('primary');
  await cluster.startPrimary();
  const router = await open(twin.url);
  await twin.start();
  expect((await checked(router))[2]).toBe('primary 1: two primaries on one timeline');
  await expect.poll(async () => (await checked(router))[1]).toBe('replica 1');
  await reserve(router);
  const newRouter = await open(twin.url);
  expect(nodes(newRouter)).toEqual([
    'primary 1: two primaries on one timeline',
    'replica 1: no primary',
    'primary 1: two primaries on one timeline',
  ]);
  await expect(reserve(newRouter)).rejects.toBeInstanceOf(DatabaseUnavailable);
  await expect(read(newRouter)).rejects.toBeInstanceOf(DatabaseUnavailable);
});

test('a replica that still follows the old primary is not read', async () => {
  const third = await addReplica('FIRST 2 (store_sync, follower)');
  const router = await open(third.url);
  await expect.poll(() => checked(router)).toEqual(['primary 1', 'replica 1', 'replica 1']);
  await reserve(router);
  for (let index = 0; index < 6; index++) expect(await reservedBy(router)).toBe(1);
  expect(router.status()[2]?.reads).toBe(2);

  await cluster.promoteReplica();
  expect(await checked(router)).toEqual(['primary 1: old primary', 'primary 2', 'replica 1: other timeline']);
  for (let expected = 2; expected < 10; expected++) {
    await reserve(router);
    expect(await reservedBy(router)).toBe(expected);
  }
});

test('a replica is read once it has replayed what was acknowledged without it', async () => {
  await setSynchronous('');
  await onB('SELECT pg_wal_replay_pause()');
  await expect
    .poll(() => onB('SELECT pg_get_wal_replay_pause_state() AS state'))
    .toEqual([{ state: 'paused' }]);
  await onA('UPDATE stocks SET reserved = 3');
  await setSynchronous('FIRST 1 (store_sync)');
  const states = () => onA('SELECT sync_state FROM pg_stat_replication');
  await expect.poll(states).toEqual([{ sync_state: 'sync' }]);

  const router = await open();
  expect(nodes(router)).toEqual(['primary 1', 'replica 1: catching up']);
  expect(await reservedBy(router)).toBe(3);
  expect(await reservedBy(router)).toBe(3);
  await onB('SELECT pg_wal_replay_resume()');
  await expect.poll(() => checked(router)).toEqual(['primary 1', 'replica 1']);
  for (let index = 0; index < 4; index++) expect(await reservedBy(router)).toBe(3);
});

test('with two replicas that confirm each commit, writes are refused at once while one is lost', async () => {
  const third = await addReplica('FIRST 2 (store_sync, follower)');
  const router = await open(third.url);
  await expect.poll(() => checked(router)).toEqual(['primary 1', 'replica 1', 'replica 1']);
  await third.stop();
  await expect.poll(() => checked(router)).toEqual(['primary 1', 'replica 1', 'replica 1: not reachable']);
  expect(router.writable).toBe(false);
  await expect(reserve(router)).rejects.toThrow('commits are not confirmed');
});

test('a replica that is only a potential synchronous standby is not read', async () => {
  const third = await addReplica('FIRST 1 (store_sync, follower)');
  const states = () => onA('SELECT sync_state FROM pg_stat_replication ORDER BY 1');
  await expect.poll(states).toEqual([{ sync_state: 'potential' }, { sync_state: 'sync' }]);
  const router = await open(third.url);
  const unread = 'replica 1: not synchronous';
  await expect.poll(() => checked(router)).toEqual(['primary 1', unread, unread]);
  await reserve(router);
  expect(await reservedBy(router)).toBe(1);
  await third.stop();
  await expect.poll(() => checked(router)).toEqual(['primary 1', 'replica 1', 'replica 1: not reachable']);
});

test('beside an asynchronous replica the synchronous one is read, and both follow a failover', async () => {
  const third = await addReplica('FIRST 1 (store_sync)');
  const router = await open(third.url);
  const unread = 'replica 1: not synchronous';
  await expect.poll(() => checked(router)).toEqual(['primary 1', 'replica 1', unread]);
  await reserve(router);
  await cluster.stopPrimary('immediate');
  expect(await checked(router)).toEqual(['primary 1: not reachable', 'replica 1', unread]);
  for (let index = 0; index < 4; index++) expect(await reservedBy(router)).toBe(1);
  expect(router.status()[2]?.reads).toBe(0);

  await cluster.promoteReplica();
  await onB("SELECT pg_create_physical_replication_slot('follower', true)");
  await follow(temporary.dir, 'copy', cluster.replicaUrls[0] ?? '');
  await query(third.url, 'SELECT pg_reload_conf()');
  await onB("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (follower)'");
  await onB('SELECT pg_reload_conf()');
  await expect
    .poll(() => checked(router), { timeout: 20_000 })
    .toEqual(['primary 1: not reachable', 'primary 2', 'replica 2']);
  await reserve(router);
  for (let index = 0; index < 4; index++) expect(await reservedBy(router)).toBe(2);
});

test('with a quorum of two replicas no replica is read while the primary is away', async () => {
  const third = await addReplica('ANY 1 (store_sync, follower)');
  const states = () => onA('SELECT sync_state FROM pg_stat_replication ORDER BY 1');
  await expect.poll(states).toEqual([{ sync_state: 'quorum' }, { sync_state: 'quorum' }]);
  const router = await open(third.url);
  await reserve(router);
  await cluster.stopPrimary('immediate');
  const unread = 'replica 1: not synchronous';
  expect(await checked(router)).toEqual(['primary 1: not reachable', unread, unread]);
  expect(router.readable).toBe(false);
  await expect(read(router)).rejects.toBeInstanceOf(DatabaseUnavailable);
});

test('a server of another cluster is not used, even on a higher timeline', async () => {
  const other = await startTemporaryCluster({ isNew: true });
  const [promoted = ''] = other.cluster.replicaUrls;
  const relay = await startRelay(Number(new URL(promoted).port));
  try {
    await other.cluster.stopPrimary();
    await other.cluster.promoteReplica();
    const foreignUrl = Object.assign(new URL(promoted), { port: relay.port }).href;
    relay.holding = true;
    const router = await open(foreignUrl);
    relay.holding = false;
    expect(await checked(router)).toEqual(['primary 1', 'replica 1', 'primary 2: other cluster']);
    await reserve(router);
    expect(await reservedBy(router)).toBe(1);

    const newRouter = await open(foreignUrl);
    expect(nodes(newRouter)).toEqual([
      'primary 1: other cluster',
      'replica 1: other cluster',
      'primary 2: other cluster',
    ]);
    await expect(reserve(newRouter)).rejects.toBeInstanceOf(DatabaseUnavailable);
    await expect(read(newRouter)).rejects.toBeInstanceOf(DatabaseUnavailable);
  } finally {
    relay.close();
    await other.remove();
  }
});

test('an old primary that became a replica of the new one is read again', async () => {
  const router = await open();
  await cluster.stopPrimary();
  await cluster.promoteReplica();
  await onB("SELECT pg_create_physical_replication_slot('follower', true)");
  expect(await checked(router)).toEqual(['primary 1: not reachable', 'primary 2']);
  await follow(temporary.dir, 'primary', cluster.replicaUrls[0] ?? '');
  await cluster.startPrimary();
  await expect.poll(() => checked(router)).toEqual(['replica 2: not synchronous', 'primary 2']);
  await onB("ALTER SYSTEM SET synchronous_standby_names = 'follower'");
  await onB('SELECT pg_reload_conf()');
  await expect.poll(() => checked(router)).toEqual(['replica 2', 'primary 2']);
  await reserve(router);
  const [before] = router.status();
  for (let index = 0; index < 4; index++) expect(await reservedBy(router)).toBe(1);
  expect(router.status()[0]?.reads).toBe((before?.reads ?? 0) + 2);
});
