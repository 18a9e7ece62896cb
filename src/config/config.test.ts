/** Configuration from environment variables: defaults, rules and errors. */
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { migrationUrl, parameterNames } from '../db/urls.ts';
import { authorityOf } from './addresses.ts';
import { ConfigError, readConfig } from './config.ts';

test('without any variable the service listens on loopback and runs the embedded database', () => {
  const config = readConfig({});
  expect(config).toMatchObject({
    http: { host: '127.0.0.1', port: 8080 },
    grpc: { host: '127.0.0.1', port: 50051 },
    embedded: { dir: resolve('.data') },
    start: { migrate: true, seed: undefined },
    database: { urls: [] },
  });
});

test('every invalid variable is listed, not only the first', () => {
  const read = () =>
    readConfig({
      HTTP_PORT: '80a',
      GRPC_PORT: '65536',
      DATABASE_URL: 'mysql://host/db',
      MIGRATE_ON_START: 'yes',
      LOG_LEVEL: 'loud',
      WRITE_TIMEOUT_MS: '-1',
    });
  expect(read).toThrow(ConfigError);
  for (const name of [
    'HTTP_PORT',
    'GRPC_PORT',
    'DATABASE_URL',
    'MIGRATE_ON_START',
    'LOG_LEVEL',
    'WRITE_TIMEOUT_MS',
  ]) {
    expect(read).toThrow(new RegExp(`^ {2}${name}: must be`, 'm'));
  }
});

test('errors never show a value, since a URL may hold a password', () => {
  expect(() => readConfig({ DATABASE_URL: 'http://loms:secret@host/loms' })).toThrow(/^(?!.*secret)/s);
});

test('DATABASE_URL and DATABASE_REPLICA_URLS list the nodes, and the second requires the first', () => {
  const urls = 'postgres://a/loms, postgresql://b:5433/loms,';
  const config = readConfig({ DATABASE_URL: 'postgres://p,q/loms', DATABASE_REPLICA_URLS: urls });
  expect(config.database.urls).toEqual([
    'postgres://p/loms',
    'postgres://q/loms',
    'postgres://a/loms',
    'postgresql://b:5433/loms',
  ]);
  expect(readConfig({}).database.urls).toEqual([]);
  expect(() => readConfig({ DATABASE_REPLICA_URLS: urls })).toThrow('needs DATABASE_URL');
});

test.each([
  ['postgres://h/db', ['postgres://h/db']],
  ['postgres://h1:5432,h2:5433/db', ['postgres://h1:5432/db', 'postgres://h2:5433/db']],
  [
    'postgresql://u:p@h1,h2:1/db?sslmode=require',
    ['postgresql://u:p@h1/db?sslmode=require', 'postgresql://u:p@h2:1/db?sslmode=require'],
  ],
  ['postgres://u:a%2Cb%40c@h1,h2/db', ['postgres://u:a%2Cb%40c@h1/db', 'postgres://u:a%2Cb%40c@h2/db']],
  ['postgres://u:a,b@h1,h2/db', ['postgres://u:a,b@h1/db', 'postgres://u:a,b@h2/db']],
  ['postgres://[::1],[2001:db8::2]:5433/db', ['postgres://[::1]/db', 'postgres://[2001:db8::2]:5433/db']],
])('%s gives one URL for each host', (text, urls) => {
  expect(readConfig({ DATABASE_URL: text }).database.urls).toEqual(urls);
});

test.each([
  'loms',
  'mysql://h/db',
  'postgres://h1,h2',
  'postgres://h1,h2/',
  'postgres:///db',
  'postgres://u:p@/db',
  'postgres://h1,,h2/db',
  'postgres://h1,/db',
  'postgres://h1:65536,h2/db',
  'postgres://h1:x,h2/db',
  'postgres://::1,h2/db',
  'postgres://[::1/db',
  'postgres://h1/db,h2/db',
  'postgres://h1/db#h2',
])('%s is rejected', (text) => {
  expect(() => readConfig({ DATABASE_URL: text })).toThrow('DATABASE_URL: must be a postgres:// URL');
});

test.each([
  ['postgres://h,H:5432/loms', undefined],
  ['postgres://[::1]:5432,[::1]/loms', undefined],
  ['postgres://h1,h2/loms', 'postgres://h3/loms,postgres://h2/loms'],
])('a node that is listed twice is rejected (%s)', (DATABASE_URL, DATABASE_REPLICA_URLS) => {
  const read = () => readConfig({ DATABASE_URL, DATABASE_REPLICA_URLS });
  expect(read).toThrow('must not name a host and port twice');
});

test('PUBLIC_URL is an address that paths can be appended to', () => {
  const read = (PUBLIC_URL: string) => readConfig({ PUBLIC_URL }).publicUrl;
  expect(read('https://shop.test/loms/')).toBe('https://shop.test/loms');
  expect(read('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080');
  for (const bad of [
    'shop.test',
    'ftp://shop.test',
    'https://u:p@shop.test',
    'https://shop.test/?a',
    '/loms',
  ])
    expect(() => read(bad), bad).toThrow('PUBLIC_URL: must be an http or https URL');
});

test('an empty variable counts as not set', () => {
  expect(readConfig({ DATABASE_URL: '', HTTP_PORT: '', SEED_ON_START: '' })).toEqual(readConfig({}));
});

test('orders are kept for ever, or for no shorter time than any idempotency key', () => {
  const read = (text: string) => readConfig({ ORDER_RETENTION_MS: text }).workers.orderRetentionMs;
  expect(['0', '604800000', '315576000000'].map(read)).toEqual([0, 604_800_000, 315_576_000_000]);
  const message = 'ORDER_RETENTION_MS: must be 0, or a whole number from 604800000 to 315576000000';
  for (const bad of ['1', '604799999', '315576000001', '-1']) expect(() => read(bad)).toThrow(message);
  expect(() => readConfig({ IDEMPOTENCY_RETENTION_MS: '604800001' })).toThrow('from 1000 to 604800000');
});

test('SEED_ON_START is true, false or the name of a seed set', () => {
  const read = (value: string) => readConfig({ SEED_ON_START: value }).start.seed;
  expect([read('true'), read('large'), read('false')]).toEqual(['development', 'large', undefined]);
});

const withParameters = (parameters: string) => () =>
  readConfig({ DATABASE_URL: `postgres://p,q/loms?${parameters}` });

test.each([
  'options=-c%20synchronous_commit%3Dlocal',
  'statement_timeout=0',
  'lock_timeout=0',
  'idle_in_transaction_session_timeout=0',
  'host=elsewhere',
  'port=1',
  'user=u',
  'dbname=x',
  'search_path=shop',
  'uselibpqcompat=true',
  'ssl=true',
  'sslpassword=x',
  'channel_binding=require',
  'passfile=x',
  'service=x',
  'pgbouncer=true',
  'SSLMODE=require',
  'sslmode=require&options=x',
])('a database URL must not set %s, and the parameter is named', (parameters) => {
  const name = parameters.split('&').at(-1)?.split('=')[0];
  expect(withParameters(parameters)).toThrow(`DATABASE_URL: must not set ${name}: it may set`);
  const migration = () =>
    readConfig({
      DATABASE_URL: 'postgres://p/loms',
      MIGRATION_DATABASE_URL: `postgres://p/loms?${parameters}`,
    });
  expect(migration).toThrow(`MIGRATION_DATABASE_URL: must not set ${name}`);
});

test.each([
  ['sslmode=prefer', 'sslmode must be'],
  ['sslmode=allow', 'sslmode must be'],
  ['sslmode=', 'sslmode must be'],
  ['sslmode=require&sslmode=disable', 'must not set sslmode twice'],
  ['sslmode=verify-ca', 'sslmode=verify-ca needs sslrootcert'],
  ['sslrootcert=ca.pem', 'sslrootcert needs sslmode'],
  ['sslmode=no-verify&sslrootcert=ca.pem', 'sslrootcert needs sslmode'],
  ['sslmode=require&sslrootcert=system', 'sslrootcert=system needs sslmode=verify-full'],
  ['sslmode=require&sslcert=c.pem', 'needs both sslcert and sslkey'],
  ['sslcert=c.pem&sslkey=k.pem', 'sslcert needs an sslmode with TLS'],
  ['connect_timeout=0', 'connect_timeout must be'],
  ['connect_timeout=2s', 'connect_timeout must be'],
  ['target_session_attrs=fastest', 'target_session_attrs must be'],
  ['application_name=', 'application_name must be'],
])('a database URL with %s is rejected', (parameters, mistake) => {
  expect(withParameters(parameters)).toThrow(`DATABASE_URL: ${mistake}`);
});

test('what follows a question mark in a password is not shown as a parameter', () => {
  const read = () => readConfig({ DATABASE_URL: 'postgres://u:12/x?s3cret@h/loms' });
  expect(read).toThrow('DATABASE_URL: must not set what is not a parameter');
});

test('what is a mistake in a URL lists the parameters that there are', () => {
  expect(withParameters('x=1')).toThrow(parameterNames.join(', '));
});

test('all URLs name one database', () => {
  const read = (settings: Record<string, string>) => () =>
    readConfig({ DATABASE_URL: 'postgres://p/loms', ...settings });
  expect(read({ MIGRATION_DATABASE_URL: 'postgres://owner@p/lom' })).toThrow(
    'MIGRATION_DATABASE_URL: must name the same database as DATABASE_URL',
  );
  expect(read({ DATABASE_REPLICA_URLS: 'postgres://r/loms,postgres://r2/postgres' })).toThrow(
    'DATABASE_REPLICA_URLS: must name the same database as DATABASE_URL',
  );
  expect(read({ MIGRATION_DATABASE_URL: 'postgres://owner@p/%6Coms' })).not.toThrow();
});

describe('DATABASE_URL', () => {
  const open = { HTTP_HOST: '0.0.0.0', AUTH: 'none' };
  const DATABASE_URL = 'postgres://p/loms';

  test.each([
    [{ NODE_ENV: 'production' }, 'NODE_ENV is production'],
    [open, 'HTTP_HOST is not loopback'],
    [{ ...open, HTTP_HOST: '::', GRPC_HOST: '10.0.0.1' }, 'HTTP_HOST, GRPC_HOST is not loopback'],
    [{ NODE_ENV: 'production', DATABASE_URL: '' }, 'NODE_ENV is production'],
  ])('must be set with %j, unless the embedded cluster is meant', (settings, where) => {
    expect(() => readConfig(settings)).toThrow(
      `  DATABASE_URL: must be set where ${where}: set it, or EMBEDDED`,
    );
    expect(readConfig({ ...settings, EMBEDDED: 'true' }).database.urls).toEqual([]);
    expect(readConfig({ ...settings, DATABASE_URL }).database.urls).toEqual([DATABASE_URL]);
  });

  test('contradicts the embedded cluster', () => {
    expect(() => readConfig({ DATABASE_URL, EMBEDDED: 'true' })).toThrow(
      'EMBEDDED: must not be true where DATABASE_URL is set',
    );
  });
});

test.each([
  ['DATABASE_ULR', 'DATABASE_URL'],
  ['DATABASE_URLS', 'DATABASE_URL'],
  ['DATABSE_URL', 'DATABASE_URL'],
  ['database_url', 'DATABASE_URL'],
  ['WRITE_TIMEOUT', 'WRITE_TIMEOUT_MS'],
  ['HTTPHOST', 'HTTP_HOST'],
  ['MIGRATE_AT_START', 'MIGRATE_ON_START'],
])('%s is reported: %s is meant', (name, meant) => {
  expect(readConfig({ [name]: 'x' }).warnings).toEqual([
    `${name} is not a variable of loms: is ${meant} meant?`,
  ]);
});

test('other variables are not reported, nor one that is like one that is set', () => {
  const others = [
    'PATH',
    'HOME',
    'DOCK',
    'HTTP_PROXY',
    'GRPC_TRACE',
    'NODE_OPTIONS',
    'KUBERNETES_PORT',
    'PGHOST',
  ];
  expect(readConfig(Object.fromEntries(others.map((name) => [name, 'x']))).warnings).toEqual([]);
  expect(readConfig({ HTTPS_PORT: '443', HTTP_PORT: '80' }).warnings).toEqual([]);
});

test('the shutdown timeout must exceed the request timeout', () => {
  const read = (stop: string, request?: string) => () =>
    readConfig({ SHUTDOWN_TIMEOUT_MS: stop, REQUEST_TIMEOUT_MS: request });
  expect(read('10000')).toThrow('SHUTDOWN_TIMEOUT_MS: must be more than REQUEST_TIMEOUT_MS');
  expect(read('5000', '5000')).toThrow('SHUTDOWN_TIMEOUT_MS: must be more');
  expect(read('5001', '5000')).not.toThrow();
});

test('two servers must not share a port', () => {
  const read = () => readConfig({ HTTP_PORT: '9000', GRPC_PORT: '9000', EMBEDDED_REPLICA_PORT: '54321' });
  expect(read).toThrow(/GRPC_PORT: must not be the same as HTTP_PORT/);
  expect(read).toThrow(/EMBEDDED_REPLICA_PORT: must not be the same as EMBEDDED_PRIMARY_PORT/);
  expect(() => readConfig({ HTTP_PORT: '0', GRPC_PORT: '0' })).not.toThrow();
});

describe('authentication', () => {
  const jwt = {
    AUTH_JWKS: 'https://issuer.test/jwks',
    AUTH_ISSUER: 'https://issuer.test',
    AUTH_AUDIENCE: 'loms',
  };
  const issuer = {
    ...{ jwks: jwt.AUTH_JWKS, issuer: jwt.AUTH_ISSUER, audience: jwt.AUTH_AUDIENCE },
    jwksMaxAgeMs: 3_600_000,
  };

  test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('is off by default on %s', (host) => {
    expect(readConfig({ HTTP_HOST: host, GRPC_HOST: host }).auth).toBeUndefined();
  });

  test.each(['HTTP_HOST', 'GRPC_HOST'])(
    'must be set explicitly when %s is not a loopback address',
    (name) => {
      for (const host of ['0.0.0.0', '::', '192.0.2.7', 'loms.test', '127.example.com']) {
        const settings = { [name]: host, DATABASE_URL: 'postgres://p/loms' };
        expect(() => readConfig(settings)).toThrow(
          new RegExp(`^  AUTH: must be jwt, .* ${name} is not loopback$`, 'm'),
        );
        expect(readConfig({ ...settings, AUTH: 'none' }).auth).toBeUndefined();
        expect(readConfig({ ...settings, ...jwt, AUTH: 'jwt' }).auth).toEqual(issuer);
      }
    },
  );

  test('is on when any of its variables is set, and then requires all of them', () => {
    expect(readConfig(jwt).auth).toEqual(issuer);
    const read = () => readConfig({ AUTH: 'jwt' });
    for (const name of Object.keys(jwt)) expect(read).toThrow(`  ${name}: is needed to check tokens`);
    expect(() => readConfig({ AUTH_JWKS: 'keys.json' })).toThrow('AUTH_ISSUER: is needed');
  });

  test('cannot be none when any of its variables is set', () => {
    for (const [name, value] of Object.entries(jwt))
      expect(() => readConfig({ [name]: value, AUTH: 'none' })).toThrow(
        `AUTH: must be jwt where ${name} is set`,
      );
    expect(readConfig({ ...jwt, AUTH: 'jwt' }).auth).toEqual(issuer);
  });

  test('rejects a user or password in the URL of the keys, since that URL is logged', () => {
    const read = () => readConfig({ ...jwt, AUTH_JWKS: 'https://user:secret@issuer.test/jwks' });
    expect(read).toThrow(/AUTH_JWKS: must not hold a user or password/);
    expect(read).toThrow(/^(?!.*secret)/s);
  });
});

test('where access is open REST answers under its own host and further ones, elsewhere under all', () => {
  const hosts = (settings: Record<string, string>) =>
    readConfig({ EMBEDDED: 'true', ...settings }).http.allowedHosts;
  expect(hosts({})).toEqual(['127.0.0.1']);
  const open = { HTTP_HOST: '0.0.0.0', AUTH: 'none', ALLOWED_HOSTS: 'loms, shop.test,2001:db8::1' };
  expect(hosts(open)).toEqual(['0.0.0.0', 'loms', 'shop.test', '2001:db8::1']);
  const issuer = { AUTH_JWKS: 'keys.json', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' };
  expect(hosts({ ...issuer, ALLOWED_HOSTS: 'loms' })).toBeUndefined();
  for (const bad of ['loms:8080', 'http://loms', 'a b', '*'])
    expect(() => hosts({ ALLOWED_HOSTS: bad })).toThrow('ALLOWED_HOSTS: must be names or addresses');
});

test('access that is open to other machines is recognised', () => {
  const isOpen = (settings: Record<string, string>) =>
    readConfig({ EMBEDDED: 'true', ...settings }).isOpenToNetwork;
  expect([isOpen({}), isOpen({ HTTP_HOST: '::1' })]).toEqual([false, false]);
  expect(isOpen({ AUTH: 'none', HTTP_HOST: '::' })).toBe(true);
  expect(isOpen({ AUTH: 'none', GRPC_HOST: '10.0.0.1' })).toBe(true);
  const issuer = { AUTH_JWKS: 'keys.json', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' };
  expect(isOpen({ ...issuer, HTTP_HOST: '0.0.0.0' })).toBe(false);
});

test('trusted proxies are addresses and networks', () => {
  const read = (text: string) => readConfig({ TRUSTED_PROXIES: text }).peers.trustedProxies;
  const good = ['10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/128'];
  expect(read(good.join(', '))).toEqual(good);
  for (const bad of [
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0/8',
    'proxy.example',
  ])
    expect(() => read(`10.0.0.1,${bad}`), bad).toThrow('TRUSTED_PROXIES: must be addresses or networks');
});

test.each([
  ['127.0.0.1', '127.0.0.1:8080'],
  ['localhost', 'localhost:8080'],
  ['::1', '[::1]:8080'],
])('the authority of %s is %s', (host, authority) => {
  expect(authorityOf(host, 8080)).toBe(authority);
});

test('TLS requires a certificate and its key', () => {
  const [cert, key] = ['/tls/cert.pem', '/tls/key.pem'];
  expect(readConfig({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key }).tls).toMatchObject({ cert, key });
  expect(readConfig({}).tls).toBeUndefined();
  expect(() => readConfig({ TLS_CERT_FILE: cert })).toThrow('TLS_KEY_FILE: is needed with TLS_CERT_FILE');
  expect(() => readConfig({ TLS_KEY_FILE: key })).toThrow('TLS_CERT_FILE: is needed with TLS_KEY_FILE');
  expect(() => readConfig({ TLS_CLIENT_CA_FILE: key })).toThrow('TLS_CLIENT_CA_FILE: needs TLS_CERT_FILE');
});

test('MIGRATION_DATABASE_URL requires DATABASE_URL', () => {
  const url = 'postgres://owner@p/loms';
  expect(() => readConfig({ MIGRATION_DATABASE_URL: url })).toThrow(
    'MIGRATION_DATABASE_URL: needs DATABASE_URL',
  );
});

test('migrations run on the primary, as the migration role where one is set', () => {
  const DATABASE_URL = 'postgres://app@a,b/loms';
  const primaryUrl = 'postgres://app@b/loms';
  const of = (settings: Record<string, string>) =>
    migrationUrl(primaryUrl, readConfig({ DATABASE_URL, ...settings }).database.migrationUrl);
  expect(of({})).toBe(primaryUrl);
  expect(of({ MIGRATION_DATABASE_URL: 'postgres://owner@a,b/loms' })).toBe('postgres://owner@b/loms');
  expect(of({ MIGRATION_DATABASE_URL: 'postgres://owner@a:5433/loms' })).toBe('postgres://owner@b/loms');
});

test('a password with an ambiguous encoding is rejected and not shown', () => {
  const read = () => readConfig({ DATABASE_URL: 'postgres://loms:se%cret@p/loms' });
  expect(read).toThrow('DATABASE_URL: must be');
  expect(read).toThrow(/^(?!.*cret@)/s);
  expect(() => readConfig({ DATABASE_URL: 'postgres://loms:se%25cret@p/loms' })).not.toThrow();
});
