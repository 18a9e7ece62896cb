/** A small disk of its own for the primary: a tmpfs, where one can be mounted. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const SIZE = '256m';
const exec = promisify(execFile);

/** Why no small disk can be had here; undefined where it can. */
export function diskObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'a tmpfs is mounted on Linux only';
  return process.getuid?.() === 0 ? undefined : 'only root can mount a tmpfs';
}

/**
 * Mounts one.
 *
 * @returns what takes it away again, with all that is on it.
 */
export async function mountSmallDisk(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  await exec('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=755`, 'loms-faults', folder]);
  return async () => {
    await exec('umount', [folder]).catch(() => exec('umount', ['-l', folder]));
  };
}
