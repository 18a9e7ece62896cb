/**
 * The service under its own database role: everything that it does works, and nothing else. The roles are
 * created by the file that an administrator runs.
 */
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/db/schema/migrate.ts';
import { advanceOrderIds } from '../../src/db/schema/order-ids.ts';
import { seed } from '../../src/db/schema/seed.ts';
import { onServer, useDatabase } from '../support/database.ts';
import { query } from '../support/query.ts';
import { quiet } from '../support/quiet.ts';
import { startService, type TestService } from '../support/service.ts';

/** Logins of this file only, since roles belong to the whole server. */
const APP = 'roles_test_app';
const MIGRATION = 'roles_test_migration';
const PASSWORD = 'only-for-this-test';

const database = useDatabase();
let service: TestService | undefined;
let app: pg.Client;
let appUrl: string;
let migrationUrl: string;

const as = (user: string, url: string) =>
  Object.assign(new URL(url), { username: user, password: PASSWORD }).href;

beforeAll(async () => {
  // Twice: it can be repeated. All tables were created by the superuser before.
  const roles = await readFile('db/roles.sql', 'utf8');
  await database.query(roles);
  await database.query(roles);
  await onServer(`CREATE ROLE ${APP} LOGIN PASSWORD '${PASSWORD}' IN ROLE loms_app`);
  await onServer(`CREATE ROLE ${MIGRATION} LOGIN PASSWORD '${PASSWORD}' IN ROLE loms_owner`);
  await onServer(`ALTER ROLE ${MIGRATION} SET role = loms_owner`);
  appUrl = as(APP, database.primaryUrl);
  migrationUrl = as(MIGRATION, database.primaryUrl);
  await migrate(migrationUrl, quiet);
  app = new pg.Client({ connectionString: appUrl, options: '-c plan_cache_mode=force_generic_plan' });
  await app.connect();
});

afterAll(async () => {
  await app?.end();
  await service?.stop();
});

/** Every statement of `sql/`, in the form that goes to the server. */
const generated = new URL('../../src/generated/sql/', import.meta.url);
const modules: object[] = await Promise.all(
  // Migrations run with the login that owns the schema.
  (await readdir(generated))
    .filter((file) => file !== 'migrations.ts')
    .map((file) => import(new URL(file, generated).href)),
);
const statements = modules.flatMap(Object.entries).flatMap(([name, prepared]) => {
  if (typeof prepared !== 'object' || !('run' in prepared)) return [];
  let text = '';
  const listener = {
    async query(sent: string) {
      text = sent;
      return { rows: [] };
    },
  };
  void (prepared.run as (values: object, db: unknown) => unknown)({}, listener);
  return [{ name, text }];
});

/** The server checks rights before it runs a statement, also one that it only explains. */
async function explain(text: string): Promise<void> {
  const count = new Set(text.match(/\$\d+/g)).size;
  await app.query(`PREPARE explained AS ${text}`);
  try {
    await app.query(`EXPLAIN EXECUTE explained${count > 0 ? `(${Array(count).fill('NULL')})` : ''}`);
  } finally {
    await app.query('DEALLOCATE explained');
  }
}

describe('the role of the service', () => {
  test('is tested with every statement', () => {
    expect(statements.length).toBeGreaterThanOrEqual(15);
    expect(statements.every(({ text }) => text !== '')).toBe(true);
  });

  test.each(statements)('may run $name', async ({ text }) => {
    await explain(text);
  });

  test('serves all operations, on primary and replica', async () => {
    const urls = { primaryUrl: appUrl, replicaUrls: database.replicaUrls.map((url) => as(APP, url)) };
    service = await startService(urls, { MIGRATION_DATABASE_URL: migrationUrl, SEED_ON_START: 'large' });
    for (const client of [service.rest, service.grpc]) {
      const items = [{ sku: 1625903, count: 1 }];
      const create = async () => {
        const answer = await client.call('createOrder', { user: 1n, items });
        if ('error' in answer) throw new Error(answer.error.message);
        return answer.reply;
      };
      const [payed, cancelled] = [await create(), await create()];
      for (let i = 0; i < 2; i++) expect(await client.call('payOrder', payed)).toEqual({ reply: {} });
      for (let i = 0; i < 2; i++) expect(await client.call('cancelOrder', cancelled)).toEqual({ reply: {} });
      expect(await client.call('getOrder', payed)).toMatchObject({ reply: { status: 'payed' } });
      expect(await client.call('getStock', { sku: 1000000001 })).toEqual({ reply: { count: 1000000n } });
    }
    const { nodes, ready } = await readiness(service);
    expect([ready, nodes]).toEqual([
      true,
      [
        expect.objectContaining({ role: 'primary', healthy: true }),
        expect.objectContaining({ role: 'replica', healthy: true }),
      ],
    ]);
  });

  test.each([
    'DELETE FROM stocks',
    'TRUNCATE orders, order_lines',
    'UPDATE order_lines SET count = 1',
    'UPDATE orders SET user_id = 1',
    'UPDATE stocks SET sku = 1',
    'INSERT INTO stocks VALUES (1, 1, 0)',
    "UPDATE idempotency_keys SET caller = 'another'",
    'UPDATE idempotency_keys SET key = caller',
    'UPDATE stock_movements SET total_change = 0',
    "SELECT setval('order_ids', 1)",
    'DELETE FROM schema_migrations',
    'CREATE TABLE mine (id int)',
    'CREATE TEMPORARY TABLE mine (id int)',
    'CREATE SCHEMA mine',
    'ALTER TABLE orders ADD COLUMN mine int',
    'DROP TABLE order_lines',
    'SELECT * FROM pg_authid',
    'SHOW primary_conninfo',
    "SELECT pg_read_file('/etc/passwd')",
    "COPY orders TO PROGRAM 'cat'",
    'CREATE ROLE mine',
    'SET ROLE loms_owner',
    'ALTER SYSTEM SET fsync = off',
  ])('may not: %s', async (statement) => {
    await expect(app.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  // By docs/security.md it can do this, though it never does.
  test.each([
    'UPDATE stocks SET total_count = 999999999 WHERE sku = 1',
    "UPDATE orders SET status = 'payed' WHERE order_id = 1",
    'INSERT INTO order_lines VALUES (1, 1, 1)',
    "DELETE FROM orders WHERE status = 'payed'",
    'DELETE FROM order_lines',
  ])('may: %s', async (statement) => {
    await explain(statement);
  });

  test('loses rights that are not on the list with the next migration', async () => {
    await query(database.primaryUrl, 'GRANT ALL ON ALL TABLES IN SCHEMA public TO loms_app');
    await query(database.primaryUrl, 'GRANT UPDATE ON order_ids TO loms_app');
    await explain('DELETE FROM stocks');
    await migrate(migrationUrl, quiet);
    await expect(explain('DELETE FROM stocks')).rejects.toThrow('permission denied');
    await expect(app.query("SELECT setval('order_ids', 1)")).rejects.toThrow('permission denied');
  });
});

test('a table of another owner keeps nobody from migrating', async () => {
  await query(database.primaryUrl, 'CREATE TABLE made_by_others (id int)');
  try {
    await migrate(migrationUrl, quiet);
  } finally {
    await query(database.primaryUrl, 'DROP TABLE made_by_others');
  }
});

test('rights on every table and sequence of the schema are revoked before they are granted', async () => {
  const grants = await readFile('db/grants.sql', 'utf8');
  const lists = [...grants.matchAll(/^REVOKE ALL ON (?:SEQUENCE )?([^;]*?)\s+FROM loms_app;/gm)];
  const revoked = lists.flatMap(([, names = '']) => names.split(/,\s*/));
  const relations = await database.query(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')",
  );
  expect(revoked.sort()).toEqual(relations.map(({ relname }) => relname).sort());
});

test('order ids are moved ahead by the role that migrates, and not by that of the service', async () => {
  const nextId = async () => Number((await query(migrationUrl, "SELECT nextval('order_ids') AS id"))[0]?.id);
  const before = await nextId();
  await expect(advanceOrderIds(appUrl, 1_000_000n, quiet)).rejects.toThrow('permission denied');
  await advanceOrderIds(migrationUrl, 1_000_000n, quiet);
  expect(await nextId()).toBeGreaterThan(before + 1_000_000);
});

test('an older version that starts beside a newer one does not take its rights', async () => {
  await query(database.primaryUrl, 'GRANT DELETE ON stocks TO loms_app');
  await query(database.primaryUrl, "INSERT INTO schema_migrations VALUES ('99990101000000')");
  await migrate(migrationUrl, quiet);
  await explain('DELETE FROM stocks');
  await query(database.primaryUrl, "DELETE FROM schema_migrations WHERE version = '99990101000000'");
  await migrate(migrationUrl, quiet);
  await expect(explain('DELETE FROM stocks')).rejects.toThrow('permission denied');
});

test('the migration role migrates an empty database, whose tables loms_owner owns', async () => {
  await onServer('CREATE DATABASE roles_test_empty');
  const superuserUrl = Object.assign(new URL(database.primaryUrl), { pathname: 'roles_test_empty' }).href;
  const url = as(MIGRATION, superuserUrl);
  try {
    await query(superuserUrl, await readFile('db/roles.sql', 'utf8'));
    await migrate(url, quiet);
    await seed(url, 'development', quiet);
    const owners = await query(
      superuserUrl,
      "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'",
    );
    expect(owners).toEqual([{ tableowner: 'loms_owner' }]);
    const [stock] = await query(as(APP, superuserUrl), 'SELECT count(*) FROM stocks');
    expect(stock).toEqual({ count: '16' });
  } finally {
    await onServer('DROP DATABASE roles_test_empty WITH (FORCE)');
  }
});

test('an administrator who is no superuser creates the roles, as often as needed', async () => {
  const ADMIN = 'roles_test_admin';
  await onServer(`CREATE ROLE ${ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '${PASSWORD}'`);
  await onServer(`GRANT pg_read_all_stats TO ${ADMIN} WITH ADMIN OPTION`);
  // Roles belong to the whole server: this test has names of its own for them.
  const roles = (await readFile('db/roles.sql', 'utf8'))
    .replaceAll('loms_owner', 'roles_test_owner')
    .replaceAll('loms_app', 'roles_test_service');
  const url = Object.assign(new URL(as(ADMIN, database.primaryUrl)), { pathname: 'roles_test_managed' }).href;
  try {
    await onServer(`CREATE DATABASE roles_test_managed OWNER ${ADMIN}`);
    const before = await query(url, 'CREATE TABLE made_before (id int)');
    expect(before).toEqual([]);
    await query(url, roles);
    await query(url, roles);
    expect(await query(url, "SELECT tableowner FROM pg_tables WHERE tablename = 'made_before'")).toEqual([
      { tableowner: 'roles_test_owner' },
    ]);
    const [database] = await query(
      url,
      "SELECT datdba::regrole::text AS owner FROM pg_database WHERE datname = 'roles_test_managed'",
    );
    expect(database).toEqual({ owner: 'roles_test_owner' });
    await query(url, `CREATE ROLE roles_test_login LOGIN PASSWORD '${PASSWORD}' IN ROLE roles_test_owner`);
    await query(url, 'ALTER ROLE roles_test_login SET role = roles_test_owner');
    await migrate(Object.assign(new URL(url), { username: 'roles_test_login' }).href, quiet);
  } finally {
    await onServer('DROP DATABASE IF EXISTS roles_test_managed WITH (FORCE)');
    for (const role of ['roles_test_login', 'roles_test_service', 'roles_test_owner', ADMIN]) {
      await onServer(`DROP ROLE IF EXISTS ${role}`);
    }
  }
});

async function readiness({ app: { httpPort } }: TestService) {
  const response = await fetch(`http://127.0.0.1:${httpPort}/readyz`);
  const { ready, details } = (await response.json()) as { ready: boolean; details: { nodes: object[] } };
  return { ready, nodes: details.nodes };
}
