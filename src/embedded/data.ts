/**
 * The data folders of the two servers: how they are made.
 *
 * Each is built in a folder named `building-...` and renamed when it is complete, so a data folder that has
 * its name is whole, and whatever is found under the other name is the rest of an attempt that was cut off.
 */
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CREATE_DATABASE, CREATE_SLOT, SLOT, SUPERUSER } from './bootstrap.ts';
import { type Account, run } from './command.ts';
import { PostgresServer, type Tools } from './server.ts';
import { writeFor } from './settings.ts';

const BUILDING = 'building-';
const INITDB_LIMIT_MS = 120_000;
/** A replica is a copy of the primary, however large that has grown. */
const COPY_LIMIT_MS = 15 * 60_000;
const REMOVE_LIMIT_MS = 10_000;
const REMOVE_RETRY_INTERVAL_MS = 100;

/** Says whether a data folder is there, and then it is whole. */
export async function hasData(dataDir: string): Promise<boolean> {
  return (await stat(dataDir).catch(() => undefined)) !== undefined;
}

/** Removes a folder of a server's. `rm` does not follow links that the account may have put there. */
export async function removeData(folder: string): Promise<void> {
  await run('rm', ['-rf', '--', folder], { account: undefined, limitMs: COPY_LIMIT_MS });
}

/** Removes what attempts to build a data folder have left behind. */
export async function removeAttempts(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (name.startsWith(BUILDING)) await removeAttempt(join(home, name));
    if (name.startsWith('write-')) await rm(join(home, name), { force: true });
  }
}

/**
 * Removes a half-built data folder. A program that outlived its killed service may still write to it, which
 * can make this fail, but leaves that program with ever fewer folders to write to, until it gives up.
 */
async function removeAttempt(folder: string): Promise<void> {
  const deadlineMs = Date.now() + REMOVE_LIMIT_MS;
  for (;;) {
    try {
      await removeData(folder);
      return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, REMOVE_RETRY_INTERVAL_MS));
    }
  }
}

/** Makes a new primary with its roles and the empty database. */
export async function buildPrimary(home: string, dataDir: string, tools: Tools): Promise<void> {
  await build(home, dataDir, tools.account, async (folder) => {
    // The built-in locale sorts alike on every system. No password is asked until the first statements
    // have set one; nothing listens before that.
    const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--encoding=UTF8'];
    const args = ['-D', folder, '-U', SUPERUSER, '--auth=trust', '--no-instructions', ...locale];
    await run(tools.binaries.initdb, args, { account: tools.account, limitMs: INITDB_LIMIT_MS });
    await new PostgresServer(folder, join(home, 'log', 'build.log'), tools).runSingleUser(CREATE_DATABASE);
  });
}

/** Makes a new replica from the primary, which must be stopped. An old replica is replaced. */
export async function buildReplica(
  home: string,
  primary: PostgresServer,
  dataDir: string,
  tools: Tools,
): Promise<void> {
  const { account, binaries } = tools;
  await removeData(dataDir);
  // The first statement also recovers a primary that had crashed: what is copied is consistent.
  await primary.runSingleUser(CREATE_SLOT);
  await build(home, dataDir, account, async (folder) => {
    const options = { account, limitMs: COPY_LIMIT_MS };
    await run('cp', ['-RPp', `${primary.dataDir}/.`, folder], options);
    // The replica's copy of the slot would keep its WAL for nobody, for ever.
    await run('rm', ['-rf', '--', join(folder, 'pg_replslot', SLOT)], options);
    await writeFor(account, join(folder, 'standby.signal'), '');
    await run(binaries.initdb, ['--sync-only', '-D', folder], options);
  });
}

/** Has a folder built inside another one, both the account's, and gives it its name when it is complete. */
async function build(
  home: string,
  dataDir: string,
  account: Account | undefined,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const outer = await mkdtemp(join(home, BUILDING));
  await chmod(outer, 0o755);
  const folder = join(outer, 'data');
  await makeFolderFor(account, folder);
  await fill(folder);
  await rename(folder, dataDir);
  await rmdir(outer);
}

/** Makes a folder that belongs to an account and is closed to all others. */
export async function makeFolderFor(account: Account | undefined, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (account !== undefined) await chown(folder, account.uid, account.gid);
}
