/**
 * Readers of the event feed, as a process of its own: its one argument is the load (types.ts), and it prints
 * what they have read as JSON. It fails where an event is missing or out of its place.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { BEGIN } from '../processes.ts';
import { pickSkus, pickUser } from '../stock.ts';
import type { ReadersLoad, Reading, ReadingResult } from '../types.ts';
import { findEvents, openReader } from './feed.ts';
import { rest } from './rest.ts';
import type { Wire } from './wire.ts';

/** The time before the first timed order, in which the load beside it begins, and for the last reply. */
const PROBE_FROM_MS = 2_500;
const PROBE_REPLY_MS = 2_000;

/** The connections that create what is timed. */
const PROBE_CONNECTIONS = 16;

/** Milliseconds since the epoch. */
const epochMs = () => performance.timeOrigin + performance.now();

class Readers {
  readonly reading: Reading;
  readonly count: number;
  /** By order. */
  readonly arrivals = new Map<string, number>();
  readonly #load: ReadersLoad;
  readonly #reached: () => void;
  #readers: ReturnType<typeof openReader>[] = [];
  #startMs = 0;
  #endMs: number | undefined;
  #events = 0;
  #bytes = 0;
  #last: number | undefined;
  #lastMs = 0;
  #gap: string | undefined;

  /** @param reached is called when they have read all that they should. */
  constructor(reading: Reading, count: number, load: ReadersLoad, reached: () => void) {
    this.reading = reading;
    this.count = count;
    this.#load = load;
    this.#reached = reached;
  }

  /** Opens all; the first of them finds the events. */
  async open(): Promise<void> {
    this.#startMs = performance.now();
    const find = findEvents(this.reading === 'gRPC' ? 'gRPC' : 'REST', (...event) => this.#onEvent(...event));
    this.#readers = Array.from({ length: this.count }, (_, index) =>
      openReader(this.reading, this.#load, index === 0, (bytes) => {
        this.#bytes += bytes.length;
        if (index === 0) find(bytes);
      }),
    );
    await Promise.all(this.#readers.map(({ opened, cut }) => Promise.race([opened, cut])));
  }

  get cut(): Promise<never> {
    return Promise.race(this.#readers.map(({ cut }) => cut));
  }

  #onEvent(position: number, orderId: string | undefined): void {
    const { eventsMax, probes } = this.#load;
    if (this.#endMs !== undefined) return;
    if (this.#last !== undefined && position !== this.#last + 1)
      this.#gap ??= `${position} behind ${this.#last}`;
    this.#last = position;
    this.#events++;
    this.#lastMs = epochMs();
    if (probes !== undefined && orderId !== undefined) this.arrivals.set(orderId, this.#lastMs);
    if (this.#events === eventsMax) {
      this.#endMs = performance.now();
      this.#reached();
    }
  }

  /** @param timed the orders that are timed. @throws where one is missing or the positions have a gap. */
  result(timed: readonly string[]): ReadingResult {
    for (const reader of this.#readers) reader.close();
    const { reading, count: readers } = this;
    if (this.#gap !== undefined) throw new Error(`${reading}: position ${this.#gap}`);
    const seconds = ((this.#endMs ?? performance.now()) - this.#startMs) / 1_000;
    const lastMs = this.#lastMs;
    const read = { reading, readers, events: this.#events, bytes: this.#bytes, seconds, lastMs };
    if (this.#load.probes === undefined) return read;
    const arrivals = timed.map((orderId) => {
      const arrivedMs = this.arrivals.get(orderId);
      if (arrivedMs === undefined) throw new Error(`${reading}: order ${orderId} did not arrive`);
      return [orderId, arrivedMs] as const;
    });
    return { ...read, arrivals: Object.fromEntries(arrivals) };
  }
}

/** Creates orders at a rate for some time. Returns those that were replied to. */
async function probe(port: number, { perSecond, seconds }: NonNullable<ReadersLoad['probes']>) {
  await pause(PROBE_FROM_MS);
  const created: string[] = [];
  const wires: Wire<string>[] = [];
  for (let count = 0; count < PROBE_CONNECTIONS; count++) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    socket.on('error', () => {});
    wires.push(rest.start(socket, 1, () => {}));
  }
  const pace = setInterval(() => {
    const wire = wires.find(({ free }) => free > 0);
    wire?.send(rest.create(pickSkus('spread'), pickUser()), (ok, _status, reply) => {
      if (ok) created.push(rest.orderIdOf(reply));
    });
  }, 1_000 / perSecond);
  await pause(seconds * 1_000);
  clearInterval(pace);
  await pause(PROBE_REPLY_MS);
  for (const wire of wires) wire.close();
  return created;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function run(load: ReadersLoad): Promise<ReadingResult[]> {
  const { ports, seconds, probes, eventsMax } = load;
  let reached = () => {};
  const all = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const kinds = Object.entries(load.readers) as [Reading, number][];
  const readers = kinds.map(([reading, count]) => new Readers(reading, count, load, reached));
  for (const each of readers) await each.open();
  process.stdout.write(BEGIN);
  const cut = Promise.race(readers.map((each) => each.cut));
  const limit = pause(seconds * 1_000);
  const probing = probes === undefined ? [] : probe(ports.REST, probes);
  await Promise.race([cut, eventsMax === undefined ? limit : Promise.race([limit, all])]);
  const timed = await probing;
  return readers.map((each) => each.result(timed));
}

const result = await run(JSON.parse(process.argv[2] ?? '') as ReadersLoad);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
