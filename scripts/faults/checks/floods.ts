/** A flood by one client neither stops the probes nor holds up the requests of others beyond its end. */
import type { Call, Flood } from '../history.ts';
import { type Evidence, nameOf, type Violation } from './evidence.ts';

/** What probes take at most: the time limit of Kubernetes, where none is set. */
export const PROBE_MAX_MS = 1_000;

/** How long after a flood the last request that was waiting at its end is answered. */
export const AFTER_FLOOD_MAX_MS = 2_000;

/** By the thread of the probe port, however busy the event loop of the service is. */
export function checkProbes({ probes, toleranceMs }: Evidence): Violation[] {
  return probes
    .filter(({ tookMs, status }) => status !== 200 || tookMs > Math.max(PROBE_MAX_MS, toleranceMs))
    .map(({ atMs, tookMs, status }) => ({
      kind: 'probe failed',
      text: `${status ?? 'no answer'} after ${tookMs.toFixed(0)} ms, at ${atMs.toFixed(0)} ms`,
    }));
}

export function checkFloods({ calls, floods, toleranceMs }: Evidence): Violation[] {
  const maxMs = Math.max(AFTER_FLOOD_MAX_MS, toleranceMs);
  return floods.flatMap((flood) =>
    openAtEnd(calls, flood)
      .filter(({ endMs }) => endMs > flood.untilMs + maxMs)
      .map((call) => ({
        kind: 'late after a flood',
        text: `${nameOf(call)}, the flood ended at ${flood.untilMs.toFixed(1)} ms`,
      })),
  );
}

/** The requests that had no answer when the flood ended. */
export function openAtEnd(calls: readonly Call[], { untilMs }: Flood): Call[] {
  return calls.filter(({ startMs, endMs }) => startMs <= untilMs && endMs > untilMs);
}
