/** How soon after a fault as much is done as before it. */
import { median } from '../support/statistics.ts';
import { isDecided } from './checks/answers.ts';
import type { Call } from './history.ts';

const WINDOW_MS = 100;
/** So many windows must have it, in the median, so that one lucky window is no recovery. */
const STEADY_WINDOWS = 5;
const RECOVERED_SHARE = 0.9;

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
  /** What succeeded in each second before the fault. */
  readonly beforePerSecond: number;
  /** From the event to the first window that belongs to a recovery; undefined when there was none. */
  readonly tookMs: number | undefined;
}

/** Works out the recovery from all answers that are results, refusals for the order's sake included. */
export function recoveryOf(calls: readonly Call[], moments: Moments): Recovery {
  const { steadyMs, struckMs, eventMs, untilMs } = moments;
  const ends = calls.filter(isResult).map((call) => call.endMs);
  const before = median(windowsOf(ends, steadyMs, struckMs));
  const after = windowsOf(ends, eventMs, untilMs);
  const index = after.findIndex((_, from) => {
    const steady = after.slice(from, from + STEADY_WINDOWS);
    const first = steady[0] ?? 0;
    const enough = RECOVERED_SHARE * before;
    return steady.length === STEADY_WINDOWS && median(steady) >= enough && first >= enough;
  });
  return {
    beforePerSecond: (before * 1_000) / WINDOW_MS,
    tookMs: index < 0 ? undefined : (index + 1) * WINDOW_MS,
  };
}

function isResult(call: Call): boolean {
  return isDecided(call) || call.reason === 'STOCK_NOT_FOUND';
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
