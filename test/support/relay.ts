/**
 * A TCP relay between a client and a server: a network that can be slow, cut, or silent.
 *
 * It listens on a port of its own and passes on to another one. Its faults can be changed while connections
 * are open.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** How the relay treats its connections. */
interface Faults {
  /** By how many milliseconds what the server sends is delayed from now on. */
  delayMs: number;
  /** Whether every byte is sent in a packet of its own, both ways. */
  sliced: boolean;
  /**
   * Whether nothing is passed on, not even the end of a connection. What arrives meanwhile is passed on
   * afterwards, as in a network that loses packets for a while.
   */
  silent: boolean;
  /** Whether new connections are accepted and then wait, before anything of them reaches the server. */
  holding: boolean;
}

export interface Relay extends Faults {
  readonly port: number;
  /** How many connections are open, at either end. */
  readonly open: number;
  /** How many connections have not reached the server. */
  readonly waiting: number;
  /** How many bytes have arrived that are not passed on. */
  readonly heldBytes: number;
  /** Cuts every connection, both ends, with a reset. Returns how many there were. */
  reset(): number;
  /**
   * Cuts the server's end of every connection. The client's end stays open and never gets an answer. Returns
   * how many there were.
   */
  halfOpen(): number;
  close(): void;
}

/** Limit of the bytes kept for each direction of a connection; at the limit its sender has to wait. */
const HELD_MAX_BYTES = 64 * 1024 * 1024;
/** Single bytes sent in a row before other work gets a turn. */
const SLICES_PER_TURN = 32;

/** Starts a relay to a port of this machine, on any free port. */
export async function startRelay(targetPort: number): Promise<Relay> {
  const links = new Set<Link>();
  const faults: Faults = { delayMs: 0, sliced: false, silent: false, holding: false };
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (client) => {
    const link = new Link(client, targetPort, faults, () => links.delete(link));
    links.add(link);
  });
  const cutAll = (end: 'both' | 'server') => {
    const count = links.size;
    for (const link of links) link.cut(end);
    return count;
  };
  const wakeAll = () => {
    for (const link of links) link.wake();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return links.size;
    },
    get waiting() {
      return [...links].filter((link) => link.isWaiting).length;
    },
    get heldBytes() {
      return [...links].reduce((sum, link) => sum + link.heldBytes, 0);
    },
    get delayMs() {
      return faults.delayMs;
    },
    set delayMs(delayMs) {
      faults.delayMs = delayMs;
    },
    get sliced() {
      return faults.sliced;
    },
    set sliced(sliced) {
      faults.sliced = sliced;
    },
    get silent() {
      return faults.silent;
    },
    set silent(silent) {
      faults.silent = silent;
      wakeAll();
    },
    get holding() {
      return faults.holding;
    },
    set holding(holding) {
      faults.holding = holding;
      wakeAll();
    },
    reset: () => cutAll('both'),
    halfOpen: () => cutAll('server'),
    close() {
      server.close();
      cutAll('both');
    },
  };
}

/** One connection: the client's end and, as soon as it is passed on, the server's. */
class Link {
  readonly #client: Socket;
  readonly #targetPort: number;
  readonly #faults: Faults;
  readonly #onGone: () => void;
  #server: Socket | undefined;
  #flows: Flow[] = [];
  #half = false;

  constructor(client: Socket, targetPort: number, faults: Faults, onGone: () => void) {
    this.#client = client;
    this.#targetPort = targetPort;
    this.#faults = faults;
    this.#onGone = onGone;
    client.on('error', () => {});
    client.on('close', () => this.#leave());
    this.wake();
  }

  /** Whether it has not reached the server. */
  get isWaiting(): boolean {
    return this.#server === undefined;
  }

  get heldBytes(): number {
    return this.#flows.reduce((sum, flow) => sum + flow.heldBytes, 0);
  }

  /** Continues, where the relay's faults allow it. */
  wake(): void {
    const { silent, holding } = this.#faults;
    if (silent || (holding && this.isWaiting)) return;
    if (this.isWaiting && !this.#client.destroyed) this.#connect();
    for (const flow of this.#flows) flow.pump();
    this.#leave();
  }

  cut(end: 'both' | 'server'): void {
    this.#half = end === 'server';
    for (const flow of this.#flows) flow.stop();
    this.#server?.resetAndDestroy();
    // Only a socket that is read notices that the client gives up.
    if (this.#half) this.#client.resume();
    else this.#client.resetAndDestroy();
    this.#leave();
  }

  #connect(): void {
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true });
    this.#server = server;
    server.on('error', () => {});
    server.on('close', () => this.#leave());
    this.#flows = [
      new Flow(this.#client, server, this.#faults, () => 0),
      new Flow(server, this.#client, this.#faults, () => this.#faults.delayMs),
    ];
  }

  #leave(): void {
    const serverGone = this.#server === undefined || this.#server.destroyed;
    if (this.#client.destroyed && serverGone) this.#onGone();
  }
}

/** One direction of a connection: passes on the bytes in their order, and then the end. */
class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #faults: Faults;
  readonly #delayMs: () => number;
  #held: { readonly chunk: Buffer; readonly dueMs: number }[] = [];
  #heldBytes = 0;
  #ended = false;
  #stopped = false;
  #slicing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, faults: Faults, delayMs: () => number) {
    this.#from = from;
    this.#to = to;
    this.#faults = faults;
    this.#delayMs = delayMs;
    from.on('data', (chunk) => this.#take(chunk));
    from.on('close', () => {
      this.#ended = true;
      this.pump();
    });
    to.on('drain', () => this.pump());
    from.resume();
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Drops everything from now on. */
  stop(): void {
    this.#stopped = true;
    this.#held = [];
    clearTimeout(this.#timer);
  }

  /** Passes on what is due. */
  pump(): void {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#faults.silent || this.#slicing) return;
    const nowMs = performance.now();
    for (;;) {
      const next = this.#held[0];
      if (next === undefined) break;
      if (next.dueMs > nowMs) {
        this.#timer = setTimeout(() => this.pump(), next.dueMs - nowMs);
        return;
      }
      this.#held.shift();
      this.#heldBytes -= next.chunk.length;
      if (this.#faults.sliced) {
        this.#slice(next.chunk, 0);
        return;
      }
      if (!this.#to.destroyed) this.#to.write(next.chunk);
    }
    if (!this.#full) this.#from.resume();
    if (this.#ended) this.#to.destroySoon();
  }

  #take(chunk: Buffer): void {
    if (this.#stopped) return;
    // A delay that has just become shorter must not let later chunks overtake earlier ones.
    const dueMs = Math.max(performance.now() + this.#delayMs(), this.#held.at(-1)?.dueMs ?? 0);
    this.#held.push({ chunk, dueMs });
    this.#heldBytes += chunk.length;
    if (this.#full) this.#from.pause();
    this.pump();
  }

  get #full(): boolean {
    return this.#heldBytes + this.#to.writableLength >= HELD_MAX_BYTES;
  }

  #slice(chunk: Buffer, from: number): void {
    const to = Math.min(from + SLICES_PER_TURN, chunk.length);
    for (let at = from; at < to && !this.#to.destroyed; at++) this.#to.write(chunk.subarray(at, at + 1));
    this.#slicing = to < chunk.length && !this.#to.destroyed && !this.#stopped;
    if (this.#slicing) setImmediate(() => this.#slice(chunk, to));
    else this.pump();
  }
}
