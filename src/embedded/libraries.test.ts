/** The links between the libraries of the embedded PostgreSQL, on a package without its install script. */
import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linkLibraries } from './libraries.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-libraries-'));
  await mkdir(join(dir, 'native/lib/deep'), { recursive: true });
  await writeFile(join(dir, 'native/lib/libpq.so.5.18'), 'library');
  const links = ['native/lib/libpq.so', 'native/lib/libpq.so.5', 'native/lib/deep/libpq.so'];
  const list = links.map((target) => ({ source: 'native/lib/libpq.so.5.18', target }));
  await writeFile(join(dir, 'native/pg-symlinks.json'), JSON.stringify(list));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

test('makes every link that is missing, relative, and keeps those that exist', async () => {
  await linkLibraries(dir);
  await rm(join(dir, 'native/lib/libpq.so'));
  await Promise.all([linkLibraries(dir), linkLibraries(dir)]);
  for (const link of ['libpq.so', 'libpq.so.5', 'deep/libpq.so'])
    expect(await readFile(join(dir, 'native/lib', link), 'utf8')).toBe('library');
  expect(await readlink(join(dir, 'native/lib/deep/libpq.so'))).toBe('../libpq.so.5.18');
});

test('a package without a list has no links to make', async () => {
  await rm(join(dir, 'native/pg-symlinks.json'));
  await expect(linkLibraries(dir)).resolves.toBeUndefined();
});
