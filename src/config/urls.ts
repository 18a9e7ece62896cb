/**
 * Database URLs. One that names several hosts, as libpq takes it, becomes a URL for each of them.
 */
import type { Config } from './config.ts';

/** Scheme and credentials; hosts, each perhaps with a port; database and parameters. */
const FORM = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#@]+)(\/[^/?#]+(?:\?[^#]*)?)$/i;

/**
 * Splits a URL by its hosts: `postgres://user@a:5432,[::1]:5433/loms` names two nodes.
 *
 * @returns a URL for each host, or nothing when the text is no such URL.
 */
export function splitHosts(text: string): string[] | undefined {
  const [, front = '', hosts = '', rest = ''] = FORM.exec(text) ?? [];
  const urls = hosts.split(',').map((host) => `${front}${host}${rest}`);
  return urls.every(isGood) ? urls : undefined;
}

/** The host and port that a URL names, in the same form for the same node. */
export function hostOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname.toLowerCase()}:${port || 5432}`;
}

type DatabaseSettings = Pick<Config, 'DATABASE_URL' | 'DATABASE_REPLICA_URLS'>;

/** The URLs of the configured nodes, of which one is the primary; none where the service brings its own. */
export function databaseUrls(config: DatabaseSettings): string[] {
  return [...(config.DATABASE_URL ?? []), ...config.DATABASE_REPLICA_URLS];
}

/**
 * The URL by which the schema of this primary is changed: with the login of the migration role where one is
 * configured, and always on the primary that was found. A host that only the configuration names may be an old one.
 */
export function migrationUrl(config: Config, primary: { readonly url: string }): string {
  const [login] = config.MIGRATION_DATABASE_URL ?? [];
  if (login === undefined) return primary.url;
  const { hostname, port } = new URL(primary.url);
  return Object.assign(new URL(login), { hostname, port }).href;
}

/** A password with a bare `%` is read differently by each program, and one of them shows it in its complaint. */
function isGood(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, username, password } = new URL(url);
  return hostname !== '' && [username, password].every((text) => /^(?:[^%]|%[\da-f]{2})*$/i.test(text));
}
