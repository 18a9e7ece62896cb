/**
 * What a database URL means for a connection. The service, its migrations and its seeds all connect by this.
 *
 * `pg` fills in what is missing from the environment (PGHOST, PGPASSWORD, PGOPTIONS and so on, and
 * ~/.pgpass). Only documented variables count here, so each of those is given explicitly.
 */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { UnusableServer } from './errors.ts';
import { databaseOf } from './urls.ts';

export interface Connection extends ClientConfig {
  readonly application_name: string;
  readonly sslnegotiation: 'postgres';
  readonly replication: 'false';
}

/**
 * The options of `pg` for a URL that `mistakeIn` (urls.ts) has accepted. Files are read now: a mistake in
 * them ends the start.
 *
 * @throws when a file cannot be read.
 */
export function connectionOf(url: string): Connection {
  const { hostname, port, username, searchParams } = new URL(url);
  const connectTimeoutS = searchParams.get('connect_timeout');
  return {
    // A unix socket's folder is percent-encoded, an IPv6 address in brackets.
    host: decodeURIComponent(hostname).replace(/^\[(.+)\]$/, '$1'),
    port: Number(port || 5432),
    user: decodeURIComponent(username) || userInfo().username,
    password: passwordOf(url) ?? noPassword,
    database: databaseOf(url),
    ssl: tlsOf(searchParams),
    sslnegotiation: 'postgres',
    application_name: searchParams.get('application_name') ?? 'loms',
    replication: 'false',
    // A blank is no option, where no value at all would be PGOPTIONS.
    options: ' ',
    ...(connectTimeoutS === null ? {} : { connectionTimeoutMillis: Number(connectTimeoutS) * 1_000 }),
  };
}

/**
 * Settings of a session as the one startup parameter `options`. A parameter for each of them is one more that
 * a pooler may not know.
 */
export function optionsOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** The password of a URL, if it has one. */
export function passwordOf(url: string): string | undefined {
  return decodeURIComponent(new URL(url).password) || undefined;
}

/** Called when a server asks for a password. */
function noPassword(): never {
  throw new UnusableServer('the server asks for a password, and the URL has none');
}

/**
 * TLS as libpq defines it: `require` encrypts and checks nothing, unless an authority is given; `verify-ca`
 * checks who signed the certificate, and `verify-full` also that it is made out to the host. Without
 * `sslrootcert` the authorities of Node.js count.
 */
function tlsOf(parameters: URLSearchParams): ConnectionOptions | false {
  const mode = parameters.get('sslmode') ?? 'disable';
  if (mode === 'disable') return false;
  const rootCert = parameters.get('sslrootcert');
  const isChecked = mode === 'verify-full' || rootCert !== null;
  return {
    rejectUnauthorized: isChecked,
    ...(isChecked && mode !== 'verify-full' ? { checkServerIdentity: () => undefined } : {}),
    ...(rootCert === null || rootCert === 'system' ? {} : { ca: read('sslrootcert', rootCert) }),
    ...fileOf(parameters, 'sslcert', 'cert'),
    ...fileOf(parameters, 'sslkey', 'key'),
  };
}

function fileOf(parameters: URLSearchParams, name: string, option: 'cert' | 'key') {
  const path = parameters.get(name);
  return path === null ? {} : { [option]: read(name, path) };
}

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${name} of a database URL cannot be read: ${(cause as Error).message}`, { cause });
  }
}
