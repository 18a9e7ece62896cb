/** A reader of events, which goes on by its token after every failure, and now and then by choice. */
import { type EventFields, type Failure, NoAnswer } from '../../../test/support/client.ts';
import type { History } from '../history.ts';
import type { Random } from '../random.ts';
import type { ServicePorts } from '../service.ts';
import { type EventReading, type Reading, seenEvent } from './seen.ts';

/** Pages of events that follow a token, or without one begin with the first event that is kept. */
export type Open = (
  ports: ServicePorts,
  token: string,
  signal: AbortSignal,
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

/** Why a reader goes on with another call. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refused || error instanceof NoAnswer) return error.reason;
  throw error;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
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
  /** Of the call or stream that is open. */
  #opened = new AbortController();
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
    let release = () => {};
    this.#mayRead = new Promise((resolve) => {
      release = resolve;
    });
    return () => {
      history.holds.push({
        ...{ reader: this.reading, fromMs },
        untilMs: history.note(`${this.reading} reads again`),
      });
      release();
    };
  }

  /** It closes its stream and stays away. Returns what ends this. */
  leave(): () => void {
    let comeBack = () => {};
    this.#mayOpen = new Promise((resolve) => {
      comeBack = resolve;
    });
    this.#isAway = true;
    this.#opened.abort();
    return () => {
      this.#isAway = false;
      comeBack();
    };
  }

  stop(): void {
    this.#isStopped = true;
    this.#opened.abort();
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
    this.#opened = new AbortController();
    const { signal } = this.#opened;
    try {
      for await (const { events, token } of this.#open(ports, this.#token, signal)) {
        if (this.#isStopped) return 'STOPPED';
        this.#record(events, token);
        if (this.#isAway || this.#options.random.chance(CHOICE_SHARE)) return 'CHOICE';
        await this.#mayRead;
      }
      return signal.aborted ? 'CHOICE' : 'ENDED';
    } catch (error) {
      return signal.aborted ? 'CHOICE' : reasonOf(error);
    } finally {
      this.#opened.abort();
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
