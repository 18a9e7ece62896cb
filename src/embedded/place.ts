/**
 * Where a cluster lives and which account its servers run as.
 *
 * An ordinary user's cluster lives in the folder that was asked for and runs as that user. PostgreSQL
 * refuses to run as root, and CI and containers are root: there the servers run as `nobody`. That account
 * may not be able to enter the folder (a checkout below /root); then the cluster lives below /var/lib/loms
 * and the folder holds a link to it. The rights of other folders are never changed.
 */
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, execute } from './command.ts';

export interface Place {
  /** The folder that holds the data of both servers, their logs and the owner file. */
  readonly home: string;
  /** Whom the servers run as; undefined is the account of this process. */
  readonly account: Account | undefined;
  /**
   * The link that is yet to be made to `home`. What `home` then holds belongs to a folder that was removed
   * since, and is to be removed too.
   */
  readonly missingLink: string | undefined;
}

/** The folder for what cannot stand in a checkout. Root alone may write to it. */
const SYSTEM_FOLDER = '/var/lib/loms';

const PROBE_LIMIT_MS = 5_000;

/**
 * Finds the place of the cluster that belongs to a folder, and makes the folders that it needs.
 *
 * @param dir the folder as the caller names it; it is made where it does not exist.
 */
export async function findPlace(dir: string): Promise<Place> {
  await mkdir(dir, { recursive: true });
  const entry = join(await realpath(dir), 'postgresql');
  if (process.getuid?.() !== 0) return ordinaryPlace(entry);

  const exists = (await lstat(entry).catch(() => undefined)) !== undefined;
  if (exists) {
    const home = await realpath(entry).catch(() => undefined);
    if (home === undefined) throw new Error(`${entry} is a link to nowhere: remove it to begin anew`);
    const account = await accountOf(home);
    if (!(await isReachable(account, home))) {
      throw new Error(`the servers run as uid ${account.uid}, which cannot enter ${home}: move or remove it`);
    }
    return { home, account, missingLink: undefined };
  }
  const account = await nobody();
  if (await isReachable(account, await realpath(dir))) {
    await makeFolder(entry);
    return { home: entry, account, missingLink: undefined };
  }
  const name = createHash('sha256').update(entry).digest('hex').slice(0, 12);
  return { home: await systemFolder(`data-${name}`), account, missingLink: entry };
}

/**
 * Makes a folder below the system's folder for loms, and makes sure that nobody but root can have put
 * anything there: its name can be guessed.
 */
export async function systemFolder(name: string): Promise<string> {
  const folder = join(SYSTEM_FOLDER, name);
  for (const path of [SYSTEM_FOLDER, folder]) {
    await mkdir(path, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const found = await lstat(path);
    if (!found.isDirectory() || found.uid !== 0)
      throw new Error(`${path} is not a folder of root's: remove it`);
    await chmod(path, 0o755);
  }
  return folder;
}

/** Says whether an account can enter a folder, or run a program, where it lies. */
export async function isReachable(account: Account | undefined, path: string): Promise<boolean> {
  const options = { account, limitMs: PROBE_LIMIT_MS };
  const { status } = await execute('/bin/sh', ['-c', 'test -r "$0" && test -x "$0"', path], options);
  return status === 0;
}

async function ordinaryPlace(entry: string): Promise<Place> {
  await makeFolder(entry);
  const home = await realpath(entry);
  const data = await stat(join(home, 'primary')).catch(() => undefined);
  if (data !== undefined && data.uid !== process.getuid?.()) {
    throw new Error(`${home} belongs to another account (uid ${data.uid}): run as that one, or remove it`);
  }
  return { home, account: undefined, missingLink: undefined };
}

async function makeFolder(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined)) !== undefined) return;
  await mkdir(path);
  await chmod(path, 0o755);
}

/** The account that made an existing cluster, which may be an ordinary user, or else `nobody`. */
async function accountOf(home: string): Promise<Account> {
  const { uid, gid } = await stat(join(home, 'primary')).catch(() => stat(home));
  return uid === 0 ? nobody() : { uid, gid };
}

/** initdb asks for the name of its account, so it must be one that the system knows. */
async function nobody(): Promise<Account> {
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const found = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(accounts);
  if (found === null) {
    throw new Error('PostgreSQL does not run as root and there is no user "nobody": run as an ordinary user');
  }
  return { uid: Number(found[1]), gid: Number(found[2]) };
}
