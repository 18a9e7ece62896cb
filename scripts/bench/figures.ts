/** The figures of the bench: each with its target, its measured value, and whether the target is met. */
import { median } from '../lib/statistics.ts';
import type { Bench, Filter } from './bench.ts';
import { MANY } from './plan.ts';
import type { Measured, Transport } from './types.ts';

type Unit = 'ms' | 's' | 'MiB' | 'events/s';

export interface Figure {
  readonly name: string;
  /** The target: the figure must be at least this bound, or under it. */
  readonly bound: number;
  readonly is: 'at least' | 'under';
  readonly unit?: Unit;
  readonly measured: number;
  /** Undefined when there was nothing to measure, such as refusals in an overload without any. */
  readonly reached: boolean | undefined;
  /** The smallest and the largest value of the rounds. */
  readonly range?: readonly [number, number];
}

const REFUSED_WITHIN_MS = 50;
/** The limit for the service's memory in an overload. */
export const MEMORY_MAX_MIB = 1_024;

/** Computes the figures of writes and stock reads from the measured steps. */
export function figuresOf(bench: Bench): Figure[] {
  const loms = { part: 'interleaved', subject: 'loms', transport: 'REST' } as const;
  const spread: Filter = { ...loms, scenario: 'spread' };
  const hot: Filter = { ...loms, scenario: 'hot' };
  const sql = { part: 'interleaved', transport: 'SQL' } as const;
  const transportOnly = { ...loms, subject: 'transportOnly' } as const;
  const overSeed = (scenario: 'spread' | 'hot'): Filter => ({ ...sql, subject: 'seedDesign', scenario });
  const saturated = bench.find(spread);
  const commitsPerOrder = median(saturated.map((step) => step.commits / step.orders));
  return [
    atLeast('create over REST, spread / seed design, spread', 8, ratios(bench, spread, overSeed('spread'))),
    atLeast('create over REST, hot / seed design, hot', 20, ratios(bench, hot, overSeed('hot'))),
    atLeast(
      'create over REST, spread / best single statement per order',
      1.5,
      ratios(bench, spread, { ...sql, subject: 'singleStatement', scenario: 'spread' }),
    ),
    atLeast('hot / spread', 1, ratios(bench, hot, spread)),
    atLeast(
      'create over REST / the same route with no database',
      0.6,
      ratios(bench, spread, { ...transportOnly, scenario: 'spread' }),
    ),
    atLeast(
      'create over gRPC / create over REST, by the same client',
      0.9,
      ratios(bench, { ...spread, transport: 'gRPC' }, { ...spread, part: 'own client' }),
    ),
    atLeast(
      'stock info over REST / the same route with no database',
      0.7,
      ratios(bench, { ...loms, scenario: 'stock' }, { ...transportOnly, scenario: 'stock' }),
    ),
    atLeast('replica slowed by 5 ms / not slowed, at 2,000 in flight', 0.8, delayRatios(bench, 5)),
    atLeast('2,000 in flight / peak', 0.9, ratios(bench, { ...spread, part: 'many' }, spread)),
    ...(['REST', 'gRPC'] as const).flatMap((transport) => overloadFigures(bench, { ...spread, transport })),
    ...(['REST', 'gRPC'] as const).map((transport) =>
      under(
        `one client over ${transport}: median latency minus that of the SQL alone`,
        1.5,
        oneClientDifferences(bench, transport),
        'ms',
      ),
    ),
    under('commits per order at saturation', 0.05, [commitsPerOrder]),
    // A batch takes two round trips: its first statements with BEGIN, its last with COMMIT.
    under('SQL round trips per order at saturation', 0.1, [2 * commitsPerOrder]),
  ];
}

/** @param peak filter of the steps of a transport at its peak, with which its overload is compared. */
function overloadFigures(bench: Bench, peak: Filter & { readonly transport: Transport }): Figure[] {
  const { transport } = peak;
  const over = bench.find({ part: 'overload', transport });
  const peakPerSecond = bench.median(peak);
  return [
    atLeast(
      `overload over ${transport}: goodput / peak`,
      0.9,
      over.map((step) => step.perSecond / peakPerSecond),
    ),
    under(
      `full queue over ${transport}: refusals, 99th percentile`,
      REFUSED_WITHIN_MS,
      bench
        .find({ part: 'full queue', transport })
        .flatMap((step) => (step.refused > 0 ? (step.refusalLatency?.p99 ?? []) : [])),
      'ms',
    ),
    under(
      `overload over ${transport}: memory of the service`,
      MEMORY_MAX_MIB,
      over.flatMap((step) => (step.rssBytes === undefined ? [] : step.rssBytes / 2 ** 20)),
      'MiB',
    ),
  ];
}

export function atLeast(name: string, bound: number, values: readonly number[], unit?: Unit): Figure {
  return figure({ name, bound, is: 'at least', ...(unit ? { unit } : {}) }, values);
}

export function under(name: string, bound: number, values: readonly number[], unit?: Unit): Figure {
  return figure({ name, bound, is: 'under', ...(unit ? { unit } : {}) }, values);
}

function figure(about: Pick<Figure, 'name' | 'bound' | 'is' | 'unit'>, values: readonly number[]): Figure {
  const measured = median(values);
  const suffices = about.is === 'at least' ? measured >= about.bound : measured < about.bound;
  const reached = Number.isNaN(measured) ? undefined : suffices;
  const range = values.length > 1 ? ([Math.min(...values), Math.max(...values)] as const) : undefined;
  return { ...about, measured, reached, ...(range ? { range } : {}) };
}

/** The ratio of two rates in each round. */
export function ratios(bench: Bench, upper: Filter, lower: Filter): number[] {
  return perRound(bench.find(upper), bench.find(lower), (a, b) => a.perSecond / b.perSecond);
}

function perRound(
  upper: readonly Measured[],
  lower: readonly Measured[],
  of: (a: Measured, b: Measured) => number,
): number[] {
  return upper.flatMap((a) => {
    const b = lower.find((step) => step.round === a.round);
    return b === undefined ? [] : [of(a, b)];
  });
}

function delayRatios(bench: Bench, delayMs: number): number[] {
  const steps = bench.find({ part: 'delay', concurrency: MANY });
  const slowedBy = (ms: number) => steps.filter((step) => step.delayMs === ms);
  return perRound(slowedBy(delayMs), slowedBy(0), (a, b) => a.perSecond / b.perSecond);
}

function oneClientDifferences(bench: Bench, transport: 'REST' | 'gRPC'): number[] {
  const part = 'one client';
  return perRound(
    bench.find({ part, subject: 'loms', transport }),
    bench.find({ part, subject: 'sqlAlone' }),
    (a, b) => a.latency.p50 - b.latency.p50,
  );
}

/** Formats a figure's value. */
export function shown(value: number, unit?: Unit): string {
  if (Number.isNaN(value)) return '-';
  const digits = Math.abs(value) < 0.1 ? 4 : Math.abs(value) < 10 ? 2 : 1;
  return `${value.toFixed(digits)}${unit ? ` ${unit}` : ''}`;
}

/** Formats whether the target is met. */
export function verdict(reached: boolean | undefined): string {
  if (reached === undefined) return 'nothing to measure';
  return reached ? 'yes' : '**no**';
}

/** Prints the figures as a table. */
export function printFigures(figures: readonly Figure[]): void {
  process.stdout.write('\n');
  for (const { name, is, bound, unit, measured, reached } of figures) {
    const wanted = `${is} ${bound}${unit ? ` ${unit}` : ''}`;
    const values = `${wanted.padStart(15)} ${shown(measured, unit).padStart(10)}`;
    process.stdout.write(`${name.padEnd(68)} ${values}  ${verdict(reached)}\n`);
  }
}
