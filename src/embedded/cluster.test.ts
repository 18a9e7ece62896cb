/** The embedded cluster over its whole life: set up, attached to, stopped, killed, repaired and removed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePorts } from '../../test/support/ports.ts';
import { query } from '../../test/support/query.ts';
import {
  type EmbeddedCluster,
  type EmbeddedOptions,
  removeEmbeddedCluster,
  startEmbeddedCluster,
} from './cluster.ts';
import { findPlace } from './place.ts';
import { PostgresServer } from './server.ts';

const LIMIT_MS = 60_000;
const POLL_INTERVAL_MS = 10;
const isRoot = process.getuid?.() === 0;
const servers = ['primary', 'replica'] as const;

const lines: string[] = [];
const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });

/** Tests share a folder, because new data take seconds. */
let options: EmbeddedOptions;
let home = '';
let clusters: EmbeddedCluster[] = [];
let children: ChildProcess[] = [];
/** The table of the running test. */
let table = '';
let tables = 0;

let first: EmbeddedCluster;
let second: EmbeddedCluster;

beforeAll(async () => {
  await makeFolder();
  [first, second] = await Promise.all([startEmbeddedCluster(options), startEmbeddedCluster(options)]);
  for (const url of urlsOf(first)) {
    // The data need not outlive a power cut: starts and stops are faster so.
    await query(url, 'ALTER SYSTEM SET fsync = off');
    await query(url, 'SELECT pg_reload_conf()');
  }
}, LIMIT_MS);

afterAll(removeFolder);

beforeEach(() => {
  lines.length = 0;
  tables += 1;
  table = `t${tables}`;
});

/** Ends what the test has started. */
afterEach(async () => {
  for (const child of children) await killed(child);
  for (const cluster of clusters) await cluster.stop();
  children = [];
  clusters = [];
});

describe('an embedded cluster that runs', { timeout: LIMIT_MS }, () => {
  /** Attached to what runs; it starts what the test before has stopped. */
  let cluster: EmbeddedCluster;

  beforeEach(async () => {
    cluster = await startEmbeddedCluster(options);
  });

  test('is one, where two processes have started it at the same moment in an empty folder', async () => {
    expect(urlsOf(first)).toEqual([urlOn(options.primaryPort), urlOn(options.replicaPort)]);
    expect(urlsOf(second)).toEqual(urlsOf(first));
    expect((await readdir(home)).sort()).toEqual(['log', 'primary', 'replica']);
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

  test('is closed by passwords', async () => {
    for (const url of urlsOf(cluster)) {
      const wrong = url.replace('postgres:postgres@', 'postgres:wrong@');
      await expect(query(wrong, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    }
  });

  test('gives both servers a session of their own, out of reach of a Ctrl-C in the terminal', async () => {
    for (const name of servers) {
      const pid = await postmasterOf(name);
      // A signal to a group that does not exist fails: the server leads a group of its own.
      expect(() => process.kill(-pid, 0)).not.toThrow();
    }
  });

  test('is used by the next start, which neither changes nor stops it', async () => {
    const pids = await Promise.all(servers.map(postmasterOf));
    const settings = await readFile(join(home, 'primary', 'postgresql.conf'), 'utf8');
    const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
    const guest = await start({ primaryPort, replicaPort });
    expect(urlsOf(guest)).toEqual(urlsOf(cluster));
    await guest.stop();
    expect(await Promise.all(servers.map(postmasterOf))).toEqual(pids);
    expect(await readFile(join(home, 'primary', 'postgresql.conf'), 'utf8')).toBe(settings);
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    expect(await rowsOf(replicaUrl(cluster))).toEqual([7]);
  });

  test('gets its replica from the next start where only that is missing', async () => {
    const primary = await postmasterOf('primary');
    await cluster.stopReplica();
    const other = await start();
    await query(other.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    expect(await rowsOf(replicaUrl(other))).toEqual([7]);

    await other.stop();
    expect(await isRefused(replicaUrl(other))).toBe(true);
    expect(await postmasterOf('primary')).toBe(primary);
  });

  test('gets its primary from the next start where that was killed, and the replica follows', async () => {
    const replica = await postmasterOf('replica');
    process.kill(await postmasterOf('primary'), 'SIGKILL');
    const other = await start();
    await query(other.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    expect(await rowsOf(replicaUrl(other))).toEqual([7]);
    expect(await postmasterOf('replica')).toBe(replica);
  });

  test.each(['fast', 'immediate'] as const)(
    'holds commits back while the replica is stopped (%s) and goes on when it returns',
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

  test('rebuilds a replica whose data are broken', async () => {
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    await cluster.stopReplica();
    await truncate(join(home, 'replica', 'global', 'pg_control'), 0);

    const other = await start();
    expect(await rowsOf(replicaUrl(other))).toEqual([7]);
    expect(lines.join('')).toContain('rebuilding it from the primary');
  });

  test('rebuilds a replica whose slot is lost, but not one that another process started', async () => {
    await cluster.stopReplica();
    await query(cluster.primaryUrl, "SELECT pg_drop_replication_slot('store_sync_db')");
    await expect(cluster.startReplica()).rejects.toThrow('the slot store_sync_db is lost');
    const replica = await postmasterOf('replica');
    await expect(start()).rejects.toThrow('started by another process, is broken');
    expect(await postmasterOf('replica')).toBe(replica);
    await cluster.stopReplica();

    const other = await start();
    await query(other.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    expect(await rowsOf(replicaUrl(other))).toEqual([7]);
    expect(lines.join('')).toContain('rebuilding it from the primary');
  });

  test('kills a server that is suspended and cannot stop by itself', async () => {
    process.kill(await postmasterOf('replica'), 'SIGSTOP');
    const startMs = performance.now();
    await cluster.stopReplica('immediate');
    expect(performance.now() - startMs).toBeLessThan(15_000);
    await untilTrue(() => isRefused(replicaUrl(cluster)));
  });
});

describe('an embedded cluster over stops and starts', { timeout: LIMIT_MS }, () => {
  /** Every test begins with both servers stopped. */
  beforeEach(stopServers);

  test('is stopped by the process that started it, also while another one uses it', async () => {
    const cluster = await start();
    const guest = await start();
    await cluster.stop();
    await cluster.stop();
    for (const url of urlsOf(guest)) expect(await isRefused(url)).toBe(true);
  });

  test('keeps its data, also on other ports', async () => {
    const cluster = await start();
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    await cluster.stop();

    const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
    const again = await start({ primaryPort, replicaPort });
    expect(urlsOf(again)).toEqual([urlOn(primaryPort), urlOn(replicaPort)]);
    expect(await rowsOf(again.primaryUrl)).toEqual([7]);
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
    expect(lines.join('')).not.toContain('rebuilding');
  });

  test('comes up again with all committed data after both servers were killed', async () => {
    const cluster = await start();
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    for (const name of servers) process.kill(await postmasterOf(name), 'SIGKILL');

    const again = await start();
    expect(await rowsOf(again.primaryUrl)).toEqual([7]);
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
    expect(lines.join('')).not.toContain('rebuilding');
  });

  test('outlives a service that is killed, and is used by the next one', async () => {
    const service = startElsewhere();
    await untilTrue(async () => textOf(service).includes('embedded PostgreSQL is ready'));
    await query(urlOn(options.primaryPort), `CREATE TABLE ${table} AS SELECT 7 AS n`);
    const pids = await Promise.all(servers.map(postmasterOf));
    await killed(service);

    const next = await start();
    expect(await rowsOf(replicaUrl(next))).toEqual([7]);
    await next.stop();
    expect(await Promise.all(servers.map(postmasterOf))).toEqual(pids);
    expect(await rowsOf(replicaUrl(next))).toEqual([7]);
  });

  test('leaves a process alone that got the id of a server that was killed', async () => {
    const cluster = await start({ replica: false });
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    const postmaster = await postmasterOf('primary');
    process.kill(postmaster, 'SIGKILL');
    // Of the servers' account: PostgreSQL itself recognises processes of other accounts.
    const { uid, gid } = await lstat(join(home, 'primary'));
    const stranger = follow(spawn('sleep', ['60'], { uid, gid }));
    const file = join(home, 'primary', 'postmaster.pid');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(String(postmaster), String(stranger.pid)));

    const again = await start({ replica: false });
    expect(await rowsOf(again.primaryUrl)).toEqual([7]);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  test('stops while a commit waits for a replica that is gone', async () => {
    const cluster = await start();
    await query(cluster.primaryUrl, `CREATE TABLE ${table} (n int)`);
    await cluster.stopReplica('immediate');
    const insert = query(cluster.primaryUrl, `INSERT INTO ${table} VALUES (7)`).catch(
      (error: unknown) => error,
    );
    await untilTrue(() => isWaitingForReplica(cluster));
    await cluster.stop();
    expect(await insert).toBeInstanceOf(Error);

    // The commit was not confirmed, but the primary had written it.
    const again = await start();
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
  });

  test.each([
    ['primaryPort', 'EMBEDDED_PRIMARY_PORT'],
    ['replicaPort', 'EMBEDDED_REPLICA_PORT'],
  ] as const)(
    'does not start where a port is in use, and names its variable (%s)',
    async (port, variable) => {
      const other = createServer().listen(options[port], '127.0.0.1');
      await once(other, 'listening');
      await expect(startEmbeddedCluster(options)).rejects.toThrow(
        `port ${options[port]} on 127.0.0.1 is in use: set ${variable} to another port`,
      );
      other.close();
      await once(other, 'close');
      for (const name of servers) await expect(postmasterOf(name)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(lines.join('')).not.toContain('rebuilding');
    },
  );

  test('does not replace a primary that is missing while its replica is there', async () => {
    await rename(join(home, 'primary'), join(home, 'aside'));
    await expect(startEmbeddedCluster(options)).rejects.toThrow('holds a replica without its primary');
    await rename(join(home, 'aside'), join(home, 'primary'));
  });
});

describe('an embedded cluster whose service was killed while it was set up', { timeout: LIMIT_MS }, () => {
  beforeAll(async () => {
    await removeFolder();
    await makeFolder();
  });

  test('is set up by the next start when that was in initdb: here a primary alone', async () => {
    const service = startElsewhere();
    await untilTrue(async () => (await namesBuilt()).includes('PG_VERSION'));
    await killed(service);
    expect(await readdir(home)).not.toContain('primary');

    const cluster = await start({ replica: false });
    expect(cluster.replicaUrls).toEqual([]);
    expect((await readdir(home)).sort()).toEqual(['log', 'primary']);
    // It would wait for a replica for ever.
    await query(cluster.primaryUrl, 'CREATE TABLE alone AS SELECT 7 AS n');
  });

  test('gets its replica by the next start when that was in the copy', async () => {
    const service = startElsewhere();
    await untilTrue(async () => {
      return (await readdir(home)).includes('primary') && (await namesBuilt()).includes('base');
    });
    await killed(service);
    expect(await readdir(home)).not.toContain('replica');

    const cluster = await start();
    expect(await query(replicaUrl(cluster), 'SELECT n FROM alone')).toEqual([{ n: 7 }]);
    // The copying program may have outlived the service; what it still wrote is removed by a later start.
    await untilTrue(async () => {
      await start();
      return String((await readdir(home)).sort()) === 'log,primary,replica';
    });
  });
});

describe('the folder of an embedded cluster', { timeout: LIMIT_MS }, () => {
  test('is emptied, and the servers are stopped, also those of another process', async () => {
    const cluster = await start();
    await removeEmbeddedCluster(options.dir, logger);
    for (const url of urlsOf(cluster)) expect(await isRefused(url)).toBe(true);
    expect(await readdir(options.dir)).toEqual([]);
    await expect(readdir(home)).rejects.toMatchObject({ code: 'ENOENT' });
    await removeEmbeddedCluster(options.dir, logger);
  });

  test.runIf(isRoot)(
    'is for root a link to another one, which is new when the link was removed',
    async () => {
      const { home: place } = await findPlace(options.dir);
      expect(place).toMatch(/^\/var\/lib\/loms\/data-/);
      expect((await findPlace(options.dir)).home).toBe(place);
      await rm(join(options.dir, 'postgresql'));
      expect((await findPlace(options.dir)).home).not.toBe(place);
      await rm(place, { recursive: true });
    },
  );
});

async function makeFolder(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'loms-cluster-'));
  const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
  options = { dir, primaryPort, replicaPort, logger };
  ({ home } = await findPlace(dir));
}

async function removeFolder(): Promise<void> {
  await removeEmbeddedCluster(options.dir, logger);
  await rm(options.dir, { recursive: true, force: true });
}

/** Starts a cluster that is stopped after the test. */
async function start(changed: Partial<EmbeddedOptions> = {}): Promise<EmbeddedCluster> {
  const cluster = await startEmbeddedCluster({ ...options, ...changed });
  clusters.push(cluster);
  return cluster;
}

/** Stops the servers, also those of another process. */
async function stopServers(): Promise<void> {
  const place = await findPlace(options.dir);
  for (const name of servers) await new PostgresServer(join(home, name), '', place).stop();
}

/** Starts the cluster in a process of its own, which can be killed. */
function startElsewhere(): ChildProcess {
  const { dir, primaryPort, replicaPort } = options;
  const code = `
    import { pino } from 'pino';
    import { startEmbeddedCluster } from '${join(import.meta.dirname, 'cluster.ts')}';
    const options = ${JSON.stringify({ dir, primaryPort, replicaPort })};
    await startEmbeddedCluster({ ...options, logger: pino({}, pino.destination({ sync: true })) });
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return follow(child);
}

const texts = new WeakMap<ChildProcess, string>();

function follow(child: ChildProcess): ChildProcess {
  child.stdout?.on('data', (chunk: Buffer) => texts.set(child, (texts.get(child) ?? '') + chunk));
  children.push(child);
  return child;
}

function textOf(child: ChildProcess): string {
  if (child.exitCode !== null) throw new Error(`the process ended: ${texts.get(child)}`);
  return texts.get(child) ?? '';
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function rowsOf(url: string): Promise<unknown[]> {
  return (await query(url, `SELECT n FROM ${table}`)).map((row) => row.n);
}

async function isWaitingForReplica(cluster: EmbeddedCluster): Promise<boolean> {
  const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
  return (await query(cluster.primaryUrl, waiting)).length > 0;
}

/** Whether nothing listens on the port of a URL. */
async function isRefused(url: string): Promise<boolean> {
  const error = await query(url, 'SELECT 1').catch((error: NodeJS.ErrnoException) => error);
  return error instanceof Error && error.code === 'ECONNREFUSED';
}

function urlOn(port: number): string {
  return `postgres://postgres:postgres@127.0.0.1:${port}/loms`;
}

function urlsOf({ primaryUrl, replicaUrls }: EmbeddedCluster): string[] {
  return [primaryUrl, ...replicaUrls];
}

function replicaUrl(cluster: EmbeddedCluster): string {
  const [url] = cluster.replicaUrls;
  if (url === undefined) throw new Error('the cluster has no replica');
  return url;
}

/** The process id of a server, from its own file. */
async function postmasterOf(name: string): Promise<number> {
  return Number.parseInt(await readFile(join(home, name, 'postmaster.pid'), 'utf8'), 10);
}

/** What is in the folder of data that are being built. */
async function namesBuilt(): Promise<string[]> {
  const attempt = (await readdir(home)).find((name) => name.startsWith('building-'));
  return attempt === undefined ? [] : readdir(join(home, attempt)).catch(() => []);
}

async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + LIMIT_MS / 2;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}
