/** One step: resets the database, runs a load, and counts and audits its effects. */
import { latencyOf } from '../lib/statistics.ts';
import type { BenchAudit, Counters } from './audit.ts';
import type { Baseline } from './baseline.ts';
import { runOwnClient, runWrk } from './generators.ts';
import { runOwn } from './processes.ts';
import type { Stage } from './stage.ts';
import type {
  Load,
  LoadResult,
  Measured,
  MeasuredReading,
  ReadersLoad,
  ReadingResult,
  Scenario,
  Subject,
  Transport,
} from './types.ts';
import { measureUsage } from './usage.ts';

/** What a step measures. */
export interface Step {
  readonly part: string;
  readonly round: number;
  readonly subject: Subject;
  readonly transport: Transport | 'SQL';
  readonly scenario: Scenario;
  readonly concurrency: number;
  readonly seconds: number;
  readonly rate?: number;
  readonly connections?: number;
  readonly delayMs?: number;
  /** Loads REST with the own client, which also loads gRPC, where the two are compared. */
  readonly ownClient?: boolean;
  /** Keeps the orders of the step before: with them, the positions of the feed go on. */
  readonly keepsOrders?: boolean;
  /** Who reads the feed meanwhile, from now on. */
  readonly readers?: Pick<ReadersLoad, 'readers' | 'probes'>;
}

/** A larger share of requests without an answer fails the bench. */
const FAILED_MAX = 0.01;

/** Scenarios in which a refusal is an expected answer; its order is still written. */
const REFUSING: readonly Scenario[] = ['infeasible', 'soldOut'];

/**
 * Runs a step.
 *
 * @param hasWrk whether wrk can load REST; the own client makes the other loads.
 * @throws when the ledger audit fails after it, an acknowledged order is missing, or requests got no answer.
 */
export async function runStep(stage: Stage, step: Step, hasWrk: boolean): Promise<Measured> {
  const { audit } = stage;
  const usesDatabase = step.subject !== 'transportOnly';
  if (usesDatabase && !step.keepsOrders) await audit.reset();
  const kept = step.keepsOrders ? await audit.run() : 0;
  const before = await audit.counters();
  const reading = await startReaders(stage, step);
  const { result, used } = await loadMeasured(stage, step, hasWrk);
  const endMs = Date.now();
  const read = await reading?.result;
  if (usesDatabase) await audit.settle();
  const after = await audit.counters();
  const orders = usesDatabase ? (await audit.run()) - kept : 0;

  const { seconds: _planned, ownClient: _own, keepsOrders: _keeps, readers: _readers, ...what } = step;
  const { ok, refused, failed, seconds } = result;
  if (refused > FAILED_MAX * ok && step.subject === 'loms' && !REFUSING.includes(step.scenario)) {
    throw new Error(`${refused} requests were refused: ${JSON.stringify(step)}`);
  }
  if (failed > FAILED_MAX * (ok + refused) && step.rate === undefined) {
    throw new Error(`${failed} requests got no answer and ${ok + refused} got one: ${JSON.stringify(step)}`);
  }
  if (writesOrders(step) && orders < ok) {
    throw new Error(
      `${ok} orders were acknowledged but ${orders} are in the database: ${JSON.stringify(step)}`,
    );
  }
  const early = read?.find(({ events }) => events < ok);
  if (early) throw new Error(`readers by ${early.reading} got ${early.events} events of ${ok} orders`);
  const readings = read && (await measureReadings(audit, read, before, endMs));
  return {
    ...what,
    ...result,
    ...used,
    ...(readings ? { readings } : {}),
    perSecond: (REFUSING.includes(step.scenario) ? ok + refused : ok) / seconds,
    orders,
    commits: after.transactions - before.transactions,
    walBytes: after.walBytes - before.walBytes,
  };
}

/**
 * How much longer than a load its readers read: they are there before it begins, and many of them are late
 * at its end.
 */
const READERS_EXTRA_SECONDS = 12;

/** Starts the readers of a step. Returns when all their streams are open. */
async function startReaders(stage: Stage, { readers, seconds }: Step) {
  if (readers === undefined) return undefined;
  const what: ReadersLoad = { ...readers, ports: stage.loms.ports, seconds: seconds + READERS_EXTRA_SECONDS };
  let result: Promise<readonly ReadingResult[]> | undefined;
  await new Promise<void>((resolve, reject) => {
    result = runOwn<readonly ReadingResult[]>('client/readers.ts', what, resolve);
    result.catch(reject);
  });
  return { result };
}

/** Compares what was read with the commits since `before`, and with the end of the load. */
async function measureReadings(
  audit: BenchAudit,
  readings: readonly ReadingResult[],
  before: Counters,
  endMs: number,
): Promise<MeasuredReading[]> {
  const isTimed = readings.some(({ arrivals }) => arrivals !== undefined);
  const commits = isTimed ? await audit.commitsSince(before) : new Map<string, number>();
  return readings.map(({ arrivals, ...reading }) => {
    const behindSeconds = Math.max(0, (reading.lastMs - endMs) / 1_000);
    if (arrivals === undefined) return { ...reading, behindSeconds };
    const times = Object.entries(arrivals).map(([orderId, arrivedMs]) => {
      const committedMs = commits.get(orderId);
      if (committedMs === undefined) throw new Error(`the commit of order ${orderId} was not found`);
      return arrivedMs - committedMs;
    });
    if (times.length === 0) throw new Error(`no order was timed for readers by ${reading.reading}`);
    return { ...reading, behindSeconds, latency: latencyOf(times) };
  });
}

/** Runs the load, and measures what the service and the machine use meanwhile. */
async function loadMeasured(stage: Stage, step: Step, hasWrk: boolean) {
  const start = () => measureUsage(serverOf(stage, step.subject)?.pid);
  let usage = start();
  // The start of the own client is not measured.
  const onBegin = () => {
    usage();
    usage = start();
  };
  try {
    const result = await load(stage, step, hasWrk, onBegin);
    return { result, used: usage() };
  } finally {
    usage();
  }
}

function writesOrders({ subject, scenario }: Step): boolean {
  return subject !== 'transportOnly' && scenario !== 'stock';
}

function serverOf(stage: Stage, subject: Subject) {
  if (subject === 'loms' || subject === 'fullQueue' || subject === 'transportOnly') return stage[subject];
  return undefined;
}

function load(stage: Stage, step: Step, hasWrk: boolean, onBegin: () => void): Promise<LoadResult> {
  const { subject, transport, scenario, concurrency, seconds, rate, connections } = step;
  const server = serverOf(stage, subject);
  if (server === undefined || transport === 'SQL') {
    const baseline = { subject, scenario, url: stage.primaryUrl, clients: concurrency, seconds };
    return runOwn<LoadResult>('baseline.ts', baseline as Baseline, onBegin);
  }
  const port = server.ports[transport];
  const open = { ...(rate ? { rate } : {}), ...(connections ? { connections } : {}) };
  const what: Load = { transport, scenario, port, concurrency, seconds, ...open };
  const wrkCan = transport === 'REST' && scenario !== 'life' && rate === undefined;
  return hasWrk && wrkCan && !step.ownClient ? runWrk(what) : runOwnClient(what, onBegin);
}
