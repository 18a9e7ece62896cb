/** One run: a load, a fault in the middle of it, and the judgement on what came of it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { isDecided } from './checks/answers.ts';
import { check } from './checks/check.ts';
import type { Violation } from './checks/evidence.ts';
import type { Fault, Scene } from './faults/fault.ts';
import { readFinalState } from './final-state.ts';
import { type Call, History } from './history.ts';
import { type Behaviour, Load, usualBehaviour } from './lives.ts';
import { Random } from './random.ts';
import { type Moments, type Recovery, recoveryOf } from './recovery.ts';
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
  readonly recovery: Recovery;
  /** The longest that an answer came after its deadline, in milliseconds; at most 0 when none did. */
  readonly latestMs: number;
  readonly violations: readonly Violation[];
}

const WARM_UP_MS = 1_200;
const STEADY_MS = 1_200;
/** The fault comes at a random moment within this time. */
const STRIKE_WITHIN_MS = 300;
const RECOVERY_LIMIT_MS = 8_000;
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
  const obstacle = fault.obstacle?.();
  if (obstacle !== undefined) return skipped(fault, seed, obstacle);
  const beganMs = performance.now();
  const stage = await setStage(options);
  const history = new History();
  try {
    const { scene, moments } = await play(stage, history, options);
    const final = await readFinalState(scene.leader.url);
    const violations = check({
      calls: history.calls,
      samples: history.samples,
      final,
      log: stage.services.flatMap((service) => service.log),
      stock: stockInTheBeginning,
      toleranceMs: TOLERANCE_MS,
      beganAtMs: history.beganAtMs,
      orderly: fault.orderly ?? false,
    });
    return {
      ...{ kind: fault.kind, seed, seconds: (performance.now() - beganMs) / 1_000 },
      ...countsOf(history.calls),
      orders: final.orders.length,
      recovery: recoveryOf(history.calls, moments),
      violations,
    };
  } finally {
    await stage.clear();
    await keep(options.folder, history, stage);
  }
}

/** A result of a run that cannot be made here. */
function skipped({ kind }: Fault, seed: number, why: string): RunResult {
  const recovery = { beforePerSecond: 0, tookMs: undefined };
  return { kind, seed, skipped: why, seconds: 0, ...countsOf([]), orders: 0, recovery, violations: [] };
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
    const struckMs = history.note(`strike: ${fault.kind}`);
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
  const limitMs = scene.history.now() + RECOVERY_LIMIT_MS;
  for (;;) {
    await scene.pause(LOOK_INTERVAL_MS);
    const moments = { ...begun, untilMs: scene.history.now() };
    const { tookMs } = recoveryOf(scene.history.calls, moments);
    if (tookMs !== undefined || moments.untilMs > limitMs) return moments;
  }
}

function countsOf(calls: readonly Call[]) {
  const count = (isMeant: (call: Call) => boolean) => calls.filter(isMeant).length;
  return {
    calls: calls.length,
    refused: count((call) => call.outcome === 'refused' && !isDecided(call)),
    unknown: count((call) => call.outcome === 'unknown' && isWrite(call)),
    replayed: count((call) => call.replayed === true),
    latestMs: calls.reduce(
      (most, call) => Math.max(most, call.endMs - call.startMs - call.deadlineMs),
      -Infinity,
    ),
  };
}

function isWrite({ operation }: Call): boolean {
  return operation !== 'get' && operation !== 'stock';
}

async function keep(folder: string, history: History, { services }: Stage): Promise<void> {
  if (history.calls.length === 0) return;
  await mkdir(folder, { recursive: true });
  await history.write(`${folder}/history.jsonl.gz`);
  for (const [index, { log }] of services.entries()) {
    await writeFile(`${folder}/service-${index + 1}.log`, log.map((line) => `${line}\n`).join(''));
  }
}
