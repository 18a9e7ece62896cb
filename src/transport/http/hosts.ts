/**
 * With open access every page in a browser could call this service, by a name that resolves to its address
 * (DNS rebinding). So it answers only under names of its own, and refuses what pages of other sites send.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Refusal } from '../../domain/outcome.ts';
import { hostNotAllowed, originNotAllowed } from '../refusals.ts';
import type { Fault } from './head.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

export class AllowedHosts {
  readonly #names: ReadonlySet<string>;
  /** Nearly all requests have the same host as the one before. */
  #lastAllowed: string | undefined;

  /** @param names hosts besides `localhost` and loopback addresses, without ports. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /** Returns what is wrong with a request by its `Host`, `Origin` and `Sec-Fetch-Site`, if anything is. */
  faultOf(incoming: IncomingMessage): Fault | undefined {
    const refusal = this.#refusalOf(incoming);
    return refusal && { refusal, closes: false };
  }

  #refusalOf({ headers, socket }: IncomingMessage): Refusal | undefined {
    const { host, origin, 'sec-fetch-site': site } = headers;
    // Without a host it comes by HTTP/1.0, which no browser uses.
    if (host !== undefined && host !== this.#lastAllowed) {
      if (!this.#allows(host, socket.localAddress)) return hostNotAllowed(host);
      this.#lastAllowed = host;
    }
    if (origin !== undefined && !this.#allows(hostOf(origin), socket.localAddress)) {
      return originNotAllowed(origin);
    }
    return site === 'cross-site' ? originNotAllowed(site) : undefined;
  }

  /** @param localAddress that the connection came to: nobody else can let it point at us, unlike a name. */
  #allows(host: string, localAddress: string | undefined): boolean {
    const name = host
      .replace(/:\d*$/, '')
      .replace(/^\[(.*)\]$/, '$1')
      .toLowerCase();
    if (name === 'localhost' || name.endsWith('.localhost') || this.#names.has(name)) return true;
    const version = isIP(name);
    if (version === 0) return false;
    return (
      loopback.check(name, version === 4 ? 'ipv4' : 'ipv6') || name === localAddress?.replace(/^::ffff:/, '')
    );
  }
}

/** The host of an origin; empty for one without, such as `null`. */
function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : '';
}
