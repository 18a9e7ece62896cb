/** The figures of the runs: each with its target, its value, and whether it is reached. */
import type { Figure } from '../lib/report.ts';
import { median } from '../lib/statistics.ts';
import type { ViolationKind } from './checks/evidence.ts';
import { AFTER_FLOOD_MAX_MS, PROBE_MAX_MS } from './checks/floods.ts';
import { feedRetention } from './faults/feed.ts';
import { eventReadings } from './feed/seen.ts';
import type { RunResult } from './run.ts';

export const KINDS_MIN = 15;
export const SEEDS_MIN = 10;
const STOPS_MIN = 30;
const PROBE_TARGET_MS = 100;
const LAG_TARGET_MS = 10_000;

/** Computes the figures of the runs. */
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
      reached: (kinds >= KINDS_MIN && seeds >= SEEDS_MIN) || undefined,
    },
    none('acknowledged orders lost or changed', 'lost order', 'changed order', 'false acknowledgement'),
    none('applied twice', 'applied twice', 'two outcomes for one key', 'wrong replay', 'ledger mismatch'),
    none(
      'stock changed by hand: lost, wrong, or a ledger with a gap',
      ...(['lost stock change', 'wrong movement', 'wrong count', 'wrong refusal', 'broken chain'] as const),
    ),
    none(
      'events lost, twice, out of order or wrong, to a reader or in the feed',
      ...(['lost event', 'event twice', 'event out of order', 'wrong event'] as const),
      ...(['gap in the feed', 'not published', 'wrong copy of the stock'] as const),
    ),
    none('done though refused', 'done though refused'),
    none('oversold', 'oversold'),
    none('stuck in `new`, or an illegal transition', 'stuck new', 'illegal transition'),
    none(
      'reservations that ended too early or too late, or were payed after their end',
      ...(['expired too early', 'held too long', 'payed after its end'] as const),
    ),
    none('stale reads, replicas that differ in the end', 'stale read', 'replica differs'),
    {
      name: 'unknown outcomes resolved by retries',
      wanted: 'all',
      measured: `${unknown - unresolved} of ${unknown}`,
      reached: unresolved === 0,
    },
    none('replies later than a second after their deadline, waits for a core left out', 'late answer'),
    none('bugs, in replies or in the log', 'internal error'),
    none('did not recover by itself', 'did not recover'),
    none('reads stopped while writes could not be confirmed', 'reads stopped'),
    ...feed(results),
    ...replicaStopped(results.filter(({ kind }) => kind === 'replica-freeze')),
    ...floods(results.filter(({ probes }) => probes.count > 0)),
    recovery(results, 'backend-terminate', 'backends terminated', 1),
    recovery(results, 'service-kill', 'service killed and restarted', 3),
    recovery(results, 'primary-promote', 'replica promoted', 5),
    stops(results),
  ];
}

/** What the readers of events have received. */
function feed(runs: readonly RunResult[]): Figure[] {
  const sum = (of: (run: RunResult) => number) => runs.reduce((total, run) => total + of(run), 0);
  const shown = (name: string, count: number) => `${count.toLocaleString('en')} ${name}`;
  const events = eventReadings.map((name) =>
    shown(
      `by ${name}`,
      sum((run) => run.feed.events[name]),
    ),
  );
  const failed = sum((run) => run.feed.failed);
  const expired = sum((run) => run.feed.expired);
  const lagMs = Math.max(0, ...runs.map((run) => run.feed.lagMs));
  const unread = runs.filter((run) => Object.values(run.feed.events).some((count) => count === 0)).length;
  const counts = [
    shown('after failures', failed),
    shown(
      'by choice',
      sum((run) => run.feed.chosen),
    ),
  ];
  return [
    {
      name: 'events received',
      wanted: 'some by each reader in each run',
      measured: events.join(', '),
      reached: runs.length === 0 ? undefined : unread === 0,
    },
    {
      name: 'readers that went on by their token',
      wanted: 'all, where nothing was removed',
      measured: `${counts.join(', ')}; ${expired} began again`,
      reached: runs.length === 0 ? undefined : runs.every((run) => !hasLostCursor(run)),
    },
    {
      name: 'longest time from an event to a reader, after the fault',
      wanted: `within ${LAG_TARGET_MS / 1_000} s`,
      measured: shownSeconds(lagMs / 1_000),
      reached: runs.length === 0 ? undefined : lagMs <= LAG_TARGET_MS,
    },
  ];
}

function hasLostCursor({ kind, feed: { expired } }: RunResult): boolean {
  return expired > 0 && kind !== feedRetention.kind;
}

/** The answers while the synchronous replica keeps its connections open and does not respond. */
function replicaStopped(runs: readonly RunResult[]): Figure[] {
  const calls = runs.reduce((sum, run) => sum + run.calls, 0);
  const late = countOf(runs, 'late answer');
  const worst = Math.max(...runs.map(({ lateness }) => lateness.worst));
  const p99 = Math.max(...runs.map(({ lateness }) => lateness.p99));
  const isMeasured = runs.length > 0;
  const falsely = countOf(runs, 'false acknowledgement');
  return [
    {
      name: 'replica stopped: requests answered within their deadline',
      wanted: 'all',
      measured: isMeasured
        ? `${calls - late} of ${calls}; ${shownLateness(worst)} at most, 99% ${shownLateness(p99)}`
        : '-',
      reached: isMeasured ? late === 0 : undefined,
    },
    {
      name: 'replica stopped: false acknowledgements',
      wanted: '0',
      measured: isMeasured ? String(falsely) : '-',
      reached: isMeasured ? falsely === 0 : undefined,
    },
  ];
}

/**
 * The answers while one client floods the service. The target of probes is a figure. What misses it is only
 * the longer limit of the checker: the target needs processors that have time for the thread of the probes.
 */
function floods(runs: readonly RunResult[]): Figure[] {
  const isMeasured = runs.length > 0;
  const failed = countOf(runs, 'probe failed');
  const count = runs.reduce((sum, { probes }) => sum + probes.count, 0);
  const p99 = Math.max(...runs.map(({ probes }) => probes.p99));
  const worst = Math.max(...runs.map(({ probes }) => probes.max));
  const waitedMs = Math.max(...runs.map(({ afterFloodMs }) => afterFloodMs));
  return [
    {
      name: 'floods: time of `/livez` on the probe port',
      wanted: `${PROBE_TARGET_MS} ms, on a busy machine ${PROBE_MAX_MS} ms`,
      measured: isMeasured
        ? `${count - failed} of ${count}; ${worst.toFixed(0)} ms at most, 99% ${p99.toFixed(0)} ms`
        : '-',
      reached: isMeasured ? failed === 0 : undefined,
    },
    {
      name: 'floods: waiting requests of others answered',
      wanted: `within ${AFTER_FLOOD_MAX_MS / 1_000} s of the end`,
      measured: isMeasured ? `the last one ${waitedMs.toFixed(0)} ms after it` : '-',
      reached: isMeasured ? waitedMs <= AFTER_FLOOD_MAX_MS : undefined,
    },
  ];
}

function shownLateness(ms: number): string {
  return `${Math.abs(ms).toFixed(0)} ms ${ms > 0 ? 'after' : 'before'} it`;
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

/** How long each run took to recover; infinite for a run that did not. */
export function recoverySeconds(results: readonly RunResult[]): number[] {
  return results.map(({ recovery: { tookMs } }) => (tookMs ?? Number.POSITIVE_INFINITY) / 1_000);
}

export function shownSeconds(seconds: number): string {
  return Number.isFinite(seconds) ? `${seconds.toFixed(1)} s` : 'not back';
}

function stops(results: readonly RunResult[]): Figure {
  const runs = results.filter(({ kind }) => kind === 'service-terminate');
  const stopped = runs.reduce((sum, run) => sum + run.stops, 0);
  const lost = runs.reduce((sum, run) => sum + run.lost, 0);
  const unanswered = countOf(runs, 'accepted but not answered');
  const isEnough = stopped >= STOPS_MIN;
  return {
    name: 'SIGTERM under load: accepted requests without a reply',
    wanted: `0 of ${STOPS_MIN} stops`,
    measured: `${unanswered} of ${stopped} stops; lost in transit: ${lost}`,
    reached: unanswered > 0 ? false : isEnough || undefined,
  };
}
