/**
 * The data folders of the two servers: how they are made, configured and removed.
 *
 * Each is built in a folder named `building-...` and renamed when it is complete: a data folder under its own
 * name is whole.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { backUp, COPY_LIMIT_MS } from './client.ts';
import { run } from './command.ts';
import { exists, type Place } from './place.ts';
import { DATABASE, HBA, REPLICATOR, SUPERUSER } from './settings.ts';

const BUILDING = 'building-';

/**
 * Holds the password of the superuser and of the replica's role, which is a new one for each cluster: other
 * accounts of the machine can reach the port. It is a file of the data folder, so that the two belong
 * together; `make psql` reads it.
 */
const PASSWORD_FILE = 'loms.password';
const PASSWORD_BYTES = 24;

export interface Passwords {
  readonly superuser: string;
  readonly replicator: string;
}

/** Those of clusters that were built before passwords were random. */
const OLD_PASSWORDS: Passwords = { superuser: 'postgres', replicator: 'replicator' };

/** Run once on a new primary. In single-user mode a statement ends with its line. */
const createDatabase = (password: string) => `
ALTER ROLE ${SUPERUSER} PASSWORD '${password}'
CREATE ROLE ${REPLICATOR} REPLICATION LOGIN PASSWORD '${password}'
CREATE DATABASE ${DATABASE}
`;

/** Not copied from a running primary: it belongs to that process, or reaches the replica by streaming. */
const NOT_COPIED = ['pg_wal', 'pg_replslot', 'postmaster.pid', 'postmaster.opts'];

/** Builds a new primary with its roles and the empty database. */
export function buildPrimary(place: Place, dataDir: string): Promise<void> {
  return build(place, dataDir, async (folder) => {
    const { bin, account } = place;
    // The locale C sorts alike on every system. Nothing listens before the passwords are set.
    const rules = ['-U', SUPERUSER, '--auth=trust', '--no-instructions', '--locale=C', '--encoding=UTF8'];
    await run(join(bin, 'initdb'), ['-D', folder, ...rules], { account });
    const password = randomBytes(PASSWORD_BYTES).toString('base64url');
    const single = ['--single', '-D', folder, '-c', 'exit_on_error=on', 'postgres'];
    await run(join(bin, 'postgres'), single, { account, input: createDatabase(password) });
    await writeFor(place, join(folder, PASSWORD_FILE), password);
    await writeFor(place, join(folder, 'pg_hba.conf'), HBA);
  });
}

/** The passwords of a data folder, of the primary or the replica. */
export async function passwordsOf(dataDir: string): Promise<Passwords> {
  const password = await readFile(join(dataDir, PASSWORD_FILE), 'utf8').catch(() => undefined);
  return password === undefined ? OLD_PASSWORDS : { superuser: password, replicator: password };
}

/** Builds a replica from the running primary. Nothing may exist under its name. */
export function buildReplica(
  place: Place,
  primary: { readonly dataDir: string; readonly url: string },
  dataDir: string,
): Promise<void> {
  return build(place, dataDir, async (folder) => {
    const options = { account: place.account, limitMs: COPY_LIMIT_MS };
    const label = await backUp(primary.url, async () => {
      const names = (await readdir(primary.dataDir)).filter((name) => !NOT_COPIED.includes(name));
      const paths = names.map((name) => join(primary.dataDir, name));
      await run('cp', ['-RPp', ...paths, folder], options);
    });
    await run('mkdir', ['-m', '700', join(folder, 'pg_wal'), join(folder, 'pg_replslot')], options);
    await writeFor(place, join(folder, 'backup_label'), label);
    await writeFor(place, join(folder, 'standby.signal'), '');
    await run(join(place.bin, 'initdb'), ['--sync-only', '-D', folder], options);
  });
}

/**
 * Has a folder built and gives it its name. Where two processes build the same, the first one's is used.
 *
 * @throws what `fill` throws, unless another process has built the data meanwhile.
 */
async function build(place: Place, dataDir: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(place.home, BUILDING));
  try {
    await makeFolderFor(place, folder);
    await fill(folder);
    // Fails where the name is taken.
    await rename(folder, dataDir);
  } catch (error) {
    await removeData(folder).catch(() => {});
    if (!(await exists(dataDir))) throw error;
  }
}

/**
 * Removes what killed processes have left half-built. To be called under the setup lock, with a primary that
 * runs: then no other process builds a replica, and one that still builds a primary will use that one.
 */
export async function removeUnfinished(home: string): Promise<void> {
  const names = (await readdir(home)).filter((name) => name.startsWith(BUILDING));
  // A program that outlived its killed service may still write there; the next start removes the rest.
  for (const name of names) await removeData(join(home, name)).catch(() => {});
}

/** Removes a folder. `rm` does not follow links that the servers' account may have put there. */
export async function removeData(folder: string): Promise<void> {
  await run('rm', ['-rf', '--', folder], { limitMs: COPY_LIMIT_MS });
}

/** Makes a folder that belongs to the servers' account and is closed to all others. */
export async function makeFolderFor({ account }: Place, folder: string): Promise<void> {
  const owner = account === undefined ? [] : ['-o', String(account.uid), '-g', String(account.gid)];
  await run('install', ['-d', '-m', '700', ...owner, folder]);
}

/** Replaces a file, as the servers' account: root must not follow links that it may have put there. */
export async function writeFor({ account }: Place, path: string, input: string): Promise<void> {
  await run('/bin/sh', ['-c', 'umask 077 && cat >"$0.$$" && mv "$0.$$" "$0"', path], { account, input });
}
