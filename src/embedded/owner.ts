/**
 * The owner file: one service at a time works with a cluster's folder.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, startOf } from './processes.ts';

interface Owner {
  readonly pid: number;
  /** Tells the owner from a later process with the same id; absent where the system does not tell. */
  readonly started?: string | undefined;
}

const TAKE_ATTEMPTS_MAX = 5;

/** The folders that this process owns. An owner file with our own pid is a leftover unless it is here. */
const owned = new Set<string>();

/** The cluster's folder is in use by a live process. */
class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';

  constructor(folder: string, pid: number) {
    super(
      `the embedded PostgreSQL in ${folder} is in use by process ${pid}: ` +
        `stop that process, or set EMBEDDED_DIR to another folder`,
    );
  }
}

/**
 * Makes this process the owner of a cluster's folder. An owner file that a dead process left is taken over.
 *
 * @returns the function that gives the folder free again.
 * @throws FolderInUseError when a live process owns it.
 */
export async function takeOwnership(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'owner.json');
  const own = join(folder, `owner.${process.pid}.json`);
  if (owned.has(folder)) throw new FolderInUseError(folder, process.pid);
  owned.add(folder);
  try {
    // The file is written aside and linked to its name, which fails where the name exists: so nobody ever
    // reads a half-written owner, and only one of two can succeed.
    const owner: Owner = { pid: process.pid, started: await startOf(process.pid) };
    await writeFile(own, JSON.stringify(owner), { mode: 0o644 });
    await linkOrTakeOver(folder, file, own);
  } catch (error) {
    owned.delete(folder);
    throw error;
  } finally {
    await rm(own, { force: true });
  }
  return async () => {
    await rm(file, { force: true });
    owned.delete(folder);
  };
}

async function linkOrTakeOver(folder: string, file: string, own: string): Promise<void> {
  for (let attempt = 1; attempt <= TAKE_ATTEMPTS_MAX; attempt++) {
    try {
      await link(own, file);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const found = await readFile(file, 'utf8').catch(() => undefined);
    if (found === undefined) continue;
    const owner = parseOwner(found);
    if (owner !== undefined && (await isLive(owner))) throw new FolderInUseError(folder, owner.pid);
    await removeStale(file, found);
  }
  throw new Error(`cannot become the owner of ${folder}: other processes try the same`);
}

/**
 * Removes a stale owner file. Another process may have replaced it by its own since it was read: what is
 * taken away is looked at once more, and put back if it is not what was read.
 */
async function removeStale(file: string, stale: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  await rename(file, aside).catch(() => {});
  const taken = await readFile(aside, 'utf8').catch(() => undefined);
  if (taken !== undefined && taken !== stale) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

async function isLive(owner: Owner): Promise<boolean> {
  if (owner.pid === process.pid || !(await isAlive(owner.pid))) return false;
  const started = await startOf(owner.pid);
  return owner.started === undefined || started === undefined || owner.started === started;
}

/** Reads an owner file; one that holds no pid has no owner. */
function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    if (!Number.isSafeInteger(owner?.pid) || Number(owner?.pid) <= 0) return undefined;
    return { pid: Number(owner?.pid), started: owner?.started };
  } catch {
    return undefined;
  }
}
