/** What the runs must show: each figure with what it is to be, what it is, and whether that suffices. */
import { median } from '../support/statistics.ts';
import type { ViolationKind } from './checks/evidence.ts';
import type { RunResult } from './run.ts';

export interface Figure {
  readonly name: string;
  readonly wanted: string;
  readonly measured: string;
  /** Undefined where it was not measured. */
  readonly reached: boolean | undefined;
}

export const KINDS_MIN = 15;
const SEEDS_MIN = 10;
/** Stops in one run of the fault that stops the service in order. */
const STOPS_PER_RUN = 3;
const STOPS_MIN = 30;

/** Works out the figures from the runs that were made. */
export function figuresOf(results: readonly RunResult[]): Figure[] {
  const kinds = new Set(results.map(({ kind }) => kind).filter((kind) => kind !== 'nothing')).size;
  const seeds = new Set(results.map(({ seed }) => seed)).size;
  const unknown = results.reduce((sum, result) => sum + result.unknown, 0);
  const unresolved = countOf(results, 'unknown not resolved');
  const none = (name: string, ...wrong: ViolationKind[]): Figure => {
    const count = wrong.reduce((sum, kind) => sum + countOf(results, kind), 0);
    return { name, wanted: '0', measured: String(count), reached: count === 0 };
  };
  return [
    {
      name: 'kinds of fault x seeds',
      wanted: `at least ${KINDS_MIN} x ${SEEDS_MIN}`,
      measured: `${kinds} x ${seeds}`,
      reached: kinds >= KINDS_MIN && seeds >= SEEDS_MIN,
    },
    none('acknowledged orders lost or changed', 'lost order', 'changed order', 'false acknowledgement'),
    none('applied twice', 'applied twice', 'two outcomes for one key', 'books do not balance'),
    none('done though refused', 'done though refused'),
    none('oversold', 'oversold'),
    none('stuck in `new`, or moved against the diagram', 'stuck new', 'illegal transition'),
    none('stale reads', 'stale read'),
    {
      name: 'unknown outcomes found out by asking again',
      wanted: 'all',
      measured: `${unknown - unresolved} of ${unknown}`,
      reached: unresolved === 0,
    },
    none('answers later than a second after their deadline', 'late answer'),
    none('bugs, answered or logged', 'internal error'),
    recovery(results, 'backend-terminate', 'backends ended', 1),
    recovery(results, 'service-kill', 'service killed and restarted', 3),
    recovery(results, 'primary-promote', 'replica promoted', 5),
    stops(results),
  ];
}

function countOf(results: readonly RunResult[], kind: ViolationKind): number {
  return results.flatMap(({ violations }) => violations).filter((violation) => violation.kind === kind)
    .length;
}

function recovery(results: readonly RunResult[], kind: string, event: string, boundS: number): Figure {
  const seconds = recoverySeconds(results.filter((result) => result.kind === kind));
  const worst = Math.max(...seconds);
  return {
    name: `back to 90% of the rate: ${event}`,
    wanted: `within ${boundS} s`,
    measured: seconds.length === 0 ? '-' : `${shownSeconds(median(seconds))}, at most ${shownSeconds(worst)}`,
    reached: seconds.length === 0 ? undefined : worst <= boundS,
  };
}

/** How long each run took to recover; infinite where it did not while it was watched. */
export function recoverySeconds(results: readonly RunResult[]): number[] {
  return results.map(({ recovery: { tookMs } }) => (tookMs ?? Number.POSITIVE_INFINITY) / 1_000);
}

export function shownSeconds(seconds: number): string {
  return Number.isFinite(seconds) ? `${seconds.toFixed(1)} s` : 'not back';
}

function stops(results: readonly RunResult[]): Figure {
  const runs = results.filter(({ kind }) => kind === 'service-terminate');
  const stopped = runs.length * STOPS_PER_RUN;
  const unanswered = countOf(runs, 'accepted but not answered');
  return {
    name: 'SIGTERM under load: accepted requests without an answer',
    wanted: `0 of ${STOPS_MIN} stops`,
    measured: `${unanswered} of ${stopped} stops`,
    reached: runs.length === 0 ? undefined : unanswered === 0 && stopped >= STOPS_MIN,
  };
}
