/** The part of the event feed: its steps and its figures. */
import type { Bench } from './bench.ts';
import { atLeast, type Figure, MEMORY_MAX_MIB, ratios, under } from './figures.ts';
import type { PartContext } from './parts.ts';
import type { Step } from './step.ts';
import type { Measured, Reading } from './types.ts';

const PARTS = {
  without: 'no readers',
  many: 'readers',
  peak: 'peak',
  latency: 'latency',
  beginning: 'from the beginning',
  stopped: 'stopped readers',
} as const;

const creates = { subject: 'loms', transport: 'REST', scenario: 'spread' } as const;

/** Requests in flight of the rates of creates: enough for the peak. */
const CONCURRENCY = 512;

const MANY_READERS = { SSE: 100, gRPC: 100 };

const LATENCY_OF_PEAK = 0.8;
const LATENCY_CONCURRENCIES = [128, 144, 160, 192, 256] as const;
const PROBES_PER_SECOND = 200;
/** How much earlier than the load they end. */
const PROBES_EARLIER_SECONDS = 2;

/** When they have stopped and the sockets are full. */
const STOPPED_AFTER_MS = 5_000;

/** Warms up what the feed needs, from an empty database: positions then go on until the end of the part. */
export async function warmUpFeed({ plan, measure }: PartContext): Promise<void> {
  const common = { ...creates, part: 'warm-up', round: 0, seconds: plan.warmUpSeconds };
  await measure({ ...common, concurrency: CONCURRENCY });
  const readers = { readers: MANY_READERS };
  await measure({ ...common, concurrency: CONCURRENCY, keepsOrders: true, readers });
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

/**
 * Measures how long an event takes to a reader of each transport, with fewer requests in flight than at the
 * peak: as many as it takes to come near it. The peak is measured before and after each step, as long as it
 * and with the same readers: they share the machine, which may also have become faster or slower since the
 * parts before.
 */
export async function feedLatency({ bench }: PartContext): Promise<void> {
  const measurePeak = () => bench.measure(latencyStep(bench, PARTS.peak, CONCURRENCY));
  await measurePeak();
  for (const concurrency of LATENCY_CONCURRENCIES) {
    await bench.measure(latencyStep(bench, PARTS.latency, concurrency));
    await measurePeak();
    if (shareOfPeak(bench) >= LATENCY_OF_PEAK) break;
  }
}

/** The rate of the last step with timed events, in parts of the peak before and after it. */
function shareOfPeak(bench: Bench): number {
  const peaks = bench.find({ part: PARTS.peak }).slice(-2).map(rateOf);
  const last = bench.find({ part: PARTS.latency }).at(-1);
  if (last === undefined) return 0;
  return (rateOf(last) * peaks.length) / peaks.reduce((sum, each) => sum + each, 0);
}

function latencyStep({ plan }: Bench, part: string, concurrency: number): Step {
  const seconds = plan.feed.latencySeconds;
  return {
    ...{ ...creates, part, round: 0, keepsOrders: true, concurrency, seconds },
    readers: {
      readers: { SSE: 1, gRPC: 1 },
      // Those whose event is timed.
      probes: { perSecond: PROBES_PER_SECOND, seconds: seconds - PROBES_EARLIER_SECONDS },
    },
  };
}

/** The creates a second of a step with timed ones. */
function rateOf({ perSecond }: Measured): number {
  return perSecond + PROBES_PER_SECOND;
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
  const [concurrency = CONCURRENCY] = bench
    .find({ part: PARTS.latency })
    .map((step) => step.concurrency)
    .slice(-1);
  const load = async () => {
    await new Promise((resolve) => setTimeout(resolve, STOPPED_AFTER_MS));
    await measure(latencyStep(bench, PARTS.stopped, concurrency));
  };
  await Promise.all([bench.stop(stopSeconds), load()]);
}

/** What one reader should read at least, in events a second. */
const RATES: readonly (readonly [Reading, number])[] = [
  ['gRPC', 50_000],
  ['SSE', 30_000],
  ['list', 30_000],
];

const ARRIVES_WITHIN_MS = 100;
const AT_END_SECONDS = 10;
const ENDED_WITHIN_SECONDS = 60;

/** Computes the figures of the feed. */
export function feedFiguresOf(bench: Bench): Figure[] {
  const find = (part: string, reading: Reading) =>
    bench.readings.filter((each) => each.part === part && each.reading === reading);
  // The last concurrency that was tried is that with the rate.
  const latencies = (part: string, reading: Reading) =>
    find(part, reading)
      .flatMap(({ latency }) => latency?.p99 ?? [])
      .slice(-1);
  const many = bench.find({ part: PARTS.many });
  const behind = many.flatMap(({ readings = [] }) => readings.map(({ behindSeconds = 0 }) => behindSeconds));
  return [
    ...RATES.map(([reading, bound]) => {
      const rates = find(PARTS.beginning, reading).map(({ events, seconds }) => events / seconds);
      return atLeast(`one reader from the beginning by ${reading}`, bound, rates, 'events/s');
    }),
    atLeast(
      'creates while the time from commit to reader is measured / peak with the same readers',
      LATENCY_OF_PEAK,
      [shareOfPeak(bench)],
    ),
    ...(['SSE', 'gRPC'] as const).map((reading) =>
      under(
        `commit to reader by ${reading} at 0.8 of the peak, 99th percentile`,
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
    under('these readers are at the end of the feed, after the load', AT_END_SECONDS, behind, 's'),
    ...(['SSE', 'gRPC'] as const).map((reading) =>
      under(
        `commit to reader by ${reading} beside readers that stopped, 99th percentile`,
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
