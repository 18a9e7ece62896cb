/** The start of the service: it answers probes from its first moment, and ends with the true cause. */
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { startApp } from '../../src/app/app.ts';
import { readConfig } from '../../src/config/config.ts';
import { onServer, useDatabase } from '../support/database.ts';
import { freePorts } from '../support/ports.ts';
import { type ServiceProcess, startProcess } from '../support/process.ts';
import { quiet } from '../support/quiet.ts';
import { restClient } from '../support/rest-client.ts';
import { startService } from '../support/service.ts';

const database = useDatabase();
let service: ServiceProcess | undefined;

afterEach(async () => {
  await service?.end('SIGKILL');
  service = undefined;
});

const readyz = async (port: number) => {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  const { details } = (await response.json()) as { details: { nodes?: unknown } };
  return { status: response.status, ...details };
};

test('while a start waits for the migration lock it is alive, not ready, and stops at once', async () => {
  await onServer('CREATE DATABASE start_test');
  const url = Object.assign(new URL(inject('primaryUrl')), { pathname: 'start_test' }).href;
  const holder = new pg.Client({ connectionString: url });
  holder.on('error', () => {});
  onTestFinished(async () => {
    await holder.end();
    await onServer('DROP DATABASE start_test WITH (FORCE)');
  });
  await holder.connect();
  await holder.query('SELECT pg_advisory_lock(7163846290174)');
  const [HTTP_PORT = 0] = await freePorts(1);
  const settings = {
    HTTP_PORT: String(HTTP_PORT),
    GRPC_PORT: '0',
    DATABASE_URL: url,
    SHUTDOWN_DELAY_MS: '600000',
  };
  const aborted = new AbortController();
  const starting = startApp(readConfig(settings), quiet, aborted.signal);
  const ended = starting.then(
    () => 'started',
    () => 'ended',
  );
  const status = async (path: string) =>
    (await fetch(`http://127.0.0.1:${HTTP_PORT}${path}`).catch(() => undefined))?.status;
  await expect.poll(() => status('/livez'), { timeout: 10_000 }).toBe(200);
  await expect
    .poll(async () => (await readyz(HTTP_PORT)).nodes)
    .toMatchObject([{ role: 'primary', healthy: true }]);
  expect(await readyz(HTTP_PORT)).toMatchObject({ status: 503, migrated: false });
  const client = restClient(HTTP_PORT);
  expect(await client.call('getStock', { sku: 1625903 })).toMatchObject({
    error: {
      code: 14n,
      details: expect.arrayContaining([expect.objectContaining({ reason: 'DATABASE_UNAVAILABLE' })]),
    },
  });
  client.close();
  aborted.abort(new Error('stopped'));
  expect(await ended).toBe('ended');
  expect(await status('/livez')).toBeUndefined();
});

describe('a role that has no connection left', () => {
  let url: URL;

  beforeEach(async () => {
    await onServer("CREATE ROLE start_test_few LOGIN CONNECTION LIMIT 1 PASSWORD 'few'");
    await onServer('CREATE DATABASE start_test_few OWNER start_test_few');
    url = Object.assign(new URL(inject('primaryUrl')), { username: 'start_test_few', password: 'few' });
    url.pathname = 'start_test_few';
  });

  afterEach(async () => {
    await onServer('DROP DATABASE start_test_few WITH (FORCE)');
    await onServer('DROP ROLE start_test_few');
  });

  const cause = 'too many connections for role "start_test_few"';

  /** The connection that checks the node takes the only one. */
  const start = (HTTP_PORT: number, START_TIMEOUT_MS: string) => {
    const settings = { HTTP_PORT: String(HTTP_PORT), GRPC_PORT: '0', DATABASE_URL: url.href };
    return startApp(readConfig({ ...settings, START_TIMEOUT_MS }), quiet);
  };

  test('delays a start, which shows that, until there is one', async () => {
    const [port = 0] = await freePorts(1);
    const starting = start(port, '60000');
    await expect
      .poll(() => readyz(port).catch(() => undefined), { timeout: 20_000 })
      .toMatchObject({ status: 503, schemaProblem: `waiting for a connection: ${cause}` });
    await onServer('ALTER ROLE start_test_few CONNECTION LIMIT -1');
    const app = await starting;
    expect(await readyz(port)).toMatchObject({ status: 200, migrated: true });
    await app.stop();
  });

  test('ends a start that waits for too long, with the cause', async () => {
    const [port = 0] = await freePorts(1);
    await expect(start(port, '1500')).rejects.toThrow(cause);
  });

  test('is the reason why an instance that does not migrate is not ready', async () => {
    const started = await startService(
      { primaryUrl: url.href, replicaUrls: [] },
      { MIGRATE_ON_START: 'false', NODE_CHECK_INTERVAL_MS: '50' },
    );
    onTestFinished(() => started.stop());
    await expect
      .poll(() => readyz(started.app.httpPort))
      .toMatchObject({ status: 503, schemaProblem: `not checked yet: ${cause}` });
  });
});

test('a wrong password ends the start at once, and the last line has the cause', async () => {
  const DATABASE_URL = Object.assign(new URL(database.primaryUrl), { password: 'wrong' }).href;
  const starting = startProcess({ DATABASE_URL, START_TIMEOUT_MS: '600000' });
  await expect(starting).rejects.toThrow(
    /no database node accepts this service \(.*password authentication failed .*"loms could not start"\}$/,
  );
});

test('variables of libpq change nothing, and a misspelt one of ours is the only warning', async () => {
  service = await startProcess({
    DATABASE_URL: database.primaryUrl,
    DATABASE_REPLICA_URLS: database.replicaUrls.join(','),
    PGHOST: '192.0.2.1',
    PGPORT: '1',
    PGUSER: 'nobody',
    PGPASSWORD: 'wrong',
    PGDATABASE: 'nowhere',
    PGSSLMODE: 'require',
    PGSSLNEGOTIATION: 'direct',
    PGOPTIONS: '-c search_path=nowhere',
    PGREPLICATION: 'database',
    PGAPPNAME: 'nobody',
    PGCONNECT_TIMEOUT: '1',
    WRITE_TIMEOUT: '1',
    // Tests do not build it.
    CONSOLE: 'false',
  });
  expect(await readyz(service.ports.REST)).toMatchObject({ status: 200, confirmedBy: 1 });
  const warnings = service.log.filter(({ level }) => Number(level) >= 40).map(({ msg }) => String(msg));
  // The age of the Node.js that runs the tests is not meant.
  expect(warnings.filter((msg) => !msg.startsWith('this Node.js'))).toEqual([
    'WRITE_TIMEOUT is not a variable of loms: is WRITE_TIMEOUT_MS meant?',
  ]);
});

test('a schema that the login may not read is the reason why the service is not ready', async () => {
  await onServer("CREATE ROLE start_test_weak LOGIN PASSWORD 'weak'");
  const url = Object.assign(new URL(database.primaryUrl), { username: 'start_test_weak', password: 'weak' });
  const started = await startService(
    { primaryUrl: url.href, replicaUrls: [] },
    { MIGRATE_ON_START: 'false' },
  );
  onTestFinished(async () => {
    await started.stop();
    await onServer('DROP ROLE start_test_weak');
  });
  expect(await readyz(started.app.httpPort)).toMatchObject({
    status: 503,
    migrated: false,
    schemaProblem: 'the applied migrations cannot be read: permission denied for table schema_migrations',
  });
});

test('a schema that is gone while the service runs makes it not ready, until it is back', async () => {
  const started = await startService(database, { NODE_CHECK_INTERVAL_MS: '50' });
  onTestFinished(() => started.stop());
  const state = () => readyz(started.app.httpPort);
  expect(await state()).toMatchObject({ status: 200, migrated: true });
  await database.query('ALTER TABLE schema_migrations RENAME TO restored');
  await expect.poll(state).toMatchObject({
    status: 503,
    migrated: false,
    schemaProblem: expect.stringMatching(/^not applied: 2026/),
  });
  await database.query('ALTER TABLE restored RENAME TO schema_migrations');
  await expect.poll(state).toMatchObject({ status: 200, migrated: true });
});
