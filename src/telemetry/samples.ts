/**
 * Samples of what the service does, one a second, kept in memory for an hour: the charts of the console. A
 * sample is a row of numbers, so that an hour of them is one array.
 */

/** What has been measured until now. The names are always the same ones. */
export interface Reading {
  /** Counted since the start. A sample has their rate in a second. */
  readonly totals: Readonly<Record<string, number>>;
  /** Present values; NaN where there is none. */
  readonly gauges: Readonly<Record<string, number>>;
  /** Collected since the start. A sample has mean, median and 99th percentile of what came since the last. */
  readonly distributions: Readonly<Record<string, Distribution>>;
}

/** Values by size. */
export interface Distribution {
  /** The upper bounds of the buckets, ascending. */
  readonly bounds: readonly number[];
  /** How many values each bucket has, not cumulative; the last one is above all bounds. */
  readonly counts: ArrayLike<number>;
  readonly sum: number;
}

/** The most samples that are kept: an hour of them. */
export const SAMPLES_MAX = 3_600;

const statistics = ['mean', 'p50', 'p99'] as const;

/** The names of the numbers in a sample, in their order. */
export function columnsOf({ totals, gauges, distributions }: Reading): string[] {
  const ofDistributions = Object.keys(distributions).flatMap((name) =>
    statistics.map((statistic) => `${name}.${statistic}`),
  );
  return [...Object.keys(totals), ...Object.keys(gauges), ...ofDistributions];
}

/**
 * Makes a sample of two readings.
 *
 * @returns a number for each of `columnsOf`; NaN for the statistics of no value.
 */
export function sampleOf(before: Reading, after: Reading, elapsedMs: number): number[] {
  const rates = Object.entries(after.totals).map(
    ([name, total]) => ((total - (before.totals[name] ?? 0)) * 1_000) / elapsedMs,
  );
  const values = Object.entries(after.distributions).flatMap(([name, distribution]) =>
    statisticsOf(before.distributions[name], distribution),
  );
  return [...rates, ...Object.values(after.gauges), ...values];
}

/** The statistics of the values that a distribution got since `before`. */
function statisticsOf(before: Distribution | undefined, after: Distribution): number[] {
  const counts = Array.from(after.counts, (count, bucket) => count - (before?.counts[bucket] ?? 0));
  const count = counts.reduce((sum, each) => sum + each, 0);
  if (count === 0) return statistics.map(() => Number.NaN);
  const mean = (after.sum - (before?.sum ?? 0)) / count;
  return [mean, quantileOf(after.bounds, counts, 0.5), quantileOf(after.bounds, counts, 0.99)];
}

/** Values count as evenly spread in their bucket; those above all bounds as the last bound. */
function quantileOf(bounds: readonly number[], counts: readonly number[], quantile: number): number {
  let left = quantile * counts.reduce((sum, each) => sum + each, 0);
  for (const [bucket, upper] of bounds.entries()) {
    const count = counts[bucket] ?? 0;
    const lower = bounds[bucket - 1] ?? 0;
    if (count > 0 && left <= count) return lower + ((upper - lower) * left) / count;
    left -= count;
  }
  return bounds.at(-1) ?? Number.NaN;
}

/** The latest samples, each with the number that counts it since the start. */
export class Samples {
  readonly columns: readonly string[];
  readonly #values: Float32Array;
  readonly #timesMs = new Float64Array(SAMPLES_MAX);
  readonly #waiting = new Set<() => void>();
  #end = 0;
  #isStopped = false;

  constructor(columns: readonly string[]) {
    this.columns = columns;
    this.#values = new Float32Array(SAMPLES_MAX * columns.length);
  }

  /** The number of the next sample. */
  get end(): number {
    return this.#end;
  }

  /** The number of the oldest sample that is kept. */
  get begin(): number {
    return Math.max(0, this.#end - SAMPLES_MAX);
  }

  /** Adds a sample, in place of the oldest one if there are too many. `timeMs` is since the epoch. */
  add(timeMs: number, values: readonly number[]): void {
    const slot = this.#end % SAMPLES_MAX;
    this.#timesMs[slot] = timeMs;
    this.#values.set(values, slot * this.columns.length);
    this.#end++;
    this.wake();
  }

  /**
   * Prints samples as an array of arrays, oldest first: the time in milliseconds since the epoch, then the
   * values in the order of the columns, null where there is none.
   *
   * @param from a number from `begin` on.
   */
  print(from: number, to: number): string {
    const rows: string[] = [];
    for (let number = from; number < to; number++) rows.push(this.#printRow(number % SAMPLES_MAX));
    return `[${rows.join(',')}]`;
  }

  /** Resolves when there is a sample from this number on, or at the next `wake`. */
  async waitFor(number: number): Promise<void> {
    if (number < this.#end || this.#isStopped) return;
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** From now on nobody waits. */
  stop(): void {
    this.#isStopped = true;
    this.wake();
  }

  /** Ends the waiting of all, who then look for themselves. */
  wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #printRow(slot: number): string {
    const width = this.columns.length;
    let row = `[${Math.round(this.#timesMs[slot] ?? 0)}`;
    for (let column = 0; column < width; column++) {
      row += `,${printNumber(this.#values[slot * width + column] ?? Number.NaN)}`;
    }
    return `${row}]`;
  }
}

/** Whole, or with four significant digits, which is more than a chart shows. */
function printNumber(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
