/** Whether and how soon the rate after a fault is what it was before. */
import { median } from '../lib/statistics.ts';
import { isDecided } from './checks/answers.ts';
import type { Violation } from './checks/evidence.ts';
import { type Call, isWrite } from './history.ts';

const WINDOW_MS = 100;
/** The median of this many windows must reach the rate: one lucky window is no recovery. */
const STEADY_WINDOWS = 5;
const RECOVERED_SHARE = 0.9;
/** Below this share the service does not work; above it, the machine may only have become busier. */
const ALIVE_SHARE = 0.25;
/** The windows that are looked at for it: other work may stop the machine for a moment. */
const ALIVE_WINDOWS = 10;

/** The times of a run that matter for its recovery, in milliseconds since it began. */
export interface Moments {
  /** From here on the workload ran normally. */
  readonly steadyMs: number;
  /** The fault was injected. */
  readonly injectedMs: number;
  /** The healing of the fault began. */
  readonly healMs: number;
  /** The workload ran normally until here. */
  readonly untilMs: number;
}

export interface Recovery {
  /** Results a second before the fault, and at the end of the workload. */
  readonly beforePerSecond: number;
  readonly afterPerSecond: number;
  /** From the healing to the first window of the recovery; undefined when there was none. */
  readonly tookMs: number | undefined;
  /** Whether writes succeeded again at the end of the workload. */
  readonly alive: boolean;
}

/** Computes the recovery from all calls with a result, which includes refusals for the order itself. */
export function recoveryOf(calls: readonly Call[], moments: Moments): Recovery {
  const { steadyMs, injectedMs, healMs, untilMs } = moments;
  const results = calls.filter(isResult);
  const writes = endsOf(results.filter(isWrite));
  const all = endsOf(results);
  const before = median(windowsOf(all, steadyMs, injectedMs));
  const after = windowsOf(all, healMs, untilMs);
  const endMs = Math.max(healMs, untilMs - ALIVE_WINDOWS * WINDOW_MS);
  const writesBefore = median(windowsOf(writes, steadyMs, injectedMs));
  const writesAfter = median(windowsOf(writes, endMs, untilMs));
  const index = after.findIndex((_, from) => {
    const steady = after.slice(from, from + STEADY_WINDOWS);
    const first = steady[0] ?? 0;
    const enough = Math.max(1, RECOVERED_SHARE * before);
    return steady.length === STEADY_WINDOWS && median(steady) >= enough && first >= enough;
  });
  return {
    beforePerSecond: perSecond(before),
    afterPerSecond: perSecond(median(windowsOf(all, endMs, untilMs))),
    tookMs: index < 0 ? undefined : (index + 1) * WINDOW_MS,
    alive: writesAfter > 0 && writesAfter >= ALIVE_SHARE * writesBefore,
  };
}

/** A service that does not recover by itself. How much slower it is than before is a figure. */
export function checkRecovery({ alive, ...recovery }: Recovery): Violation[] {
  if (alive) return [];
  return [{ kind: 'did not recover', text: `writes do not succeed again: ${shownRates(recovery)}` }];
}

export function shownRates({ beforePerSecond, afterPerSecond }: Omit<Recovery, 'alive'>): string {
  return `${Math.round(beforePerSecond)}/s before, ${Math.round(afterPerSecond)}/s after`;
}

function isResult(call: Call): boolean {
  return isDecided(call) || call.reason === 'STOCK_NOT_FOUND';
}

function endsOf(calls: readonly Call[]): number[] {
  return calls.map((call) => call.endMs);
}

function perSecond(inWindow: number): number {
  return (inWindow * 1_000) / WINDOW_MS;
}

/** The number of calls that ended in each whole window. */
function windowsOf(ends: readonly number[], fromMs: number, untilMs: number): number[] {
  const counts = new Array<number>(Math.max(0, Math.floor((untilMs - fromMs) / WINDOW_MS))).fill(0);
  for (const endMs of ends) {
    const window = Math.floor((endMs - fromMs) / WINDOW_MS);
    if (endMs >= fromMs && window < counts.length) counts[window] = (counts[window] ?? 0) + 1;
  }
  return counts;
}
