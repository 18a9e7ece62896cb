/** Migrations and seeds, with instances that start at the same time. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { resolveBinary } from 'dbmate';
import pg from 'pg';
import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { onServer, openRouter, useDatabase } from '../../../test/support/database.ts';
import { query } from '../../../test/support/query.ts';
import { quiet } from '../../../test/support/quiet.ts';
import { migrate } from './migrate.ts';
import { seed } from './seed.ts';
import { isMigrated } from './version.ts';

const database = useDatabase();

/** An empty database, dropped after the test. */
async function emptyDatabase(name: string): Promise<string> {
  await onServer(`CREATE DATABASE ${name}`);
  onTestFinished(() => onServer(`DROP DATABASE ${name} WITH (FORCE)`));
  return Object.assign(new URL(inject('primaryUrl')), { pathname: name }).href;
}

/** Holds the migration lock until the test ends, as an instance that hangs does. */
async function holdLock(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'frozen' });
  client.on('error', () => {});
  onTestFinished(() => client.end());
  await client.connect();
  await client.query('SELECT pg_advisory_lock(7163846290174)');
  return client;
}

test('instances that start together on an empty database migrate it once, and all succeed', async () => {
  const url = await emptyDatabase('empty');
  const router = openRouter({ primaryUrl: url, replicaUrls: [] });
  try {
    const { reader } = await router.waitForPrimary(5_000);
    expect(await isMigrated(reader)).toBe(false);
    await Promise.all([migrate(url, quiet), migrate(url, quiet), migrate(url, quiet)]);
    expect(await isMigrated(reader)).toBe(true);
  } finally {
    await router.stop();
  }
});

test('the error of a failed migration shows its cause and no password', async () => {
  await onServer("CREATE ROLE weak LOGIN PASSWORD 's3cret'");
  await onServer('CREATE DATABASE forbidden');
  const url = Object.assign(new URL(inject('primaryUrl')), {
    pathname: 'forbidden',
    username: 'weak',
    password: 's3cret',
  });
  try {
    const error = await migrate(url.href, quiet).catch((thrown) => thrown);
    expect(String(error.stack)).toContain('permission denied for schema public');
    expect(JSON.stringify([error, error.stack, error.message, error.cause])).not.toContain('s3cret');
  } finally {
    await onServer('DROP DATABASE forbidden');
    await onServer('DROP ROLE weak');
  }
});

test('a database that lacks the newest migration is not migrated', async () => {
  const router = openRouter(database);
  await database.query(
    'DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)',
  );
  expect(await isMigrated((await router.waitForPrimary(5_000)).reader)).toBe(false);
  await router.stop();
});

test('the development stock is the documented one', async () => {
  const rows = await database.query('SELECT sku, total_count, reserved FROM stocks ORDER BY sku');
  const sold = rows.filter((row) => row.total_count === row.reserved).map((row) => row.sku);
  expect(rows).toHaveLength(16);
  expect(sold).toEqual(['139818428', '139819069']);
  expect(rows).toContainEqual({ sku: '139275865', total_count: '65534', reserved: '0' });
  expect(rows).toContainEqual({ sku: '1076963', total_count: '300', reserved: '35' });
});

test('seeding again leaves stock as it is; the large set adds 10,000 skus', async () => {
  await database.query('UPDATE stocks SET reserved = 7 WHERE sku = 1625903');
  await seed(database.primaryUrl, 'development', quiet);
  await seed(database.primaryUrl, 'large', quiet);
  const [row] = await database.query(
    'SELECT reserved, (SELECT count(*) FROM stocks) FROM stocks WHERE sku = 1625903',
  );
  expect(row).toEqual({ reserved: '7', count: '10016' });
});

test('an unknown seed set is rejected by its name, a path too', async () => {
  await expect(seed(database.primaryUrl, '../migrations', quiet)).rejects.toThrow(
    "no seed set '../migrations'",
  );
});

test('where nothing is missing a start does not wait for the lock', async () => {
  const url = await emptyDatabase('complete');
  await migrate(url, quiet);
  await holdLock(url);
  await migrate(url, quiet, { timeoutMs: 0 });
});

test('where something is missing the lock is waited for, and its holder is named at the end', async () => {
  const url = await emptyDatabase('locked');
  const holder = await holdLock(url);
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const [backend] = (await holder.query('SELECT pg_backend_pid() AS pid')).rows;
  const held = `held by process ${backend.pid}, frozen of postgres from 127.0.0.1`;
  await expect(migrate(url, log, { timeoutMs: 0 })).rejects.toThrow(
    `the migration lock is not free after 0 ms: ${held}`,
  );
  const migrating = migrate(url, log, { timeoutMs: 20_000 });
  await expect.poll(() => lines.join('')).toContain('waiting for the migration lock');
  await holder.query('SELECT pg_advisory_unlock(7163846290174)');
  await migrating;
  expect(lines.join('')).toContain(held);
});

test('a migration that meets a long transaction holds up nobody, and is applied behind it', async () => {
  const url = await emptyDatabase('busy');
  await migrate(url, quiet);
  await query(url, 'ALTER TABLE orders DROP COLUMN created_by, DROP COLUMN closed_by');
  await query(
    url,
    'DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)',
  );
  const reader = new pg.Client({ connectionString: url, application_name: 'dump' });
  reader.on('error', () => {});
  onTestFinished(() => reader.end());
  await reader.connect();
  await reader.query('BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE');
  await expect(migrate(url, quiet, { timeoutMs: 0 })).rejects.toThrow(/waits for a lock, .*dump of postgres/);

  const reasons: string[] = [];
  const onWait = (reason: string) => void reasons.push(reason);
  const migrating = migrate(url, quiet, { timeoutMs: 60_000, onWait });
  await expect.poll(() => reasons.length, { timeout: 20_000 }).toBeGreaterThan(0);
  await query(url, "SET lock_timeout = '2s'; SELECT count(*) FROM orders");
  await reader.query('COMMIT');
  await migrating;
  expect(await query(url, 'SELECT created_by FROM orders')).toEqual([]);
});

test('while the server gives no connection one is waited for; the error has the cause', async () => {
  await onServer("CREATE ROLE crowded LOGIN CONNECTION LIMIT 1 PASSWORD 'crowded'");
  onTestFinished(() => onServer('DROP ROLE crowded'));
  const url = new URL(await emptyDatabase('crowded'));
  await onServer('ALTER DATABASE crowded OWNER TO crowded');
  Object.assign(url, { username: 'crowded', password: 'crowded' });
  const other = new pg.Client({ connectionString: url.href });
  await other.connect();
  const cause = 'too many connections for role "crowded"';
  await expect(migrate(url.href, quiet)).rejects.toThrow(`no connection after 0 ms: ${cause}`);
  const reasons: string[] = [];
  const onWait = (reason: string) => void reasons.push(reason);
  const migrating = migrate(url.href, quiet, { timeoutMs: 20_000, onWait });
  await expect.poll(() => reasons).toContain(`waiting for a connection: ${cause}`);
  await other.end();
  await migrating;
});

test('a login that is refused is not waited for', async () => {
  const url = Object.assign(new URL(database.primaryUrl), { password: 'wrong' });
  await expect(migrate(url.href, quiet, { timeoutMs: 3_600_000 })).rejects.toMatchObject({ code: '28P01' });
});

test('a start that is aborted does not go on waiting for the lock', async () => {
  const url = await emptyDatabase('aborted');
  await holdLock(url);
  const aborted = new AbortController();
  const migrating = migrate(url, quiet, { timeoutMs: 60_000, signal: aborted.signal });
  aborted.abort(new Error('stopped'));
  await expect(migrating).rejects.toThrow();
});

test('the command line of dbmate works on the same files and table, before us and after us', async () => {
  const url = await emptyDatabase('shared');
  const dbmate = (...args: string[]) =>
    promisify(execFile)(resolveBinary(), ['--migrations-dir', 'db/migrations', '--no-dump-schema', ...args], {
      env: { DATABASE_URL: `${url}?sslmode=disable` },
    });
  const applied = () => query(url, 'SELECT version FROM schema_migrations ORDER BY version');
  await migrate(url, quiet);
  const all = await applied();
  expect((await dbmate('status')).stdout).toContain('Pending: 0');
  await dbmate('rollback');
  expect(await applied()).toEqual(all.slice(0, -1));
  await migrate(url, quiet);
  expect(await applied()).toEqual(all);
  await dbmate('rollback');
  await dbmate('migrate');
  await migrate(url, quiet);
  expect(await applied()).toEqual(all);
});
