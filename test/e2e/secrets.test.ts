/**
 * No secret in the log: whole processes at their most talkative level, driven into the errors that know one. And
 * the probe that the image's health check runs, under TLS too.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { grpcClient, restClient } from '../support/clients.ts';
import { createTestDatabase, onServer, type TestDatabase } from '../support/database.ts';
import { AUDIENCE, createIssuer, ISSUER, type Issuer, writeKeys } from '../support/issuer.ts';
import { type ServiceProcess, startProcess } from '../support/process.ts';

const USER = 'secrets_test';
const PASSWORD = 'hush-hush-4711';

let database: TestDatabase;
let dir: string;
let issuer: Issuer;
let auth: Record<string, string>;
let service: ServiceProcess | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  await onServer(`CREATE ROLE ${USER} SUPERUSER LOGIN PASSWORD '${PASSWORD}'`);
  dir = await mkdtemp(join(tmpdir(), 'loms-secrets-'));
  issuer = await createIssuer();
  const AUTH_JWKS = join(dir, 'jwks.json');
  await writeKeys(issuer, AUTH_JWKS);
  auth = { AUTH: 'jwt', AUTH_JWKS, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE, LOG_LEVEL: 'trace' };
});

afterEach(async () => {
  await service?.end('SIGKILL');
  service = undefined;
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  await database?.drop();
});

const withUser = (url: string, password = PASSWORD) =>
  Object.assign(new URL(url), { username: USER, password }).href;

function expectNoneOf(text: string, secrets: readonly string[]): void {
  for (const secret of secrets) expect(text.includes(secret), `a secret is shown: ${secret}`).toBe(false);
}

test('neither tokens nor passwords are logged, while callers are refused and connections break', async () => {
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
    for (const make of [
      restClient(service.httpPort, bearer(token)),
      grpcClient(service.grpcPort, bearer(token)),
    ]) {
      await make.call('getStock', { sku: 1625903 });
      make.close();
    }
  }
  const name = new URL(database.primaryUrl).pathname.slice(1);
  await onServer(`ALTER ROLE ${USER} PASSWORD 'changed'`);
  await onServer(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${USER}' AND datname = '${name}'`,
  );
  const told = () => (service?.log ?? []).map((line) => String(line.msg));
  await expect.poll(told).toContain('node is unhealthy');
  await onServer(`ALTER ROLE ${USER} PASSWORD '${PASSWORD}'`);
  await service.end('SIGTERM');
  expect(told()).toEqual(
    expect.arrayContaining(['credentials are not valid', 'connection lost', 'http request']),
  );
  const text = JSON.stringify(service.log);
  expectNoneOf(text, [PASSWORD, ...tokens, ...tokens.map((token) => token.split('.')[2] ?? token)]);
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test.each([
  ['a wrong password', () => ({ DATABASE_URL: withUser(database.primaryUrl, 'wrong-hush') })],
  ['a server that is not there', () => ({ DATABASE_URL: `postgres://${USER}:wrong-hush@127.0.0.1:1/loms` })],
  [
    'a URL that programs read differently',
    () => ({ DATABASE_URL: `postgres://u:%zzwrong-hush@127.0.0.1:1/loms` }),
  ],
  [
    'a migration role with a wrong password',
    () => ({
      DATABASE_URL: withUser(database.primaryUrl),
      MIGRATION_DATABASE_URL: withUser(database.primaryUrl, 'wrong-hush'),
    }),
  ],
  ['a key that is none', () => ({ TLS_CERT_FILE: join(dir, 'bad.pem'), TLS_KEY_FILE: join(dir, 'bad.pem') })],
])('a start that fails for %s shows no secret', async (_what, settings) => {
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

test('what would be logged by mistake is blackened', async () => {
  const script = `
    import { openLog } from './src/telemetry/log.ts';
    openLog('info').error({ password: 'hush', err: Object.assign(new Error('e'), { client: { password: 'hush' } }),
      request: { headers: { authorization: 'Bearer hush' } } }, 'mistake');`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toMatchObject({ password: '***', request: { headers: '***' } });
  expectNoneOf(stdout, ['hush']);
});

test('the probe says whether the service is ready, under mutual TLS too', async () => {
  const authority = createAuthority('ours');
  const pair = authority.sign('loms');
  const files = { TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem', TLS_CLIENT_CA_FILE: 'ca.pem' };
  const paths = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(dir, file)]));
  await writeFile(join(dir, 'cert.pem'), pair.cert);
  await writeFile(join(dir, 'key.pem'), pair.key);
  await writeFile(join(dir, 'ca.pem'), authority.cert);
  const probe = (env: Record<string, string>) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'src/cli/probe.ts'], { env }).then(
      () => 0,
      (error) => error.code,
    );
  service = await startProcess({
    ...paths,
    HTTP_HOST: '0.0.0.0',
    AUTH: 'none',
    DATABASE_URL: database.primaryUrl,
  });
  const settings = { HTTP_HOST: '0.0.0.0', AUTH: 'none', HTTP_PORT: String(service.httpPort) };
  await expect.poll(() => probe({ ...settings, ...paths }), { timeout: 10_000 }).toBe(0);
  expect(await probe(settings)).toBe(1);
});
