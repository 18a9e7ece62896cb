/** A reader of events, which goes on by its token after every failure, and now and then by choice. */
import { type EventFields, type Failure, NoAnswer } from '../../../test/support/client.ts';
import { WatchError } from '../../../test/support/watch.ts';
import type { History } from '../history.ts';
import type { Random } from '../random.ts';
import type { ServicePorts } from '../service.ts';
import { type EventReading, type Reading, seenEvent } from './seen.ts';

/** Opens pages of events that follow a token, or without one begin with the first event that is kept. */
export type Open = (
  ports: ServicePorts,
  token: string,
) => AsyncIterable<{ readonly events: readonly EventFields[]; readonly token: string }>;

export interface ReaderOptions {
  readonly history: History;
  readonly random: Random;
  /** The ports of each process of the service. */
  readonly services: readonly ServicePorts[];
}

/** More than any run has. */
const EVENTS_MAX = 1_000_000;
/** The share of pages after which a reader goes on elsewhere. */
const CHOICE_SHARE = 0.05;
/** How long a reader waits after a failure. */
const RETRY_MS = 50;

/** A refusal of the service. */
export class Refused extends Error {
  readonly reason: string;

  constructor({ message, details }: Failure) {
    super(message);
    this.reason = String(details.find(({ reason }) => typeof reason === 'string')?.reason);
  }
}

/**
 * Why a reader goes on with another call or stream: the refusal, or how the connection was lost.
 *
 * @throws what is a bug.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof Refused || error instanceof NoAnswer) return error.reason;
  if (error instanceof WatchError) return String(error.reason);
  const { code } = error as { readonly code?: number | string };
  if (code === undefined) throw error;
  return typeof code === 'number' ? `GRPC_${code}` : code;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Something to wait for until it is opened. */
export function closedGate(): { readonly gate: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { gate, open };
}

/** Records that a reader goes on, and waits a moment if it has to. */
export async function resume(history: History, reader: Reading, reason: string): Promise<void> {
  history.resumes.push({ reader, atMs: history.now(), reason });
  if (reason !== 'CHOICE') await sleep(RETRY_MS);
}

export class EventReader {
  readonly reading: EventReading;
  readonly #open: Open;
  readonly #options: ReaderOptions;
  #token = '';
  #position = 0;
  #count = 0;
  #isStopped = false;
  /** Settled unless a fault keeps it from reading, or away. */
  #mayRead: Promise<void> = Promise.resolve();
  #mayOpen: Promise<void> = Promise.resolve();
  #isAway = false;

  /** Starts to read. */
  constructor(reading: EventReading, open: Open, options: ReaderOptions) {
    this.reading = reading;
    this.#open = open;
    this.#options = options;
    void this.#run();
  }

  /** The last position that it has received. */
  get position(): number {
    return this.#position;
  }

  /** From now on it does not read, with its stream open. Returns what ends this. */
  hold(): () => void {
    const { history } = this.#options;
    const fromMs = history.note(`${this.reading} does not read`);
    const { gate, open } = closedGate();
    this.#mayRead = gate;
    return () => {
      history.holds.push({
        ...{ reader: this.reading, fromMs },
        untilMs: history.note(`${this.reading} reads again`),
      });
      open();
    };
  }

  /** With the next page it closes its stream and stays away. Returns what ends this. */
  leave(): () => void {
    const { gate, open } = closedGate();
    this.#mayOpen = gate;
    this.#isAway = true;
    return () => {
      this.#isAway = false;
      open();
    };
  }

  /** Ignores what it still receives. Its connection ends with the service. */
  stop(): void {
    this.#isStopped = true;
  }

  async #run(): Promise<void> {
    const { history, services } = this.#options;
    for (let turn = 0; !this.#isStopped; turn++) {
      const ports = services[turn % services.length] as ServicePorts;
      const reason = await this.#read(ports);
      if (this.#isStopped) return;
      if (reason === 'CURSOR_EXPIRED') this.#token = '';
      await resume(history, this.reading, reason);
      await this.#mayOpen;
    }
  }

  /** Reads from one process of the service. Returns why it no longer does. */
  async #read(ports: ServicePorts): Promise<string> {
    try {
      for await (const { events, token } of this.#open(ports, this.#token)) {
        if (this.#isStopped) return 'STOPPED';
        this.#record(events, token);
        if (this.#isAway || this.#options.random.chance(CHOICE_SHARE)) return 'CHOICE';
        await this.#mayRead;
      }
      return 'ENDED';
    } catch (error) {
      return this.#isStopped ? 'STOPPED' : reasonOf(error);
    }
  }

  #record(events: readonly EventFields[], token: string): void {
    const { history } = this.#options;
    this.#token = token;
    if (events.length === 0) return;
    this.#count += events.length;
    if (this.#count > EVENTS_MAX) throw new Error(`${this.reading} has read more events than a run can have`);
    const seen = events.map(seenEvent);
    this.#position = seen.at(-1)?.position ?? this.#position;
    history.pages.push({ reader: this.reading, atMs: history.now(), events: seen, token });
  }
}
