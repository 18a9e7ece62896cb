/**
 * The tail of the event feed: the latest events, newest first. A paused tail does not read: its connection is
 * closed, and the next one begins behind the last event that was read.
 */
import type { ApiError } from './api-error.ts';
import { problemOf } from './load.ts';
import { openServerEvents, type ServerEvent } from './server-events.ts';
import { Store } from './store.ts';

/** How many events are kept. */
export const TAIL_MAX = 200;

/** How often the page is drawn again, however many events come. */
const DRAW_MS = 500;

const RECONNECT_MS = 1_000;

/** A sign of life comes every 15 seconds, and one of them may be lost. */
const SILENCE_MS = 30_000;

export interface TailState {
  /** Newest first, as JSON: only what is shown is parsed. */
  readonly events: readonly ServerEvent[];
  /** How many came since the tail was opened. */
  readonly count: number;
  readonly isPaused: boolean;
  readonly problem: ApiError | undefined;
}

export class EventTail {
  readonly state = new Store<TailState>({ events: [], count: 0, isPaused: false, problem: undefined });
  readonly #types: readonly string[];
  #token = '';
  #reading: AbortController | undefined;
  #fresh: ServerEvent[] = [];
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param types of the events; none for all. */
  constructor(types: readonly string[]) {
    this.#types = types;
  }

  /** Reads on behind what was read. */
  resume(): void {
    if (this.#reading !== undefined) return;
    this.#reading = new AbortController();
    this.#change({ isPaused: false });
    void this.#follow(this.#reading.signal);
  }

  /** From now on nothing is read, or waits to be. */
  pause(): void {
    this.#reading?.abort();
    this.#reading = undefined;
    this.#draw();
    this.#change({ isPaused: true });
  }

  #change(changed: Partial<TailState>): void {
    this.state.set({ ...this.state.value, ...changed });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#read(signal);
      } catch (error) {
        if (signal.aborted) return;
        const problem = problemOf(error);
        this.#change({ problem });
        // Events behind the token are gone: the tail goes on with the next one.
        if (problem.reason === 'CURSOR_EXPIRED') this.#token = '';
        if (problem.status === 401 || problem.status === 403) return;
      }
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const query = { type: this.#types, page_token: this.#token };
    const request = { query, signal, silenceMs: SILENCE_MS };
    for await (const event of openServerEvents('/event/stream', request)) {
      if (signal.aborted) return;
      if (this.state.value.problem !== undefined) this.#change({ problem: undefined });
      if (event.id !== '') this.#token = event.id;
      if (event.data !== '') this.#add(event);
    }
  }

  #add(event: ServerEvent): void {
    this.#count++;
    this.#fresh.push(event);
    if (this.#fresh.length > TAIL_MAX) this.#fresh.shift();
    this.#timer ??= setTimeout(() => this.#draw(), DRAW_MS);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = [...this.#fresh.reverse(), ...this.state.value.events].slice(0, TAIL_MAX);
    this.#fresh = [];
    this.#change({ events, count: this.#count });
  }
}
