/** Variables from files. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from './config.ts';

let dir: string;
const path = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-secrets-'));
  await writeFile(path('url'), 'postgres://loms:hush@db/loms\n');
  await writeFile(path('replicas'), 'postgres://loms:hush@replica/loms');
  await writeFile(path('migration'), 'postgres://owner:hush@db/loms');
  await writeFile(path('empty'), '\n');
  await writeFile(path('bad'), 'mysql://loms:hush@db/loms');
});
afterAll(() => rm(dir, { recursive: true }));

test('secrets are read from the files that the environment names', () => {
  const { database, warnings } = readConfig({
    // Where the URL must be set, the file counts.
    NODE_ENV: 'production',
    DATABASE_URL_FILE: path('url'),
    DATABASE_REPLICA_URLS_FILE: path('replicas'),
    MIGRATION_DATABASE_URL_FILE: path('migration'),
  });
  expect(database.urls).toEqual(['postgres://loms:hush@db/loms', 'postgres://loms:hush@replica/loms']);
  expect(database.migrationUrl).toBe('postgres://owner:hush@db/loms');
  expect(warnings).toEqual([]);
});

test.each([
  ['none', {}, 'DATABASE_URL_FILE: cannot be read: ENOENT'],
  ['empty', {}, 'DATABASE_URL_FILE: is empty or too large'],
  ['bad', {}, 'DATABASE_URL: must be a postgres:// URL'],
  [
    'url',
    { DATABASE_URL: 'postgres://a/b' },
    'DATABASE_URL_FILE: must not be set together with DATABASE_URL',
  ],
])('a file that is of no use (%s) is a mistake, and its contents are not shown', (file, more, message) => {
  const read = () => readConfig({ DATABASE_URL_FILE: path(file), ...more });
  expect(read).toThrow(message);
  expect(read).toThrow(/^(?!.*hush)/s);
});
