/** The part of the event feed: its steps and its figures. */
import type { Bench } from './bench.ts';
import { atLeast, type Figure, MEMORY_MAX_MIB, ratios, under } from './figures.ts';
import type { PartContext } from './parts.ts';
import { OPEN_LOOP_MAX } from './plan.ts';
import type { Step } from './step.ts';
import type { Reading } from './types.ts';

const PARTS = {
  without: 'no readers',
  many: 'readers',
  latency: 'latency',
  beginning: 'from the beginning',
  stopped: 'stopped readers',
} as const;

const creates = { subject: 'loms', transport: 'REST', scenario: 'spread' } as const;

/** Requests in flight of the rates of creates: enough for the peak. */
const CONCURRENCY = 512;

const MANY_READERS = { SSE: 100, gRPC: 100 };

const LATENCY_OF_PEAK = 0.8;
const PROBES_PER_SECOND = 200;

/** Warms up what the feed needs, from an empty database: positions then go on until the end of the part. */
export async function warmUpFeed({ plan, measure }: PartContext): Promise<void> {
  const common = { ...creates, part: 'warm-up', round: 0, seconds: plan.warmUpSeconds };
  await measure({ ...common, concurrency: CONCURRENCY });
}

/** Measures what creates lose to many readers that read all of it. Every other round runs backwards. */
export async function manyReaders({ plan, measure }: PartContext): Promise<void> {
  const common = { ...creates, concurrency: CONCURRENCY, seconds: plan.stepSeconds, keepsOrders: true };
  const steps: Omit<Step, 'round'>[] = [
    { ...common, part: PARTS.without },
    { ...common, part: PARTS.many, readers: { readers: MANY_READERS } },
  ];
  for (let round = 0; round < plan.feed.rounds; round++) {
    for (const step of round % 2 === 0 ? steps : steps.toReversed()) await measure({ ...step, round });
  }
}

/** Measures how long an event takes to a reader of each transport, below the peak rate of creates. */
export async function feedLatency({ bench, measure }: PartContext): Promise<void> {
  await measure(latencyStep(bench, PARTS.latency));
}

function latencyStep(bench: Bench, part: string): Step {
  return {
    ...{ ...creates, part, round: 0, keepsOrders: true, concurrency: OPEN_LOOP_MAX.REST },
    seconds: bench.plan.feed.latencySeconds,
    rate: Math.round(bench.median({ part: PARTS.without }) * LATENCY_OF_PEAK),
    readers: { readers: { SSE: 1, gRPC: 1 }, probesPerSecond: PROBES_PER_SECOND },
  };
}

/** Measures one reader from the beginning of a long feed, by each way to read. */
export async function fromBeginning({ bench, plan }: PartContext): Promise<void> {
  const { events, readSeconds: seconds } = plan.feed;
  const eventsMax = await bench.stage.audit.fillFeed(events);
  for (const reading of ['gRPC', 'SSE', 'list'] as const) {
    await bench.read(PARTS.beginning, reading, { eventsMax, seconds });
  }
}

/** Lets readers of that feed stop, and measures the latency of others again. */
export async function stoppedReaders({ bench, plan, measure }: PartContext): Promise<void> {
  const { stopSeconds } = plan.feed;
  if (stopSeconds.length === 0) return;
  await Promise.all([bench.stop(stopSeconds), measure(latencyStep(bench, PARTS.stopped))]);
}

/** What one reader should read at least, in events a second. */
const RATES: readonly (readonly [Reading, number])[] = [
  ['gRPC', 50_000],
  ['SSE', 30_000],
  ['list', 30_000],
];

const ARRIVES_WITHIN_MS = 100;
const ENDED_WITHIN_SECONDS = 60;

/** Computes the figures of the feed. */
export function feedFiguresOf(bench: Bench): Figure[] {
  const find = (part: string, reading: Reading) =>
    bench.readings.filter((each) => each.part === part && each.reading === reading);
  const latencies = (part: string, reading: Reading) =>
    find(part, reading).flatMap(({ latency }) => latency?.p99 ?? []);
  const many = bench.find({ part: PARTS.many });
  return [
    ...RATES.map(([reading, bound]) => {
      const rates = find(PARTS.beginning, reading).map(({ events, seconds }) => events / seconds);
      return atLeast(`one reader from the beginning by ${reading}`, bound, rates, 'events/s');
    }),
    ...(['SSE', 'gRPC'] as const).map((reading) =>
      under(
        `reply to reader by ${reading} at 0.8 of the peak, 99th percentile`,
        ARRIVES_WITHIN_MS,
        latencies(PARTS.latency, reading),
        'ms',
      ),
    ),
    atLeast(
      'creates with 100 readers by SSE and 100 by gRPC / with none',
      0.9,
      ratios(bench, { part: PARTS.many }, { part: PARTS.without }),
    ),
    under(
      'memory of the service with these readers',
      MEMORY_MAX_MIB,
      many.flatMap(({ rssBytes }) => (rssBytes === undefined ? [] : rssBytes / 2 ** 20)),
      'MiB',
    ),
    ...(['SSE', 'gRPC'] as const).map((reading) =>
      under(
        `reply to reader by ${reading} beside readers that stopped, 99th percentile`,
        ARRIVES_WITHIN_MS,
        latencies(PARTS.stopped, reading),
        'ms',
      ),
    ),
    under('a reader that stops is ended within', ENDED_WITHIN_SECONDS, endsSeconds(bench), 's'),
  ];
}

/** For each transport the shortest stop in which the stream was ended; infinite where none was. */
function endsSeconds({ stops }: Bench): number[] {
  return [...new Set(stops.map(({ transport }) => transport))].map((of) => {
    const ended = stops.filter(({ transport, isEnded }) => transport === of && isEnded);
    return Math.min(...ended.map(({ stopSeconds }) => stopSeconds));
  });
}
