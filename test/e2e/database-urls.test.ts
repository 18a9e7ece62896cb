/**
 * The table of database URLs in docs/operations.md: each row is tried by the service and by its migrations.
 */
import { appendFile, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { isMigrated } from '../../src/db/schema/version.ts';
import { writeFor } from '../../src/embedded/data.ts';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { openRouter } from '../support/database.ts';
import { placeOf } from '../support/postgres.ts';
import { query } from '../support/query.ts';
import { quiet } from '../support/quiet.ts';
import { table } from '../support/tables.ts';
import { startTemporaryCluster, type TemporaryCluster } from '../support/temporary-cluster.ts';

const LOGIN = 'plain:plain@';
const ODD_PASSWORD = 'p@ss:w/ord%?#';
const { username: systemUser } = userInfo();

/** A server with TLS, on IPv4, IPv6 and a unix socket. */
let temporary: TemporaryCluster;
let adminUrl: string;
let port: string;
/** A folder for the socket, and for the files that URLs name. */
let dir: string;
let databases = 0;

beforeAll(async () => {
  temporary = await startTemporaryCluster({ replica: false });
  adminUrl = temporary.cluster.primaryUrl;
  port = new URL(adminUrl).port;
  dir = await mkdtemp(join(tmpdir(), 'loms-urls-'));
  await chmod(dir, 0o777);
  await query(adminUrl, `CREATE ROLE odd SUPERUSER LOGIN PASSWORD '${ODD_PASSWORD}'`);
  await query(adminUrl, "CREATE ROLE plain SUPERUSER LOGIN PASSWORD 'plain'");
  for (const name of ['certified', 'trusted', systemUser]) {
    await query(adminUrl, `CREATE ROLE "${name}" SUPERUSER LOGIN`);
  }
  await configure(createAuthority('ours'));
}, 60_000);

afterAll(async () => {
  await temporary?.remove();
  await rm(dir, { recursive: true, force: true });
});

/** Restarts the server with TLS and all kinds of addresses. */
async function configure(authority: Authority): Promise<void> {
  const place = await placeOf(temporary.dir);
  const data = join(place.home, 'primary');
  const server = authority.sign('localhost');
  const client = authority.sign('certified');
  const files = { 'ca.pem': authority.cert, 'client.pem': client.cert, 'client-key.pem': client.key };
  for (const [name, text] of Object.entries({ ...files, 'other.pem': createAuthority('other').cert })) {
    await writeFile(join(dir, name), text);
  }
  await writeFor(place, join(data, 'server.crt'), server.cert);
  await writeFor(place, join(data, 'server.key'), server.key);
  await writeFor(place, join(data, 'ca.crt'), authority.cert);
  const rules = [
    'hostssl all certified all cert',
    `host all trusted,"${systemUser}" all trust`,
    'host all all all scram-sha-256',
    'local all all scram-sha-256',
  ];
  await writeFor(place, join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`);
  await temporary.cluster.stopPrimary();
  const settings = [
    "listen_addresses = '127.0.0.1,::1'",
    `unix_socket_directories = '${dir}'`,
    "ssl = on\nssl_ca_file = 'ca.crt'",
  ];
  await appendFile(join(data, 'postgresql.auto.conf'), `${settings.join('\n')}\n`);
  await temporary.cluster.startPrimary();
}

/** The URL of a new, empty database on the server. */
async function newDatabase({ login = LOGIN, hosts = `127.0.0.1:${port}`, parameters = '' }) {
  const name = `row_${databases++}`;
  await query(adminUrl, `CREATE DATABASE ${name}`);
  return `postgres://${login}${hosts}/${name}${parameters === '' ? '' : `?${parameters}`}`;
}

interface Row {
  readonly login?: string;
  readonly hosts?: () => string;
  readonly parameters?: string;
  /** Whether TLS is used. */
  readonly tls?: boolean;
}

const file = (name: string) => encodeURIComponent(join(dir, name));
const verified = () => `sslmode=verify-full&sslrootcert=${file('ca.pem')}`;

/** What each row of the table is tried with, where its text is not to be used as it stands. */
const rows: Record<string, (() => Row) | undefined> = {
  'host:5432,host:5433': () => ({ hosts: () => `127.0.0.1:1,127.0.0.1:${port}` }),
  '[::1]:5432': () => ({ hosts: () => `[::1]:${port}` }),
  '%2Fvar%2Frun%2Fpostgresql:5432': () => ({ hosts: () => `${encodeURIComponent(dir)}:${port}` }),
  'user:p%40ss%3Aword': () => ({ login: `odd:${encodeURIComponent(ODD_PASSWORD)}@` }),
  'no user': () => ({ login: '' }),
  'no password': () => ({ login: 'trusted@' }),
  'no sslmode': () => ({ tls: false }),
  'sslmode=disable': () => ({ parameters: 'sslmode=disable', tls: false }),
  'sslmode=require': () => ({ parameters: 'sslmode=require', tls: true }),
  'sslmode=no-verify': () => ({ parameters: 'sslmode=no-verify', tls: true }),
  // The certificate is not made out to this address.
  'sslmode=verify-ca': () => ({
    hosts: () => `[::1]:${port}`,
    parameters: `sslmode=verify-ca&sslrootcert=${file('ca.pem')}`,
    tls: true,
  }),
  'sslmode=verify-full': () => ({ parameters: verified(), tls: true }),
  'sslrootcert=file': () => ({ parameters: `sslmode=require&sslrootcert=${file('ca.pem')}`, tls: true }),
  'sslcert=file&sslkey=file': () => ({
    login: 'certified@',
    parameters: `${verified()}&sslcert=${file('client.pem')}&sslkey=${file('client-key.pem')}`,
    tls: true,
  }),
};

/** Its authority is known to no Node.js, so that the row cannot succeed here. */
const SYSTEM = 'sslrootcert=system';

const documented = table('docs/operations.md', '## Database URLs').map(([text = '', result = '']) => ({
  text: text.replaceAll('`', ''),
  result,
}));

test('every row is tried, and nothing else', () => {
  const works = documented.filter(({ result }) => result === 'works').map(({ text }) => text);
  expect(works).toEqual(expect.arrayContaining(Object.keys(rows)));
  expect(documented.every(({ result }) => ['works', 'refused'].includes(result))).toBe(true);
  expect(documented.length).toBeGreaterThan(20);
});

describe.each(documented.filter(({ result, text }) => result === 'works' && text !== SYSTEM))(
  '$text',
  (row) => {
    test('works for the service and for its migrations', async () => {
      const { login, hosts, parameters, tls } = rows[row.text]?.() ?? { parameters: row.text };
      const url = await newDatabase({
        ...(login === undefined ? {} : { login }),
        ...(hosts === undefined ? {} : { hosts: hosts() }),
        ...(parameters === undefined ? {} : { parameters }),
      });
      const { database } = readConfig({ DATABASE_URL: url, MIGRATION_DATABASE_URL: url });
      const [primaryUrl = '', ...replicaUrls] = database.urls;
      const router = openRouter({ primaryUrl, replicaUrls });
      onTestFinished(() => router.stop());
      const { reader, url: found } = await router.waitForPrimary(5_000);
      expect(await isMigrated(reader)).toBe(false);
      await migrate(found, quiet);
      expect(await isMigrated(reader)).toBe(true);
      const used = await reader.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()', []);
      if (tls !== undefined) expect(used.rows).toEqual([{ ssl: tls }]);
    });
  },
);

test.each(documented.filter(({ result }) => result === 'refused'))('$text is refused by name', ({ text }) => {
  const [name = ''] = text.split('=');
  const url = `postgres://postgres:postgres@127.0.0.1/loms?${text}`;
  for (const variable of ['DATABASE_URL', 'MIGRATION_DATABASE_URL']) {
    const read = () => readConfig({ DATABASE_URL: 'postgres://127.0.0.1/loms', [variable]: url });
    expect(read).toThrow(new RegExp(`^ {2}${variable}: .*\\b${name}\\b`, 'm'));
  }
});

test.each([
  [SYSTEM, 'sslmode=verify-full&sslrootcert=system', '127.0.0.1', /certificate/],
  [
    'another authority',
    () => `sslmode=verify-full&sslrootcert=${file('other.pem')}`,
    '127.0.0.1',
    /certificate/,
  ],
  [
    'another authority, with require',
    () => `sslmode=require&sslrootcert=${file('other.pem')}`,
    '127.0.0.1',
    /cert/,
  ],
  ['a certificate for another host', verified, '[::1]', /does not match certificate/],
  ['no certificate of the client', verified, 'certified@127.0.0.1', /certificate/],
] as const)('a connection with %s is refused at once, by both', async (_what, parameters, host, cause) => {
  const [login, address] = host.includes('@') ? ['certified@', '127.0.0.1'] : [LOGIN, host];
  const url = await newDatabase({
    login,
    hosts: `${address}:${port}`,
    parameters: typeof parameters === 'string' ? parameters : parameters(),
  });
  const router = openRouter({ primaryUrl: url, replicaUrls: [] });
  onTestFinished(() => router.stop());
  await expect(router.waitForPrimary(3_600_000)).rejects.toThrow(cause);
  await expect(migrate(url, quiet)).rejects.toThrow(cause);
});
