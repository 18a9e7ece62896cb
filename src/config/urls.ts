/** Hosts, addresses and database URLs as text. */
import { isIP, isIPv6 } from 'node:net';

/** Scheme and credentials; hosts, each perhaps with a port; database and parameters. */
const FORM = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#@]+)(\/[^/?#]+(?:\?[^#]*)?)$/i;

/**
 * Splits a URL by its hosts, of which libpq takes several: `postgres://user@a:5432,[::1]:5433/loms`.
 *
 * @returns a URL for each host, or undefined when the text is not such a URL.
 */
export function splitHosts(text: string): string[] | undefined {
  const [, front = '', hosts = '', rest = ''] = FORM.exec(text) ?? [];
  const urls = hosts.split(',').map((host) => `${front}${host}${rest}`);
  return urls.every(isValid) ? urls : undefined;
}

/** The host and port of a URL, in the same form for the same node. */
export function hostOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname.toLowerCase()}:${port || 5432}`;
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
  const { hostname, username, password } = new URL(url);
  return hostname !== '' && [username, password].every((text) => /^(?:[^%]|%[\da-f]{2})*$/i.test(text));
}

/** Whether a text is the name or address of a host, without a port. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[\w.-]+$/.test(text);
}

/** Whether a text is an address, or a network such as `10.0.0.0/8`. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** A host and a port as they stand in a URL. */
export function authorityOf(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
