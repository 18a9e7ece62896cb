/** Migrations and seeds, with instances that start at the same time. */
import { expect, inject, test } from 'vitest';
import { onServer, openRouter, useDatabase } from '../../../test/support/database.ts';
import { quiet } from '../../../test/support/quiet.ts';
import { migrate } from './migrate.ts';
import { seed } from './seed.ts';
import { isMigrated } from './version.ts';

const database = useDatabase();

test('instances that start together on an empty database migrate it once, and all succeed', async () => {
  const url = Object.assign(new URL(inject('primaryUrl')), { pathname: 'empty' }).href;
  await onServer('CREATE DATABASE empty');
  const router = openRouter({ primaryUrl: url, replicaUrls: [] });
  try {
    const { reader } = await router.waitForPrimary(5_000);
    expect(await isMigrated(reader)).toBe(false);
    await Promise.all([migrate(url, quiet), migrate(url, quiet), migrate(url, quiet)]);
    expect(await isMigrated(reader)).toBe(true);
  } finally {
    await router.stop();
    await onServer('DROP DATABASE empty');
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
