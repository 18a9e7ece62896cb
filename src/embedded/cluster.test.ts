/** The embedded cluster over its whole life: new, stopped, killed, moved and removed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
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

const LIMIT_MS = 60_000;
const POLL_INTERVAL_MS = 10;

const lines: string[] = [];
const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });

let options: EmbeddedOptions;
let clusters: EmbeddedCluster[] = [];
let children: ChildProcess[] = [];
/** The table of the running test; tests share a folder where they can, to be quick. */
let table = '';
let tables = 0;

beforeEach(() => {
  lines.length = 0;
  tables += 1;
  table = `t${tables}`;
});

afterEach(endAll);

describe('the embedded cluster', { timeout: LIMIT_MS }, () => {
  beforeAll(makeFolder);
  afterAll(removeFolder);

  test('starts a primary and a synchronous streaming replica, both closed by passwords', async () => {
    const cluster = await start();
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

    for (const url of [cluster.primaryUrl, replicaUrl(cluster)]) {
      const wrong = url.replace('postgres:postgres@', 'postgres:wrong@');
      await expect(query(wrong, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    }
  });

  test('keeps its data over a stop and a start, also on other ports', async () => {
    const cluster = await start();
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    await cluster.stop();
    await cluster.stop();

    const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
    const again = await start({ primaryPort, replicaPort });
    expect(await rowsOf(again.primaryUrl)).toEqual([7]);
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
    expect(lines.join('')).not.toContain('made anew');
  });

  test('comes up again with all committed data after both servers were killed', async () => {
    const cluster = await start();
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    for (const name of ['primary', 'replica']) process.kill(await postmasterOf(name), 'SIGKILL');
    await cluster.stop();

    const again = await start();
    expect(await rowsOf(again.primaryUrl)).toEqual([7]);
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
    expect(lines.join('')).not.toContain('made anew');
  });

  test('ends the servers of a killed service and starts them anew', async () => {
    const service = startElsewhere();
    await untilTrue(async () => (await textOf(service)).includes('embedded PostgreSQL started'));
    const left = await postmasterOf('primary');
    const url = `postgres://postgres:postgres@127.0.0.1:${options.primaryPort}/loms`;
    await query(url, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    await expect(startEmbeddedCluster(options)).rejects.toThrow(`process ${service.pid}`);
    await killed(service);

    const cluster = await start();
    expect(await postmasterOf('primary')).not.toBe(left);
    expect(await rowsOf(replicaUrl(cluster))).toEqual([7]);
    expect(lines.join('')).not.toContain('made anew');
  });

  test('leaves a process alone that has the id of a server that was killed', async () => {
    const cluster = await start();
    process.kill(await postmasterOf('primary'), 'SIGKILL');
    await cluster.stop();
    const stranger = sleeper();
    const file = join(options.dir, 'postgresql', 'primary', 'postmaster.pid');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/^\d+/, String(stranger.pid)));

    await start();
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  test('refuses a folder that a live process uses', async () => {
    const cluster = await start();
    await expect(startEmbeddedCluster(options)).rejects.toThrow(`in use by process ${process.pid}`);
    await cluster.stop();

    const other = sleeper();
    const folder = join(options.dir, 'postgresql');
    await writeFile(join(folder, 'owner.json'), JSON.stringify({ pid: other.pid }));
    await expect(startEmbeddedCluster(options)).rejects.toThrow(
      `the embedded PostgreSQL in ${await realpath(folder)} is in use by process ${other.pid}`,
    );
    await killed(other);
    await start();
  });

  test('takes over a folder whose owner had the id that we have, as in a container', async () => {
    await (await start()).stop();
    const owner = { pid: process.pid, started: '1' };
    await writeFile(join(options.dir, 'postgresql', 'owner.json'), JSON.stringify(owner));
    await start();
  });

  test('makes a replica anew whose data are broken', async () => {
    const cluster = await start();
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    await cluster.stop();
    await truncate(join(options.dir, 'postgresql', 'replica', 'global', 'pg_control'), 0);

    const again = await start();
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
    expect(lines.join('')).toContain('made anew from the primary');
  });

  test('makes a replica anew whose slot is lost', async () => {
    const cluster = await start();
    await cluster.stopReplica();
    await query(cluster.primaryUrl, "SELECT pg_drop_replication_slot('store_sync_db')");
    await cluster.stop();

    const again = await start();
    await query(again.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
    expect(lines.join('')).toContain('made anew from the primary');
  });

  test.each(['fast', 'immediate'] as const)(
    'holds commits back while the replica is stopped (%s) and goes on when it returns',
    async (mode) => {
      const cluster = await start();
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

    // Nobody was told that it is committed, but the primary had written it.
    const again = await start();
    expect(await rowsOf(replicaUrl(again))).toEqual([7]);
  });

  test.each([
    ['primaryPort', 'EMBEDDED_PRIMARY_PORT'],
    ['replicaPort', 'EMBEDDED_REPLICA_PORT'],
  ] as const)('names a port that is in use and its variable (%s)', async (port, variable) => {
    const other = createServer().listen(options[port], '127.0.0.1');
    await once(other, 'listening');
    await expect(startEmbeddedCluster(options)).rejects.toThrow(
      `port ${options[port]} on 127.0.0.1 is in use: set ${variable} to another port`,
    );
    other.close();
    await once(other, 'close');
    await start();
  });

  test('gives both servers a session of their own, out of reach of a Ctrl-C in the terminal', async () => {
    await start();
    for (const name of ['primary', 'replica']) {
      const pid = await postmasterOf(name);
      // To signal a group of a number that is no group fails: the server leads a group, and not ours.
      expect(() => process.kill(-pid, 0)).not.toThrow();
    }
  });
});

describe('the embedded cluster in a new folder', { timeout: LIMIT_MS }, () => {
  beforeEach(makeFolder);
  afterEach(removeFolder);

  test('starts a primary alone, whose commits wait for nobody', async () => {
    const cluster = await start({ replica: false });
    await query(cluster.primaryUrl, `CREATE TABLE ${table} (n int)`);
    expect(cluster.replicaUrls).toEqual([]);
    await cluster.stop();

    // The same folder later gets its replica.
    const whole = await start();
    expect(await rowsOf(replicaUrl(whole))).toEqual([]);
  });

  test.each([
    ['in initdb', 'primary', 'PG_VERSION'],
    ['in the copy', 'replica', 'base'],
  ])('begins an initialisation anew that was killed %s', async (_when, unfinished, early) => {
    const service = startElsewhere();
    const home = join(options.dir, 'postgresql');
    await untilTrue(async () => {
      const names = await namesIn(home);
      const attempt = names.find((name) => name.startsWith('building-'));
      if (attempt === undefined || names.includes('primary') !== (unfinished === 'replica')) return false;
      return (await namesIn(join(home, attempt, 'data'))).includes(early);
    });
    await killed(service);
    expect(await namesIn(home)).not.toContain(unfinished);

    const cluster = await start();
    await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
    expect(await rowsOf(replicaUrl(cluster))).toEqual([7]);
    expect((await namesIn(home)).sort()).toEqual(['log', 'owner.json', 'primary', 'replica']);
  });

  /** As root, a folder that the servers' account cannot enter. An ordinary user has no such folder. */
  test.runIf(process.getuid?.() === 0)(
    'keeps the data elsewhere when the servers may not enter the folder, and begins anew when it was removed',
    async () => {
      await chmod(options.dir, 0o700);
      const cluster = await start();
      const entry = join(options.dir, 'postgresql');
      expect((await lstat(entry)).isSymbolicLink()).toBe(true);
      await query(cluster.primaryUrl, `CREATE TABLE ${table} AS SELECT 7 AS n`);
      await cluster.stop();
      const again = await start();
      expect(await rowsOf(again.primaryUrl)).toEqual([7]);
      await again.stop();

      await rm(entry);
      const anew = await start();
      await expect(rowsOf(anew.primaryUrl)).rejects.toMatchObject({ code: '42P01' });
    },
  );
});

async function makeFolder(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'loms-cluster-'));
  // An account that is not root's can enter the folder, as it can a checkout in an ordinary place.
  await chmod(dir, 0o755);
  const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
  options = { dir, primaryPort, replicaPort, logger };
}

/** Ends what the test started; a test's clusters are gone before its folder is. */
async function endAll(): Promise<void> {
  for (const child of children) await killed(child);
  for (const cluster of clusters) await cluster.stop();
  children = [];
  clusters = [];
}

async function removeFolder(): Promise<void> {
  await endAll();
  await removeEmbeddedCluster(options.dir, logger);
  await rm(options.dir, { recursive: true, force: true });
}

async function start(changed: Partial<EmbeddedOptions> = {}): Promise<EmbeddedCluster> {
  const cluster = await startEmbeddedCluster({ ...options, ...changed });
  clusters.push(cluster);
  return cluster;
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

function sleeper(): ChildProcess {
  return follow(spawn('sleep', ['60']));
}

const texts = new WeakMap<ChildProcess, string>();

function follow(child: ChildProcess): ChildProcess {
  child.stdout?.on('data', (chunk: Buffer) => texts.set(child, (texts.get(child) ?? '') + chunk));
  children.push(child);
  return child;
}

async function textOf(child: ChildProcess): Promise<string> {
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

function replicaUrl(cluster: EmbeddedCluster): string {
  const [url] = cluster.replicaUrls;
  if (url === undefined) throw new Error('the cluster has no replica');
  return url;
}

/** The process id of a server, from its own file. */
async function postmasterOf(name: string): Promise<number> {
  const text = await readFile(join(options.dir, 'postgresql', name, 'postmaster.pid'), 'utf8');
  return Number.parseInt(text, 10);
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + LIMIT_MS / 2;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}
