/** The samples of the service, one a second: read from its stream and kept for an hour. */
import type { ApiError } from './api-error.ts';
import { problemOf } from './load.ts';
import { openServerEvents } from './server-events.ts';
import { session, token } from './session.ts';
import { Store } from './store.ts';

const SAMPLES_MAX = 3_600;
/** How far the arrays grow before the oldest samples are removed at once. */
const SLACK = 300;

const RECONNECT_MS = 1_000;

/** A sample comes every second: after this time without any, the latest one is not the present state. */
const SILENCE_MS = 5_000;

type Value = number | null;

export class SampleHistory {
  readonly columns: readonly string[];
  /** In seconds since the epoch, as uPlot takes them. */
  readonly times: number[] = [];
  readonly #values: Value[][];
  readonly #index: ReadonlyMap<string, number>;

  constructor(columns: readonly string[]) {
    this.columns = columns;
    this.#values = columns.map(() => []);
    this.#index = new Map(columns.map((name, index) => [name, index]));
  }

  /** Adds samples: the time in milliseconds, then a value for each column. */
  add(rows: readonly (readonly Value[])[]): void {
    for (const [timeMs, ...values] of rows) {
      this.times.push((timeMs ?? 0) / 1_000);
      for (const [index, column] of this.#values.entries()) column.push(values[index] ?? null);
    }
    const excess = this.times.length - SAMPLES_MAX;
    if (excess < SLACK) return;
    for (const column of [this.times, ...this.#values]) column.splice(0, excess);
  }

  /** The values of a column, as many as there are times. */
  values(name: string): readonly Value[] {
    return this.#values[this.#index.get(name) ?? -1] ?? [];
  }

  /** The latest value of a column; undefined where there is none. */
  latest(name: string): number | undefined {
    return this.values(name).at(-1) ?? undefined;
  }
}

/** Each change is a new object, around the same history. */
export const samples = new Store<{ readonly history: SampleHistory }>({ history: new SampleHistory([]) });

let aheadMs = 0;

/** The time of the service's clock, by its latest sample. */
export function serviceNowMs(): number {
  return Date.now() + aheadMs;
}

/** Reads the samples for as long as the page lives. */
export async function followSamples(): Promise<never> {
  for (;;) {
    const controller = new AbortController();
    const unsubscribe = token.subscribe(() => controller.abort());
    try {
      await readSamples(controller.signal);
      lose(undefined);
    } catch (error) {
      if (!controller.signal.aborted) lose(problemOf(error));
    }
    unsubscribe();
    if (session.value.state === 'refused') await change();
    else if (!controller.signal.aborted) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

function lose(problem: ApiError | undefined): void {
  const isRefused = problem?.status === 401 || problem?.status === 403;
  session.set({ ...session.value, state: isRefused ? 'refused' : 'lost', problem });
}

function change(): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = token.subscribe(() => {
      unsubscribe();
      resolve();
    });
  });
}

async function readSamples(signal: AbortSignal): Promise<void> {
  let history = samples.value.history;
  for await (const { name, data } of openServerEvents('/console/samples', {
    signal,
    silenceMs: SILENCE_MS,
  })) {
    if (data === '') continue;
    const value = JSON.parse(data);
    if (name === 'head') {
      history = new SampleHistory(value.columns);
      const { caller, scopes, version } = value;
      session.set({ state: 'admitted', caller, scopes, version });
    } else {
      history.add(value);
      // A new sample comes alone. Those that are kept come many at once, and may be an hour old.
      if (value.length === 1) aheadMs = (history.times.at(-1) ?? 0) * 1_000 - Date.now();
      samples.set({ history });
    }
  }
}

export interface NodeSample {
  /** Host and port. */
  readonly name: string;
  readonly isUp: boolean;
  readonly isPrimary: boolean;
}

/** The nodes of the database, by their columns in the latest sample. */
export function nodesOf(history: SampleHistory): NodeSample[] {
  const names = history.columns.flatMap((column) => /^node\.(.*)\.up$/.exec(column)?.[1] ?? []);
  return names.map((name) => ({
    name,
    isUp: history.latest(`node.${name}.up`) === 1,
    isPrimary: history.latest(`node.${name}.primary`) === 1,
  }));
}
