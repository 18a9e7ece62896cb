/** The embedded cluster over its life: attached to, stopped, killed and repaired. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  EmbeddedFolder,
  isRefused,
  killed,
  replicaUrl,
  servers,
  untilTrue,
  urlsOf,
} from '../../test/support/embedded-folder.ts';
import { freePorts } from '../../test/support/ports.ts';
import { postgresMajor } from '../../test/support/postgres.ts';
import { query } from '../../test/support/query.ts';
import { majorOf } from '../db/cluster/server-check.ts';
import { withSetupLock } from './client.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from './cluster.ts';

const LIMIT_MS = 60_000;

/** One folder for all tests, because a new cluster takes seconds. */
let folder: EmbeddedFolder;
/** The table of the running test. */
let table = '';
let tables = 0;

let first: EmbeddedCluster;
let second: EmbeddedCluster;

beforeAll(async () => {
  folder = await EmbeddedFolder.make();
  const { options } = folder;
  [first, second] = await Promise.all([startEmbeddedCluster(options), startEmbeddedCluster(options)]);
  for (const url of urlsOf(first)) {
    // Faster starts and stops; the data need not survive a power cut.
    await query(url, 'ALTER SYSTEM SET fsync = off');
    await query(url, 'SELECT pg_reload_conf()');
  }
}, LIMIT_MS);

beforeEach(() => {
  tables += 1;
  table = `t${tables}`;
});
afterEach(() => folder.endStarted());
afterAll(() => folder.remove());

describe('a running embedded cluster', { timeout: LIMIT_MS }, () => {
  /** Attached to the running servers; starts those that the previous test stopped. */
  let cluster: EmbeddedCluster;

  beforeEach(async () => {
    cluster = await startEmbeddedCluster(folder.options);
  });

  test('is a single one when two starts run at the same time in an empty folder', async () => {
    expect(portsOf(first)).toEqual([folder.options.primaryPort, folder.options.replicaPort]);
    expect(urlsOf(second)).toEqual(urlsOf(first));
    expect((await readdir(folder.home)).sort()).toEqual(['log', 'primary', 'replica']);
  });

  test('runs the PostgreSQL of this test run', async () => {
    for (const url of urlsOf(cluster)) {
      const [row] = await query(url, "SELECT current_setting('server_version_num')::int AS version");
      expect(majorOf(Number(row?.version))).toBe(postgresMajor);
    }
  });

  test('is set up by one process at a time', async () => {
    const steps: number[] = [];
    const work = async (step: number) => {
      steps.push(step);
      await query(cluster.primaryUrl, 'SELECT pg_sleep(0.1)');
      steps.push(step);
    };
    await Promise.all([1, 2].map((step) => withSetupLock(cluster.primaryUrl, () => work(step))));
    expect([steps[0], steps[2]]).toEqual([steps[1], steps[3]]);
  });

  test('has a primary and a synchronous streaming replica', async () => {
    const [replication] = await query(
      cluster.primaryUrl,
      'SELECT application_name, state, sync_state, usename FROM pg_stat_replication',
    );
    expect(replication).toEqual({
      application_name: 'store_sync',
      state: 'streaming',
      sync_state: 'sync',
      usename: 'replicator',
    });
    const [slot] = await query(
      cluster.primaryUrl,
      'SELECT slot_name, slot_type, active FROM pg_replication_slots',
    );
    expect(slot).toEqual({ slot_name: 'store_sync_db', slot_type: 'physical', active: true });

    await query(cluster.primaryUrl, `CREATE TABLE ${table} (n int)`);
    await query(cluster.primaryUrl, `INSERT INTO ${table} VALUES (1)`);
    expect(cluster.replicaUrls).toHaveLength(1);
    expect(await rowsOf(replicaUrl(cluster))).toEqual([1]);
    expect(await query(replicaUrl(cluster), 'SELECT pg_is_in_recovery() AS standby')).toEqual([
      { standby: true },
    ]);
    expect(await query(replicaUrl(cluster), 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
  });

  test('requires a password on both servers', async () => {
    for (const url of urlsOf(cluster)) {
      const wrong = Object.assign(new URL(url), { password: 'postgres' }).href;
      await expect(query(wrong, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    }
  });

  test('keeps its random password in a file that only its account can read', async () => {
    for (const name of servers) {
      const path = join(folder.home, name, 'loms.password');
      expect(await readFile(path, 'utf8')).toBe(new URL(cluster.primaryUrl).password);
      expect((await lstat(path)).mode & 0o777).toBe(0o600);
    }
    expect(new URL(cluster.primaryUrl).password).toMatch(/^[\w-]{32}$/);
  });

  test('runs each server in its own process group, out of reach of Ctrl-C in the terminal', async () => {
    for (const name of servers) {
      const pid = await folder.postmasterOf(name);
      // A signal to a group that does not exist fails: the server leads a group of its own.
      expect(() => process.kill(-pid, 0)).not.toThrow();
    }
  });

  test('is used by the next start, which does not change or stop it', async () => {
    const pids = await Promise.all(servers.map((name) => folder.postmasterOf(name)));
    const settings = await readFile(join(folder.home, 'primary', 'postgresql.conf'), 'utf8');
    const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
    const guest = await folder.start({ primaryPort, replicaPort });
    expect(urlsOf(guest)).toEqual(urlsOf(cluster));
    await guest.stop();
    expect(await Promise.all(servers.map((name) => folder.postmasterOf(name)))).toEqual(pids);
    expect(await readFile(join(folder.home, 'primary', 'postgresql.conf'), 'utf8')).toBe(settings);
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    expect(await rowsOf(replicaUrl(cluster))).toEqual([7]);
  });

  test('gets its replica from the next start when only the replica is missing', async () => {
    const primary = await folder.postmasterOf('primary');
    await cluster.stopReplica();
    const other = await folder.start();
    await query(other.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    expect(await rowsOf(replicaUrl(other))).toEqual([7]);

    await other.stop();
    expect(await isRefused(replicaUrl(other))).toBe(true);
    expect(await folder.postmasterOf('primary')).toBe(primary);
  });

  test('gets its primary from the next start after that was killed, and the replica follows it', async () => {
    const replica = await folder.postmasterOf('replica');
    process.kill(await folder.postmasterOf('primary'), 'SIGKILL');
    const other = await folder.start();
    await query(other.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    expect(await rowsOf(replicaUrl(other))).toEqual([7]);
    expect(await folder.postmasterOf('replica')).toBe(replica);
  });

  test.each(['fast', 'immediate'] as const)(
    'blocks commits while the replica is stopped (%s), and continues when it returns',
    async (mode) => {
      await query(cluster.primaryUrl, `CREATE TABLE ${table} (n int)`);
      await cluster.stopReplica(mode);
      let isCommitted = false;
      const insert = query(cluster.primaryUrl, `INSERT INTO ${table} VALUES (7)`).then(() => {
        isCommitted = true;
      });
      await untilTrue(() => isWaitingForReplica(cluster));
      expect(isCommitted).toBe(false);
      await cluster.startReplica();
      await insert;
      expect(await rowsOf(replicaUrl(cluster))).toEqual([7]);
    },
  );

  test('rebuilds a replica whose data is corrupt', async () => {
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    await cluster.stopReplica();
    await truncate(join(folder.home, 'replica', 'global', 'pg_control'), 0);

    const other = await folder.start();
    expect(await rowsOf(replicaUrl(other))).toEqual([7]);
    expect(folder.log.join('')).toContain('rebuilding it from the primary');
  });

  test('rebuilds a replica whose slot is lost, unless another process started it', async () => {
    await cluster.stopReplica();
    await query(cluster.primaryUrl, "SELECT pg_drop_replication_slot('store_sync_db')");
    await expect(cluster.startReplica()).rejects.toThrow('the slot store_sync_db is lost');
    const replica = await folder.postmasterOf('replica');
    await expect(folder.start()).rejects.toThrow('that another process started');
    expect(await folder.postmasterOf('replica')).toBe(replica);
    await cluster.stopReplica();

    const other = await folder.start();
    await query(other.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    expect(await rowsOf(replicaUrl(other))).toEqual([7]);
    expect(folder.log.join('')).toContain('rebuilding it from the primary');
  });

  test('kills a suspended server that cannot stop by itself', async () => {
    process.kill(await folder.postmasterOf('replica'), 'SIGSTOP');
    const startMs = performance.now();
    await cluster.stopReplica('immediate');
    expect(performance.now() - startMs).toBeLessThan(15_000);
    await untilTrue(() => isRefused(replicaUrl(cluster)));
  });
});

describe('an embedded cluster across stops and starts', { timeout: LIMIT_MS }, () => {
  /** Every test starts with both servers stopped. */
  beforeEach(() => folder.stopServers());

  test('is stopped by the process that started it, even while another one uses it', async () => {
    const cluster = await folder.start();
    const guest = await folder.start();
    await cluster.stop();
    await cluster.stop();
    for (const url of urlsOf(guest)) expect(await isRefused(url)).toBe(true);
  });

  test('keeps its data, even on other ports', async () => {
    const cluster = await folder.start();
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    await cluster.stop();

    const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
    const again = await folder.start({ primaryPort, replicaPort });
    expect(portsOf(again)).toEqual([primaryPort, replicaPort]);
    expect(await rowsOf(again.primaryUrl)).toEqual([7]);
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
    expect(folder.log.join('')).not.toContain('rebuilding');
  });

  test('starts again with all committed data after both servers were killed', async () => {
    const cluster = await folder.start();
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    for (const name of servers) process.kill(await folder.postmasterOf(name), 'SIGKILL');

    const again = await folder.start();
    expect(await rowsOf(again.primaryUrl)).toEqual([7]);
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
    expect(folder.log.join('')).not.toContain('rebuilding');
  });

  test('outlives a service that is killed, and is used by the next one', async () => {
    const service = folder.startElsewhere();
    await once(service.stdout, 'data');
    await query(first.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    const pids = await Promise.all(servers.map((name) => folder.postmasterOf(name)));
    await killed(service);

    const next = await folder.start();
    expect(await rowsOf(replicaUrl(next))).toEqual([7]);
    await next.stop();
    expect(await Promise.all(servers.map((name) => folder.postmasterOf(name)))).toEqual(pids);
    expect(await rowsOf(replicaUrl(next))).toEqual([7]);
  });

  test('does not stop a process that got the id of a killed server', async () => {
    const cluster = await folder.start({ replica: false });
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    const postmaster = await folder.postmasterOf('primary');
    process.kill(postmaster, 'SIGKILL');
    // Of the servers' account: PostgreSQL itself recognises processes of other accounts.
    const { uid, gid } = await lstat(join(folder.home, 'primary'));
    const stranger = folder.follow(spawn('sleep', ['60'], { uid, gid }));
    const file = join(folder.home, 'primary', 'postmaster.pid');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(String(postmaster), String(stranger.pid)));

    const again = await folder.start({ replica: false });
    expect(await rowsOf(again.primaryUrl)).toEqual([7]);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  test('stops while a commit waits for a stopped replica', async () => {
    const cluster = await folder.start();
    await query(cluster.primaryUrl, `CREATE TABLE ${table} (n int)`);
    await cluster.stopReplica('immediate');
    const insert = query(cluster.primaryUrl, `INSERT INTO ${table} VALUES (7)`).catch(
      (error: unknown) => error,
    );
    await untilTrue(() => isWaitingForReplica(cluster));
    await cluster.stop();
    expect(await insert).toBeInstanceOf(Error);

    // The commit was not confirmed, but the primary had written it.
    const again = await folder.start();
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
  });

  test.each([
    ['primaryPort', 'EMBEDDED_PRIMARY_PORT'],
    ['replicaPort', 'EMBEDDED_REPLICA_PORT'],
  ] as const)(
    'does not start when a port is in use, and the error names its variable (%s)',
    async (port, variable) => {
      const other = createServer().listen(folder.options[port], '127.0.0.1');
      await once(other, 'listening');
      await expect(startEmbeddedCluster(folder.options)).rejects.toThrow(
        `port ${folder.options[port]} on 127.0.0.1 is in use: set ${variable} to another port`,
      );
      other.close();
      await once(other, 'close');
      for (const name of servers)
        await expect(folder.postmasterOf(name)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(folder.log.join('')).not.toContain('rebuilding');
    },
  );

  test('does not replace a missing primary while its replica exists', async () => {
    await rename(join(folder.home, 'primary'), join(folder.home, 'aside'));
    await expect(startEmbeddedCluster(folder.options)).rejects.toThrow('holds a replica without its primary');
    await rename(join(folder.home, 'aside'), join(folder.home, 'primary'));
  });
});

async function rowsOf(url: string): Promise<unknown[]> {
  return (await query(url, `SELECT n FROM ${table}`)).map((row) => row.n);
}

async function isWaitingForReplica(cluster: EmbeddedCluster): Promise<boolean> {
  const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
  return (await query(cluster.primaryUrl, waiting)).length > 0;
}

function portsOf(cluster: EmbeddedCluster): number[] {
  return urlsOf(cluster).map((url) => Number(new URL(url).port));
}
