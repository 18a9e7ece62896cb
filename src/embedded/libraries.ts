/**
 * The links between the shared libraries of the embedded PostgreSQL. A package of npm cannot hold links: this
 * one lists them, and an install script of it makes them. loms runs no install scripts and makes them itself.
 */
import { readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

interface Link {
  /** The library, from the folder of the package. */
  readonly source: string;
  /** The link to it, beside it. */
  readonly target: string;
}

/**
 * Makes the links that are missing.
 *
 * @param packageDir the folder of the package.
 * @throws when a link is missing and the folder cannot be written to.
 */
export async function linkLibraries(packageDir: string): Promise<void> {
  const list = join(packageDir, 'native/pg-symlinks.json');
  const links: Link[] = JSON.parse(await readFile(list, 'utf8').catch(() => '[]'));
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(packageDir, target)).catch(throwUnlessThere);
  }
}

function throwUnlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
