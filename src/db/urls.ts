/**
 * Database URLs as text: their form, and the parameters that they may set. `connectionOf` (connection.ts)
 * gives each its meaning; docs/operations.md has the table for operators.
 */

/** Scheme and credentials; hosts, each perhaps with a port; database and parameters. */
const FORM = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#@]+)(\/[^/?#]+(?:\?[^#]*)?)$/i;

/**
 * The parameters that a URL may set. Anything else is rejected by its name: libpq or another driver gives it
 * a meaning that it would not have here, or it sets what the guarantees and limits of the service rest on.
 */
const PARAMETERS: Readonly<Record<string, { readonly form: RegExp; readonly mustBe: string }>> = {
  application_name: { form: /^[ -~]{1,50}$/, mustBe: '1 to 50 printable ASCII characters' },
  connect_timeout: { form: /^[1-9]\d{0,2}$/, mustBe: 'a number of seconds from 1 to 999' },
  sslcert: { form: /./, mustBe: 'a file' },
  sslkey: { form: /./, mustBe: 'a file' },
  sslmode: {
    form: /^(disable|require|verify-ca|verify-full|no-verify)$/,
    // `allow` and `prefer` would send everything without TLS where an attacker answers that there is none.
    mustBe: 'disable, require, verify-ca, verify-full or no-verify',
  },
  sslrootcert: { form: /./, mustBe: 'a file, or system' },
  target_session_attrs: {
    form: /^(any|read-write|read-only|primary|standby|prefer-standby)$/,
    mustBe: 'a value of libpq',
  },
};

/** The names of the parameters that a URL may set. */
export const parameterNames = Object.keys(PARAMETERS);

/** What a message may show: a name, and no part of a password that is not percent-encoded. */
const NAME = /^[a-z_]{1,40}$/i;

/**
 * Splits a URL by its hosts: `postgres://user@a:5432,[::1]:5433/loms` names two nodes.
 *
 * @returns a URL for each host, or undefined when the text is not such a URL.
 */
export function splitHosts(text: string): string[] | undefined {
  const [, front = '', hosts = '', rest = ''] = FORM.exec(text) ?? [];
  const urls = hosts.split(',').map((host) => `${front}${host}${rest}`);
  return urls.every(isValid) ? urls : undefined;
}

/** Why a URL is not accepted, without any value in it; undefined when it is. */
export function mistakeIn(text: string): string | undefined {
  const [url] = splitHosts(text) ?? [];
  if (url === undefined) return 'must be a postgres:// URL with a host, or several, and a database';
  const { searchParams } = new URL(url);
  const names = [...searchParams.keys()];
  for (const name of names) {
    const parameter = PARAMETERS[name];
    const shown = NAME.test(name) ? name : 'what is not a parameter';
    if (parameter === undefined) return `must not set ${shown}: it may set ${parameterNames.join(', ')}`;
    if (names.filter((each) => each === name).length > 1) return `must not set ${name} twice`;
    if (!parameter.form.test(searchParams.get(name) ?? '')) return `${name} must be ${parameter.mustBe}`;
  }
  return mistakeInTls(searchParams);
}

function mistakeInTls(parameters: URLSearchParams): string | undefined {
  const mode = parameters.get('sslmode') ?? 'disable';
  const rootCert = parameters.get('sslrootcert');
  if (parameters.has('sslcert') !== parameters.has('sslkey'))
    return 'needs both sslcert and sslkey, or neither';
  if (mode === 'disable' && parameters.has('sslcert')) return 'sslcert needs an sslmode with TLS';
  if (mode === 'verify-ca' && rootCert === null) return 'sslmode=verify-ca needs sslrootcert';
  if (rootCert !== null && (mode === 'disable' || mode === 'no-verify')) {
    return 'sslrootcert needs sslmode verify-full, verify-ca or require';
  }
  if (rootCert === 'system' && mode !== 'verify-full') return 'sslrootcert=system needs sslmode=verify-full';
  return undefined;
}

/** The host and port of a URL, in the same form for the same address; of a unix socket its folder. */
export function hostOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${decodeURIComponent(hostname).toLowerCase()}:${port || 5432}`;
}

/** The name of the database. */
export function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/**
 * The URL by which the schema of this primary is changed: with the login of the migration role where there is
 * one, and always on the primary that was found. The host in the login's own URL may be an old primary.
 *
 * @param login the configured URL of the migration role.
 */
export function migrationUrl(primaryUrl: string, login: string | undefined): string {
  if (login === undefined) return primaryUrl;
  const { hostname, port } = new URL(primaryUrl);
  return Object.assign(new URL(login), { hostname, port }).href;
}

/** A password with a bare `%` is read differently by each program, and one of them prints it in its error. */
function isValid(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, username, password, pathname } = new URL(url);
  return hostname !== '' && [hostname, username, password, pathname].every(isEncoded);
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
