/**
 * The open connections of one port: how many there may be, in all and of one peer address. When there are too
 * many, the one that is idle longest is closed in favour of the new one.
 *
 * Each peer's connections form a ring in the order of their last activity, so that neither a request nor a
 * new connection has to search or allocate.
 */
import type { Socket } from 'node:net';
import { type Clock, monotonicMs } from '../timing/clock.ts';
import { peerOf, TrustedProxies } from './proxies.ts';

export interface ConnectionShares {
  /** The most open connections. */
  readonly connectionsMax: number;
  /** The most open connections of one address. */
  readonly peerMax: number;
  /** The most new connections of one address in a second; 0 is no limit. */
  readonly peerPerSecond: number;
  /** Their connections are bounded by `connectionsMax` only. */
  readonly proxies?: TrustedProxies;
}

/** As many connections of one address as there are. */
export const unlimitedShares = { peerMax: Number.POSITIVE_INFINITY, peerPerSecond: 0 };

/** A connection that was admitted. */
export interface Connection {
  /** Whether it does work that must not be cut off. It is not closed for a new one then. */
  isBusy: () => boolean;
  /** Marks it as active now. */
  touch(): void;
  /**
   * The peer that a request comes from: the connection's own, or the client that a trusted proxy names.
   *
   * @param forwardedFor reads the request's header `X-Forwarded-For`. It is not called without such a proxy.
   */
  clientOf(forwardedFor: () => string | undefined): string;
}

/** How many busy connections are passed over in the search for an idle one. */
const SEARCH_MAX = 64;

export class Connections {
  readonly #shares: ConnectionShares;
  readonly #proxies: TrustedProxies;
  readonly #now: Clock;
  readonly #open = new Map<string, Member>();
  readonly #peers = new Map<string, Peer>();
  /** How many connections each peer has opened since `#secondStartMs`. */
  readonly #opened = new Map<string, number>();
  #secondStartMs = Number.NEGATIVE_INFINITY;

  constructor(shares: ConnectionShares, now: Clock = monotonicMs) {
    this.#shares = shares;
    this.#proxies = shares.proxies ?? new TrustedProxies();
    this.#now = now;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Admits a new connection. When there are too many, the one that is idle longest is closed for it: of its
   * own peer, or when the port is full of the peer that has the most.
   *
   * @returns undefined when it was closed itself: its peer opens too many, or no other is idle.
   */
  admit(socket: Socket): Connection | undefined {
    const name = peerOf(socket.remoteAddress);
    const isProxy = this.#proxies.has(socket.remoteAddress);
    const peer = this.#peers.get(name) ?? new Peer(name, isProxy ? this.#proxies : undefined);
    const isGone = socket.remoteAddress === undefined;
    if (isGone || (!isProxy && this.#isTooFast(name)) || !this.#makeRoom(peer)) {
      socket.destroy();
      return undefined;
    }
    const member = new Member(socket, peer);
    this.#peers.set(name, peer);
    this.#open.set(member.key, member);
    member.link();
    socket.once('close', () => this.#remove(member));
    return member;
  }

  /** The connection that a socket belongs to: its own, or the one below its TLS. */
  find(socket: Socket): Connection | undefined {
    return this.#open.get(keyOf(socket));
  }

  #isTooFast(peer: string): boolean {
    const { peerPerSecond } = this.#shares;
    if (peerPerSecond === 0) return false;
    const nowMs = this.#now();
    if (nowMs - this.#secondStartMs >= 1_000) {
      this.#opened.clear();
      this.#secondStartMs = nowMs;
    }
    const opened = (this.#opened.get(peer) ?? 0) + 1;
    this.#opened.set(peer, opened);
    return opened > peerPerSecond;
  }

  /** Returns false when there is no room, and no idle connection to close. */
  #makeRoom(peer: Peer): boolean {
    const { connectionsMax, peerMax } = this.#shares;
    const isPeerFull = !peer.proxies && peer.size >= peerMax;
    if (!isPeerFull && this.#open.size < connectionsMax) return true;
    const idle = (isPeerFull ? peer : this.#largestPeer())?.longestIdle();
    if (idle === undefined) return false;
    this.#remove(idle);
    idle.socket.destroy();
    return true;
  }

  /** The peer with the most connections; a proxy only where there are no others, because it serves many. */
  #largestPeer(): Peer | undefined {
    let largest: Peer | undefined;
    for (const peer of this.#peers.values()) {
      if (largest === undefined || peer.weight > largest.weight) largest = peer;
    }
    return largest;
  }

  #remove(member: Member): void {
    if (this.#open.get(member.key) !== member) return;
    this.#open.delete(member.key);
    member.unlink();
    if (member.peer.size === 0) this.#peers.delete(member.peer.name);
  }
}

/** A link of a ring. The peer is one of its links, so that every connection has two neighbours. */
interface Link {
  previous: Link;
  next: Link;
}

/** An address with open connections, in the order of their last activity. */
class Peer implements Link {
  readonly name: string;
  /** The proxies that we trust, if it is one of them. */
  readonly proxies: TrustedProxies | undefined;
  previous: Link = this;
  next: Link = this;
  size = 0;

  constructor(name: string, proxies: TrustedProxies | undefined) {
    this.name = name;
    this.proxies = proxies;
  }

  get weight(): number {
    return this.proxies ? 0 : this.size;
  }

  /** The idle connection that was active before all others, undefined when the oldest are busy. */
  longestIdle(): Member | undefined {
    let each = this.next;
    for (let count = 0; count < SEARCH_MAX && each instanceof Member; count++) {
      if (!each.isBusy()) return each;
      each = each.next;
    }
    return undefined;
  }
}

class Member implements Link, Connection {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly key: string;
  isBusy = () => false;
  previous: Link = this;
  next: Link = this;

  constructor(socket: Socket, peer: Peer) {
    this.socket = socket;
    this.peer = peer;
    this.key = keyOf(socket);
  }

  clientOf(forwardedFor: () => string | undefined): string {
    const { name, proxies } = this.peer;
    return proxies?.clientOf(this.socket.remoteAddress, forwardedFor()) ?? name;
  }

  link(): void {
    const { peer } = this;
    peer.size++;
    this.previous = peer.previous;
    this.next = peer;
    peer.previous.next = this;
    peer.previous = this;
  }

  unlink(): void {
    this.peer.size--;
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.previous = this;
    this.next = this;
  }

  touch(): void {
    // After it was closed it has no place in the ring any more.
    if (this.next === this) return;
    this.unlink();
    this.link();
  }
}

/**
 * Names an open connection, and both sockets of one over TLS. A peer may use one port of its own for
 * connections to several of our addresses.
 */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
