/** Whether, and how soon, as much is done after a fault as before it. */
import { median } from '../lib/statistics.ts';
import { isDecided } from './checks/answers.ts';
import type { Violation } from './checks/evidence.ts';
import { type Call, isWrite } from './history.ts';

const WINDOW_MS = 100;
/** So many windows must have it, in the median, so that one lucky window is no recovery. */
const STEADY_WINDOWS = 5;
const RECOVERED_SHARE = 0.9;
/** Less than this is what a stopped service does, and not one on a machine that has become busy. */
const ALIVE_SHARE = 0.25;
/** The time that is looked at for it: other work may stop a machine for a moment. */
const ALIVE_WINDOWS = 10;

/** The times of a run that matter for its recovery, in milliseconds since it began. */
export interface Moments {
  /** From here on the load ran as usual. */
  readonly steadyMs: number;
  /** The fault began. */
  readonly struckMs: number;
  /** Nothing was done any more that stands in the way. */
  readonly eventMs: number;
  /** The load still ran as usual until here. */
  readonly untilMs: number;
}

export interface Recovery {
  /** What succeeded in each second before the fault, and at the end of the load. */
  readonly beforePerSecond: number;
  readonly afterPerSecond: number;
  /** From the event to the first window that belongs to a recovery; undefined when there was none. */
  readonly tookMs: number | undefined;
  /** Whether writes succeeded again at the end of the load. */
  readonly alive: boolean;
}

/** Works out the recovery from all answers that are results, refusals for the order's sake included. */
export function recoveryOf(calls: readonly Call[], moments: Moments): Recovery {
  const { steadyMs, struckMs, eventMs, untilMs } = moments;
  const results = calls.filter(isResult);
  const writes = endsOf(results.filter(isWrite));
  const all = endsOf(results);
  const before = median(windowsOf(all, steadyMs, struckMs));
  const after = windowsOf(all, eventMs, untilMs);
  const endMs = Math.max(eventMs, untilMs - ALIVE_WINDOWS * WINDOW_MS);
  const writesBefore = median(windowsOf(writes, steadyMs, struckMs));
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

/** A service that does not come back to life by itself. That it is slower than before is a figure. */
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

/** How many there are in each whole window. */
function windowsOf(ends: readonly number[], fromMs: number, untilMs: number): number[] {
  const counts = new Array<number>(Math.max(0, Math.floor((untilMs - fromMs) / WINDOW_MS))).fill(0);
  for (const endMs of ends) {
    const window = Math.floor((endMs - fromMs) / WINDOW_MS);
    if (endMs >= fromMs && window < counts.length) counts[window] = (counts[window] ?? 0) + 1;
  }
  return counts;
}
