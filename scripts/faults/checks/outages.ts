/** What must hold while no commit can be confirmed: nothing new is acknowledged, and reads go on. */
import type { Call, Outage } from '../history.ts';
import { isWrite } from '../history.ts';
import { type Evidence, nameOf, type Violation } from './evidence.ts';

/**
 * A node that says nothing is noticed when reads of it run out of time, which is a second here. Until then so many
 * may hang that all others wait behind them.
 */
const SILENCE_MAX_MS = 2_000;

export function checkOutages({ calls, outages }: Evidence): Violation[] {
  return outages.flatMap((outage) => [...checkAcknowledged(calls, outage), ...checkReads(calls, outage)]);
}

/**
 * What was first asked for in the outage and answered in it cannot have been confirmed. What was asked for before
 * may have been, so that a repeat may be answered; but not by a create that says that it ran just now.
 */
function checkAcknowledged(calls: readonly Call[], outage: Outage): Violation[] {
  const firstMs = new Map<string, number>();
  for (const call of calls.filter(isWrite)) {
    const matter = matterOf(call);
    firstMs.set(matter, Math.min(firstMs.get(matter) ?? Number.POSITIVE_INFINITY, call.startMs));
  }
  const ranNow = (call: Call) => call.operation === 'createOrder' && !call.replayed;
  return calls
    .filter((call) => isWrite(call) && (call.outcome === 'ok' || call.answeredId !== undefined))
    .filter(({ startMs, endMs }) => startMs >= outage.fromMs && endMs <= outage.untilMs)
    .filter((call) => ranNow(call) || (firstMs.get(matterOf(call)) ?? 0) >= outage.fromMs)
    .map((call) => ({
      kind: 'false acknowledgement',
      text: `${nameOf(call)}, while no commit could be confirmed`,
    }));
}

/** What a write is about: its repeats are about the same. */
function matterOf({ operation, user, orderId }: Call): string {
  return `${operation} ${operation === 'createOrder' ? user : orderId}`;
}

function checkReads(calls: readonly Call[], { fromMs, untilMs }: Outage): Violation[] {
  const answeredMs = calls
    .filter((call) => !isWrite(call) && call.outcome === 'ok' && call.endMs > fromMs && call.endMs < untilMs)
    .map(({ endMs }) => endMs)
    .sort((a, b) => a - b);
  const moments = [fromMs, ...answeredMs, untilMs];
  return moments.flatMap((atMs, index): Violation[] => {
    const silentMs = (moments[index + 1] ?? atMs) - atMs;
    if (silentMs <= SILENCE_MAX_MS) return [];
    const text = `no read was answered for ${silentMs.toFixed(0)} ms from ${atMs.toFixed(0)} ms on`;
    return [{ kind: 'reads stopped', text }];
  });
}
