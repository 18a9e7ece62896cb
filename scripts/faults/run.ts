/** One run: a workload, a fault in the middle of it, and the check of its history and final state. */
import { mkdir, writeFile } from 'node:fs/promises';
import { type Latency, latencyOf } from '../lib/statistics.ts';
import { isDecided } from './checks/answers.ts';
import { check } from './checks/check.ts';
import type { Violation } from './checks/evidence.ts';
import { openAtEnd } from './checks/floods.ts';
import { gotNoAnswer } from './checks/stops.ts';
import { CoreWaits } from './core-waits.ts';
import { type Fault, type FaultContext, firstService } from './faults/fault.ts';
import { type FeedFigures, feedFigures } from './feed/figures.ts';
import { Readers } from './feed/readers.ts';
import { eventReadings } from './feed/seen.ts';
import { readFinalStates } from './final-state.ts';
import { type Call, type Flood, History, isWrite } from './history.ts';
import { Prober } from './prober.ts';
import { Random } from './random.ts';
import { checkRecovery, type Moments, type Recovery, recoveryOf } from './recovery.ts';
import { Sampler } from './sampler.ts';
import { type Stage, type StageOptions, setStage } from './stage.ts';
import { initialStock } from './stock.ts';
import { type Behaviour, normalBehaviour, Workload } from './workload.ts';

export interface RunOptions extends StageOptions {
  readonly seed: number;
  /** The folder for the run's history and logs. */
  readonly folder: string;
  /** What the clients' process and a busy machine may add to a time, in milliseconds. */
  readonly toleranceMs: number;
  readonly isInterrupted: () => boolean;
}

export interface RunResult {
  readonly kind: string;
  readonly seed: number;
  /** Why it was not run. */
  readonly skipped?: string;
  readonly seconds: number;
  readonly calls: number;
  readonly orders: number;
  /** Calls refused for another reason than the order itself: nothing was done. */
  readonly refused: number;
  /** Writes whose outcome was unknown at first. */
  readonly unknown: number;
  readonly replayed: number;
  /** Calls without any answer. */
  readonly lost: number;
  /** How often the service was stopped gracefully. */
  readonly stops: number;
  readonly recovery: Recovery;
  readonly lateness: Lateness;
  /** The times of all answers of the probe port. */
  readonly probes: Latency & { readonly count: number };
  /** From the end of a flood to the answer of the last request that was waiting then. */
  readonly afterFloodMs: number;
  readonly feed: FeedFigures;
  readonly violations: readonly Violation[];
}

/** How long after their deadlines answers came, in milliseconds; negative is before. */
export interface Lateness {
  readonly p99: number;
  readonly worst: number;
}

const WARM_UP_MS = 1_000;
const STEADY_MS = 1_200;
/** The fault is injected at a random moment within this time. */
const INJECT_WITHIN_MS = 300;
/** How long the workload runs on after the fault at least, to see what a recovery breaks again. */
const WATCH_MIN_MS = 1_500;
/** How long to wait for the rate of before, and for any successful write. */
const RECOVERY_LIMIT_MS = 6_000;
const ALIVE_LIMIT_MS = 12_000;
/** With less than this there was no workload for a fault to affect. */
const LOAD_MIN_PER_SECOND = 20;
const LOOK_INTERVAL_MS = 200;

/**
 * Runs a fault once.
 *
 * @throws when the stage cannot be set or the fault cannot be injected; violations are in the result.
 */
export async function runFault(options: RunOptions): Promise<RunResult> {
  const { fault, seed } = options;
  const obstacle = await fault.obstacle?.();
  if (obstacle !== undefined) return skipped(fault, seed, obstacle);
  const startMs = performance.now();
  const stage = await setStage(options);
  const history = new History();
  try {
    const { context, moments } = await runWithFault(stage, history, options);
    const isPromoted = context.leader !== context.primary;
    const states = await readFinalStates(context.leader.url, isPromoted ? undefined : context.replica.url);
    const recovery = recoveryOf(history.calls, moments);
    const found = check({
      ...history.recorded,
      ...states,
      log: stage.services.flatMap((service) => service.log),
      unexpectedExits: stage.services.flatMap((service) => service.unexpectedExits),
      stock: initialStock,
      toleranceMs: options.toleranceMs,
      graceful: fault.graceful ?? false,
    });
    const violations = [...found, ...checkRecovery(recovery)];
    if (violations.length === 0) requireEffect(fault, history, moments, recovery);
    return {
      ...{ kind: fault.kind, seed, seconds: (performance.now() - startMs) / 1_000 },
      ...countsOf(history),
      orders: states.final.orders.length,
      recovery,
      feed: feedFigures(history, moments.healMs),
      violations,
    };
  } finally {
    await stage.clear();
    await keepRecords(options.folder, history, stage);
  }
}

/** @throws when a run without violations could not have found any. */
function requireEffect(fault: Fault, history: History, moments: Moments, recovery: Recovery): void {
  const { calls, samples, probes, pages } = history;
  if (recovery.beforePerSecond < LOAD_MIN_PER_SECOND) {
    throw new Error(`there was no workload before the fault: ${recovery.beforePerSecond}/s`);
  }
  for (const node of ['primary', 'replica']) {
    const isSteady = (atMs: number) => atMs > moments.steadyMs && atMs < moments.injectedMs;
    if (samples.some((sample) => sample.node === node && isSteady(sample.atMs))) continue;
    throw new Error(`the ledger of the ${node} was not audited before the fault`);
  }
  for (const operation of ['adjustStock', 'countStock']) {
    if (calls.some((call) => call.operation === operation && call.outcome === 'ok')) continue;
    throw new Error(`no ${operation} was acknowledged`);
  }
  if (fault.probed && probes.length === 0) throw new Error('the service was not probed');
  for (const reader of eventReadings) {
    if (!pages.some((page) => page.reader === reader)) throw new Error(`no event was received by ${reader}`);
  }
  if (fault.hadEffect?.(calls, history) === false)
    throw new Error('the fault had no effect: nothing shows it');
}

/** The result of a run that cannot be made here. */
function skipped({ kind }: Fault, seed: number, why: string): RunResult {
  const recovery = { beforePerSecond: 0, afterPerSecond: 0, tookMs: undefined, alive: true };
  const counts = { ...countsOf(new History()), orders: 0 };
  const feed = feedFigures(new History(), 0);
  return { kind, seed, skipped: why, seconds: 0, ...counts, recovery, feed, violations: [] };
}

/** Runs the workload, injects the fault, waits for the recovery, and stops the workload. */
async function runWithFault(stage: Stage, history: History, options: RunOptions) {
  const { fault, seed, isInterrupted } = options;
  const random = new Random(seed, fault.kind);
  const behaviour: Behaviour = { ...normalBehaviour, ...fault.behaviour };
  const pause = async (ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (isInterrupted()) throw new Error('interrupted');
  };
  const ports = stage.services.map((service) => service.ports);
  const readers = new Readers({ seed, history, services: ports });
  const context: FaultContext = {
    ...{ ...stage, behaviour, readers, random, history },
    ...{ leader: stage.primary, pause },
  };
  const services = stage.services.map(({ clients }) => clients);
  const coreWaits = new CoreWaits(history, () => stage.services.flatMap(({ pid }) => pid ?? []));
  const sampler = new Sampler(history, { primary: stage.primary.url, replica: stage.replica.url });
  const workload = new Workload({ seed, behaviour, history, services });
  const prober = fault.probed ? new Prober(history, firstService(context).ports.probe) : undefined;
  try {
    await pause(WARM_UP_MS);
    const steadyMs = history.now();
    await pause(STEADY_MS + random.share() * INJECT_WITHIN_MS);
    const injectedMs = history.note(`inject: ${fault.kind}`);
    await fault.inject(context);
    const healMs = history.note('heal');
    await fault.heal?.(context);
    history.note('healed');
    const moments = await waitForRecovery(context, { steadyMs, injectedMs, healMs });
    history.note('stopping the workload');
    await workload.stop();
    history.note('workload stopped');
    await readers.finish(context.leader.url);
    history.note('the feed is read to its end');
    return { context, moments };
  } finally {
    workload.abandon();
    readers.stop();
    coreWaits.stop();
    await sampler.stop();
    await prober?.stop();
  }
}

async function waitForRecovery(context: FaultContext, before: Omit<Moments, 'untilMs'>): Promise<Moments> {
  const healedMs = context.history.now();
  await context.pause(WATCH_MIN_MS);
  for (;;) {
    const moments = { ...before, untilMs: context.history.now() };
    const { tookMs, alive } = recoveryOf(context.history.calls, moments);
    const watchedMs = moments.untilMs - healedMs;
    const isDone = alive && (tookMs !== undefined || watchedMs > RECOVERY_LIMIT_MS);
    if (isDone || watchedMs > ALIVE_LIMIT_MS) return moments;
    await context.pause(LOOK_INTERVAL_MS);
  }
}

function countsOf({ calls, stops, probes, floods }: History) {
  const count = (isMeant: (call: Call) => boolean) => calls.filter(isMeant).length;
  const late = calls.map((call) => call.endMs - call.startMs - call.deadlineMs).sort((a, b) => a - b);
  return {
    calls: calls.length,
    refused: count((call) => call.outcome === 'refused' && !isDecided(call)),
    unknown: count((call) => call.outcome === 'unknown' && isWrite(call)),
    replayed: count((call) => call.replayed === true),
    lost: count(gotNoAnswer),
    stops: stops.length,
    probes: { count: probes.length, ...latencyOf(probes.map(({ tookMs }) => tookMs)) },
    afterFloodMs: Math.max(0, ...floods.map((flood) => waitedAfter(calls, flood))),
    lateness: { p99: late[Math.floor(late.length * 0.99)] ?? 0, worst: late.at(-1) ?? 0 },
  };
}

/** How long after a flood the last request that was waiting at its end got its answer. */
function waitedAfter(calls: readonly Call[], flood: Flood): number {
  return Math.max(0, ...openAtEnd(calls, flood).map(({ endMs }) => endMs - flood.untilMs));
}

async function keepRecords(folder: string, history: History, { services }: Stage): Promise<void> {
  if (history.calls.length === 0) return;
  await mkdir(folder, { recursive: true });
  await history.write(`${folder}/history.jsonl.gz`);
  for (const [index, { log }] of services.entries()) {
    await writeFile(`${folder}/service-${index + 1}.log`, log.map((line) => `${line}\n`).join(''));
  }
}
