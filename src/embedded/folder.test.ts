/** The folder of an embedded cluster: its setup after a kill, its removal, and its place for root. */
import { mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  EmbeddedFolder,
  isRefused,
  killed,
  replicaUrl,
  servers,
  untilTrue,
  urlsOf,
} from '../../test/support/embedded-folder.ts';
import { query } from '../../test/support/query.ts';
import { removeEmbeddedCluster } from './cluster.ts';
import { findPlace } from './place.ts';

const LIMIT_MS = 60_000;

let folder: EmbeddedFolder;

beforeAll(async () => {
  folder = await EmbeddedFolder.make();
});
afterEach(() => folder.endStarted());
afterAll(() => folder.remove());

/** The names in the folder of the data that is being built. */
async function namesBuilt(): Promise<string[]> {
  const attempt = (await readdir(folder.home)).find((name) => name.startsWith('building-'));
  return attempt === undefined ? [] : readdir(join(folder.home, attempt)).catch(() => []);
}

test(
  'a setup that was killed during initdb is redone by the next start, here without a replica',
  async () => {
    const service = folder.startElsewhere();
    await untilTrue(async () => (await namesBuilt()).includes('PG_VERSION'));
    await killed(service);
    expect(await readdir(folder.home)).not.toContain('primary');

    const cluster = await folder.start({ replica: false });
    expect(cluster.replicaUrls).toEqual([]);
    expect((await readdir(folder.home)).sort()).toEqual(['log', 'primary']);
    // This would not return if the primary waited for a replica.
    await query(cluster.primaryUrl, 'CREATE TABLE alone AS SELECT 7 AS n');
  },
  LIMIT_MS,
);

test(
  'a setup that was killed while it copied the replica is redone by the next start',
  async () => {
    const service = folder.startElsewhere();
    await untilTrue(async () => {
      return (await readdir(folder.home)).includes('primary') && (await namesBuilt()).includes('base');
    });
    await killed(service);
    expect(await readdir(folder.home)).not.toContain('replica');

    const cluster = await folder.start();
    expect(await query(replicaUrl(cluster), 'SELECT n FROM alone')).toEqual([{ n: 7 }]);
    // The copy may have outlived the service; a later start removes what it still wrote.
    await untilTrue(async () => {
      await folder.start();
      return String((await readdir(folder.home)).sort()) === 'log,primary,replica';
    });
  },
  LIMIT_MS,
);

test(
  'removal stops the servers, including those of another process, and deletes everything',
  async () => {
    const cluster = await folder.start();
    const { dir } = folder.options;
    await removeEmbeddedCluster(folder.options);
    for (const url of urlsOf(cluster)) expect(await isRefused(url)).toBe(true);
    expect(await readdir(dir)).toEqual([]);
    await expect(readdir(folder.home)).rejects.toMatchObject({ code: 'ENOENT' });
    await removeEmbeddedCluster(folder.options);
  },
  LIMIT_MS,
);

test(
  'data of an earlier version, without a file with the password, keep their known passwords',
  async () => {
    const old = await EmbeddedFolder.make();
    onTestFinished(() => old.remove());
    const made = await old.start();
    // In one go: the next connection needs the changed password.
    await query(
      made.primaryUrl,
      "ALTER ROLE postgres PASSWORD 'postgres'; ALTER ROLE replicator PASSWORD 'replicator'",
    );
    for (const name of servers) await rm(join(old.home, name, 'loms.password'));
    await made.stop();

    const again = await old.start();
    for (const url of urlsOf(again)) expect(new URL(url).password).toBe('postgres');
    await query(again.primaryUrl, 'CREATE TABLE kept AS SELECT 7 AS n');
    expect(await query(replicaUrl(again), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    expect(old.log.join('')).not.toContain('rebuilding');
    await old.endStarted();
  },
  LIMIT_MS,
);

test.runIf(process.getuid?.() === 0)(
  'the data of root is in another folder behind a link, and new after the link was removed',
  async () => {
    const { dir } = folder.options;
    const { home } = await findPlace(dir);
    expect(home).toMatch(/^\/var\/lib\/loms\/data-/);
    expect((await findPlace(dir)).home).toBe(home);
    await rm(join(dir, 'postgresql'));
    expect((await findPlace(dir)).home).not.toBe(home);
    await rm(home, { recursive: true });
  },
);

/** A folder whose data are in it, also for root, whose data are elsewhere otherwise. */
async function folderOf(name: string): Promise<string> {
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'loms-odd-')));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const dir = join(parent, 'dir');
  await mkdir(join(parent, name));
  await mkdir(dir);
  await symlink(join(parent, name), join(dir, 'postgresql'));
  return dir;
}

test.each(['a"b', 'a$HOME', 'a`b`', 'a\\b', 'a\nb'])(
  'a folder that a shell would expand is refused: %j',
  async (name) => {
    const dir = await folderOf(name);
    await expect(findPlace(dir)).rejects.toThrow(
      /^pg_ctl cannot work with .* set EMBEDDED_DIR to another folder/,
    );
  },
);

test('a folder with blanks, quotes and umlauts is not refused', async () => {
  const dir = await folderOf(" it's größer & (else); *");
  await expect(findPlace(dir)).resolves.toMatchObject({ home: expect.stringContaining('größer') });
});
