/** Addresses of peers, and of the clients behind our own proxies. */
import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net';

/**
 * The address of a peer as it is compared and counted: IPv4 inside IPv6 is IPv4, and of IPv6 the network
 * counts (/64), because a client may choose any address within it.
 *
 * @param address as a socket gives it; undefined once the peer has disconnected.
 */
export function peerOf(address: string | undefined): string {
  if (address === undefined) return '';
  const plain = withoutMapping(address);
  return isIPv6(plain) ? networkOf(plain) : plain;
}

/** Load balancers and proxies that we trust to name their clients. */
export class TrustedProxies {
  readonly #addresses = new BlockList();
  readonly #isEmpty: boolean;

  /** @param entries addresses or networks: `10.0.0.7`, `10.0.0.0/8`, `2001:db8::/32`. */
  constructor(entries: readonly string[] = []) {
    this.#isEmpty = entries.length === 0;
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#addresses.addAddress(address, family);
      else this.#addresses.addSubnet(address, Number(bits), family);
    }
  }

  /** Whether a peer is one of them. */
  has(address: string | undefined): boolean {
    if (this.#isEmpty || address === undefined) return false;
    const plain = withoutMapping(address);
    return isIP(plain) !== 0 && this.#addresses.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  }

  /**
   * The peer that a request comes from: the connection's, or the client that a trusted proxy names. Each
   * proxy adds the address that it was called from at the end of the list, so the last address that is not a
   * trusted proxy is the last one that somebody we trust has seen.
   *
   * @param address of the connection.
   * @param forwardedFor the header `X-Forwarded-For`: addresses, separated by commas.
   */
  clientOf(address: string | undefined, forwardedFor: string | undefined): string {
    if (forwardedFor === undefined || !this.has(address)) return peerOf(address);
    let client = address;
    for (const text of forwardedFor.split(',').reverse()) {
      const named = text.trim();
      if (isIP(named) === 0) break;
      client = named;
      if (!this.has(named)) break;
    }
    return peerOf(client);
  }
}

const MAPPED = /^::ffff:(?=\d+\.)/i;

function withoutMapping(address: string): string {
  return address.startsWith('::') ? address.replace(MAPPED, '') : address;
}

/** The first four groups of an IPv6 address. */
function networkOf(address: string): string {
  const [front = ''] = new SocketAddress({ address, family: 'ipv6' }).address.split('::');
  const groups = front === '' ? [] : front.split(':');
  return `${[...groups, '0', '0', '0', '0'].slice(0, 4).join(':')}::`;
}
