/**
 * A TCP relay that stands for a network which can be slow, cut, or silent.
 *
 * It listens on a port of its own and passes on to another one. What it does to the connections can be changed
 * while they are open.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** By how many milliseconds what the server sends is held back from now on. */
  delayMs: number;
  /** Whether every byte is passed on by itself, both ways. */
  sliced: boolean;
  /**
   * Whether nothing is passed on, not even the end of a connection. What comes meanwhile is kept and passed on
   * when this is over, as a network does that loses packets for a while.
   */
  silent: boolean;
  /** Cuts every connection, both ends, with a reset, and tells how many there were. */
  reset(): number;
  /**
   * Cuts the server's end of every connection, and tells how many there were. The client's end stays open, and
   * nobody will answer on it.
   */
  halfOpen(): number;
  close(): void;
}

/** So much is held back at most, for each direction of a connection; then its sender has to wait. */
const HELD_MAX_BYTES = 64 * 1024 * 1024;
/** So many single bytes are sent before others have a turn. */
const SLICES_PER_TURN = 32;

/** Starts a relay to a port of this machine, on any free port. */
export async function startRelay(targetPort: number): Promise<Relay> {
  const links = new Set<Link>();
  const faults: Faults = { delayMs: 0, sliced: false, silent: false };
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (client) => {
    const link = new Link(client, targetPort, faults, () => links.delete(link));
    links.add(link);
  });
  const cutAll = (end: 'both' | 'server') => {
    const count = links.size;
    for (const link of links) link.cut(end);
    return count;
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
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
      if (!silent) for (const link of links) link.wake();
    },
    reset: () => cutAll('both'),
    halfOpen: () => cutAll('server'),
    close() {
      server.close();
      cutAll('both');
    },
  };
}

/** What the relay does to all its connections now. */
interface Faults {
  delayMs: number;
  sliced: boolean;
  silent: boolean;
}

/** One connection: the client's end and, as soon as the network is not silent, the server's. */
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

  /** Goes on after a silence. */
  wake(): void {
    if (this.#faults.silent) return;
    if (this.#server === undefined && !this.#client.destroyed) this.#connect();
    for (const flow of this.#flows) flow.pump();
    this.#leave();
  }

  cut(end: 'both' | 'server'): void {
    this.#half = end === 'server';
    for (const flow of this.#flows) flow.stop();
    this.#server?.resetAndDestroy();
    // Reading on, it notices when the client gives up.
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

/** One direction of a connection: passes on what comes, in its order, and in the end that it has ended. */
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

  /** Passes nothing on any more. */
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
