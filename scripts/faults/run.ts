/** One run: a load, a fault in the middle of it, and the judgement on what came of it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { isDecided } from './checks/answers.ts';
import { check } from './checks/check.ts';
import type { Violation } from './checks/evidence.ts';
import { gotNoAnswer } from './checks/stops.ts';
import type { Fault, Scene } from './faults/fault.ts';
import { readFinalStates } from './final-state.ts';
import { type Call, History, isWrite } from './history.ts';
import { type Behaviour, Load, usualBehaviour } from './lives.ts';
import { Random } from './random.ts';
import { checkRecovery, type Moments, type Recovery, recoveryOf } from './recovery.ts';
import { Sampler } from './sampler.ts';
import { type Stage, type StageOptions, setStage } from './stage.ts';
import { stockInTheBeginning } from './stock.ts';

export interface RunOptions extends StageOptions {
  readonly seed: number;
  /** Where history and log of the run are to be kept. */
  readonly folder: string;
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
  /** Answers that nothing was done, for no reason of the order's. */
  readonly refused: number;
  /** Writes whose outcome was unknown at first. */
  readonly unknown: number;
  readonly replayed: number;
  /** Calls whose caller was told nothing at all. */
  readonly lost: number;
  /** How often the service was stopped in order. */
  readonly stops: number;
  readonly recovery: Recovery;
  readonly lateness: Lateness;
  readonly violations: readonly Violation[];
}

/** How long after their deadlines answers came, in milliseconds; below 0 is before. */
export interface Lateness {
  readonly p99: number;
  readonly worst: number;
}

const WARM_UP_MS = 1_000;
const STEADY_MS = 1_200;
/** The fault comes at a random moment within this time. */
const STRIKE_WITHIN_MS = 300;
/** So long the load goes on after the fault at least: what is broken again by what comes back shows then. */
const WATCH_MIN_MS = 1_500;
/** So long it is waited for as much to be done as before, and so long for anything to be done at all. */
const RECOVERY_LIMIT_MS = 6_000;
const LIFE_LIMIT_MS = 12_000;
/** With less than this there was no load that a fault could meet. */
const LOAD_MIN_PER_SECOND = 50;
const LOOK_INTERVAL_MS = 200;
/** What the client's own process and a busy machine may add to the time of an answer. */
const TOLERANCE_MS = 1_000;

/**
 * Runs a fault once.
 *
 * @throws when the stage cannot be set or the fault cannot be done; what the service did wrong is in the result.
 */
export async function runFault(options: RunOptions): Promise<RunResult> {
  const { fault, seed } = options;
  const obstacle = await fault.obstacle?.();
  if (obstacle !== undefined) return skipped(fault, seed, obstacle);
  const beganMs = performance.now();
  const stage = await setStage(options);
  const history = new History();
  try {
    const { scene, moments } = await play(stage, history, options);
    const isPromoted = scene.leader !== scene.primary;
    const states = await readFinalStates(scene.leader.url, isPromoted ? undefined : scene.replica.url);
    const recovery = recoveryOf(history.calls, moments);
    const found = check({
      ...history.told,
      ...states,
      log: stage.services.flatMap((service) => service.log),
      accidents: stage.services.flatMap((service) => service.accidents),
      stock: stockInTheBeginning,
      toleranceMs: TOLERANCE_MS,
      orderly: fault.orderly ?? false,
    });
    const violations = [...found, ...checkRecovery(recovery)];
    if (violations.length === 0) checkRun(fault, history, moments, recovery);
    return {
      ...{ kind: fault.kind, seed, seconds: (performance.now() - beganMs) / 1_000 },
      ...countsOf(history.calls),
      stops: history.stops.length,
      orders: states.final.orders.length,
      recovery,
      violations,
    };
  } finally {
    await stage.clear();
    await keep(options.folder, history, stage);
  }
}

/**
 * A run in which nothing was found must have been able to find something.
 *
 * @throws when it was not.
 */
function checkRun(fault: Fault, { calls, samples }: History, moments: Moments, recovery: Recovery): void {
  if (recovery.beforePerSecond < LOAD_MIN_PER_SECOND) {
    throw new Error(`there was no load before the fault: ${recovery.beforePerSecond}/s`);
  }
  for (const node of ['primary', 'replica']) {
    const isSteady = (atMs: number) => atMs > moments.steadyMs && atMs < moments.struckMs;
    if (samples.some((sample) => sample.node === node && isSteady(sample.atMs))) continue;
    throw new Error(`nobody looked at the books of the ${node} before the fault`);
  }
  if (fault.bit?.(calls) === false) throw new Error('the fault did not strike: no call shows it');
}

/** A result of a run that cannot be made here. */
function skipped({ kind }: Fault, seed: number, why: string): RunResult {
  const recovery = { beforePerSecond: 0, afterPerSecond: 0, tookMs: undefined, alive: true };
  const counts = { ...countsOf([]), stops: 0, orders: 0 };
  return { kind, seed, skipped: why, seconds: 0, ...counts, recovery, violations: [] };
}

/** Has the load run, does the fault, waits for the recovery, and lets everything come to rest. */
async function play(stage: Stage, history: History, options: RunOptions) {
  const { fault, seed, isInterrupted } = options;
  const random = new Random(seed, fault.kind);
  const behaviour: Behaviour = { ...usualBehaviour, ...fault.behaviour };
  const pause = async (ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (isInterrupted()) throw new Error('interrupted');
  };
  const scene: Scene = { ...stage, behaviour, random, history, leader: stage.primary, pause };
  const services = stage.services.map(({ clients }) => clients);
  const sampler = new Sampler(history, { primary: stage.primary.url, replica: stage.replica.url });
  const load = new Load({ seed, behaviour, history, services });
  try {
    await pause(WARM_UP_MS);
    const steadyMs = history.now();
    await pause(STEADY_MS + random.share() * STRIKE_WITHIN_MS);
    const struckMs = history.note(`inject: ${fault.kind}`);
    await fault.strike(scene);
    const eventMs = history.note('heal');
    await fault.heal?.(scene);
    history.note('healed');
    const moments = await waitForRecovery(scene, { steadyMs, struckMs, eventMs });
    history.note('the load is stopped');
    await load.stop();
    history.note('at rest');
    return { scene, moments };
  } finally {
    load.abandon();
    await sampler.stop();
  }
}

async function waitForRecovery(scene: Scene, begun: Omit<Moments, 'untilMs'>): Promise<Moments> {
  const healedMs = scene.history.now();
  await scene.pause(WATCH_MIN_MS);
  for (;;) {
    const moments = { ...begun, untilMs: scene.history.now() };
    const { tookMs, alive } = recoveryOf(scene.history.calls, moments);
    const watchedMs = moments.untilMs - healedMs;
    const isDone = alive && (tookMs !== undefined || watchedMs > RECOVERY_LIMIT_MS);
    if (isDone || watchedMs > LIFE_LIMIT_MS) return moments;
    await scene.pause(LOOK_INTERVAL_MS);
  }
}

function countsOf(calls: readonly Call[]) {
  const count = (isMeant: (call: Call) => boolean) => calls.filter(isMeant).length;
  const late = calls.map((call) => call.endMs - call.startMs - call.deadlineMs).sort((a, b) => a - b);
  return {
    calls: calls.length,
    refused: count((call) => call.outcome === 'refused' && !isDecided(call)),
    unknown: count((call) => call.outcome === 'unknown' && isWrite(call)),
    replayed: count((call) => call.replayed === true),
    lost: count(gotNoAnswer),
    lateness: { p99: late[Math.floor(late.length * 0.99)] ?? 0, worst: late.at(-1) ?? 0 },
  };
}

async function keep(folder: string, history: History, { services }: Stage): Promise<void> {
  if (history.calls.length === 0) return;
  await mkdir(folder, { recursive: true });
  await history.write(`${folder}/history.jsonl.gz`);
  for (const [index, { log }] of services.entries()) {
    await writeFile(`${folder}/service-${index + 1}.log`, log.map((line) => `${line}\n`).join(''));
  }
}
