/**
 * No secret in the log: whole processes at the level `trace`, driven into the errors that could show one. And
 * the probe of the image's health check, under TLS too.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { openClients } from '../support/clients.ts';
import { onServer, useDatabase } from '../support/database.ts';
import { AUDIENCE, createIssuer, ISSUER, type Issuer, writeKeys } from '../support/issuer.ts';
import { type ServiceProcess, startProcess } from '../support/process.ts';
import { compiled } from '../support/programs.ts';

const USER = 'secrets_test';
const PASSWORD = 'hush-hush-4711';
const KEY = 'idempotency-key-4711';

const database = useDatabase();
let dir: string;
let issuer: Issuer;
let auth: Record<string, string>;
let service: ServiceProcess | undefined;

beforeAll(async () => {
  await onServer(`CREATE ROLE ${USER} SUPERUSER LOGIN PASSWORD '${PASSWORD}'`);
  dir = await mkdtemp(join(tmpdir(), 'loms-secrets-'));
  issuer = await createIssuer();
  const AUTH_JWKS = join(dir, 'jwks.json');
  await writeKeys(issuer, AUTH_JWKS);
  const log = { LOG_LEVEL: 'trace', AUDIT_LOG: 'true' };
  auth = { AUTH: 'jwt', AUTH_JWKS, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE, ...log };
});

afterEach(async () => {
  await service?.end('SIGKILL');
  service = undefined;
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

const withUser = (url: string, password = PASSWORD) =>
  Object.assign(new URL(url), { username: USER, password }).href;

function expectNoneOf(text: string, secrets: readonly string[]): void {
  for (const secret of secrets) expect(text.includes(secret), `a secret is shown: ${secret}`).toBe(false);
}

test('neither tokens nor passwords are logged when callers are refused and connections break', async () => {
  service = await startProcess({
    ...auth,
    DATABASE_URL: withUser(database.primaryUrl),
    DATABASE_REPLICA_URLS: database.replicaUrls.map((url) => withUser(url)).join(','),
    NODE_CHECK_INTERVAL_MS: '50',
  });
  const good = await issuer.sign({ sub: 'alice-of-the-shop' });
  const tokens = [
    good,
    await issuer.sign({ exp: 1 }),
    await issuer.sign({ iss: 'x' }),
    `${good}x`,
    'not-a-jwt-at-all',
  ];
  for (const token of tokens) {
    const clients = openClients(service.ports, { authorization: `Bearer ${token}` });
    for (const client of clients) {
      await client.call('getStock', { sku: 1625903 });
      await client.call('createOrder', { user: 1n, items: [{ sku: 1625903, count: 1 }] }, { keys: [KEY] });
    }
  }
  const name = new URL(database.primaryUrl).pathname.slice(1);
  await onServer(`ALTER ROLE ${USER} PASSWORD 'changed'`);
  await onServer(`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = '${USER}' AND datname = '${name}'`);
  const messages = () => (service?.log ?? []).map((line) => String(line.msg));
  await expect.poll(messages).toContain('node is unhealthy');
  await onServer(`ALTER ROLE ${USER} PASSWORD '${PASSWORD}'`);
  await service.end('SIGTERM');
  expect(messages()).toEqual(
    expect.arrayContaining(['credentials are not valid', 'connection lost', 'request']),
  );
  const text = JSON.stringify(service.log);
  expect(service.log.find(({ msg }) => msg === 'audit')).toMatchObject({ caller: 'alice-of-the-shop' });
  expectNoneOf(text, [PASSWORD, KEY, ...tokens, ...tokens.map((token) => token.split('.')[2] ?? token)]);
});

test.each([
  ['a wrong password', () => ({ DATABASE_URL: withUser(database.primaryUrl, 'wrong-hush') })],
  ['an unreachable server', () => ({ DATABASE_URL: `postgres://${USER}:wrong-hush@127.0.0.1:1/loms` })],
  [
    'a URL that programs parse differently',
    () => ({ DATABASE_URL: `postgres://u:%zzwrong-hush@127.0.0.1:1/loms` }),
  ],
  [
    'a migration role with a wrong password',
    () => ({
      DATABASE_URL: withUser(database.primaryUrl),
      MIGRATION_DATABASE_URL: withUser(database.primaryUrl, 'wrong-hush'),
    }),
  ],
  ['an invalid key', () => ({ TLS_CERT_FILE: join(dir, 'bad.pem'), TLS_KEY_FILE: join(dir, 'bad.pem') })],
])('a start that fails because of %s shows no secret', async (_what, settings) => {
  await writeFile(
    join(dir, 'bad.pem'),
    `-----BEGIN PRIVATE KEY-----\n${PASSWORD}\n-----END PRIVATE KEY-----\n`,
  );
  const start = startProcess({
    ...auth,
    DATABASE_URL: database.primaryUrl,
    START_TIMEOUT_MS: '500',
    ...settings(),
  });
  const error: Error = await start.then(
    () => new Error('it started'),
    (thrown) => thrown,
  );
  expect(error.message).toMatch(/did not start/);
  expectNoneOf(error.message, [PASSWORD, 'wrong-hush']);
});

test('a secret that is logged by mistake is redacted', async () => {
  const script = `
    import { openLog } from './src/telemetry/log.ts';
    const err = Object.assign(new Error('e'), { client: { password: 'hush' } });
    const request = { headers: { authorization: 'Bearer hush' } };
    openLog('info').error({ password: 'hush', err, request }, 'mistake');`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toMatchObject({ password: '***', request: { headers: '***' } });
  expectNoneOf(stdout, ['hush']);
});

test('the probe reports whether the service is ready, under mutual TLS too', async () => {
  const authority = createAuthority('ours');
  const pair = authority.sign('loms');
  const files = { TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem', TLS_CLIENT_CA_FILE: 'ca.pem' };
  const paths = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(dir, file)]));
  await writeFile(join(dir, 'cert.pem'), pair.cert);
  await writeFile(join(dir, 'key.pem'), pair.key);
  await writeFile(join(dir, 'ca.pem'), authority.cert);
  const probe = (env: Record<string, string>) =>
    promisify(execFile)(process.execPath, [...compiled('cli/probe')], { env }).then(
      () => 0,
      (error) => error.code,
    );
  service = await startProcess({
    ...paths,
    HTTP_HOST: '0.0.0.0',
    AUTH: 'none',
    DATABASE_URL: database.primaryUrl,
    PROBE_PORT: '0',
  });
  const settings = {
    HTTP_HOST: '0.0.0.0',
    AUTH: 'none',
    DATABASE_URL: database.primaryUrl,
    HTTP_PORT: String(service.ports.REST),
  };
  await expect.poll(() => probe({ ...settings, ...paths }), { timeout: 10_000 }).toBe(0);
  expect(await probe(settings)).toBe(1);
  // The port of the probes is plain HTTP, and needs no certificate.
  const { probes } = service.log.find(({ msg }) => msg === 'loms listens') ?? {};
  expect(await probe({ ...settings, PROBE_PORT: new URL(String(probes)).port })).toBe(0);
});
