/** A small disk for the primary: a tmpfs, where one can be mounted. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SIZE = '256m';
const exec = promisify(execFile);

let obstacle: Promise<string | undefined> | undefined;

/** Why no small disk can be mounted here; undefined where it can. Tried once. */
export function diskObstacle(): Promise<string | undefined> {
  obstacle ??= tryToMount();
  return obstacle;
}

/** In most containers not even root may mount. */
async function tryToMount(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'a tmpfs is mounted on Linux only';
  const folder = await mkdtemp(join(tmpdir(), 'loms-disk-'));
  try {
    const unmount = await mountSmallDisk(folder);
    await unmount();
    return undefined;
  } catch (error) {
    const [reason] = String((error as { stderr?: string }).stderr ?? error).split('\n');
    return `no tmpfs can be mounted: ${reason}`;
  } finally {
    await rmdir(folder);
  }
}

/**
 * Mounts a small disk.
 *
 * @returns a function that unmounts it; its files are lost.
 */
export async function mountSmallDisk(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  await exec('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=755`, 'loms-faults', folder]);
  return async () => {
    await exec('umount', [folder]).catch(() => exec('umount', ['-l', folder]));
  };
}
