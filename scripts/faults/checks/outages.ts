/** While no commit can be confirmed, nothing new is acknowledged, and reads go on. */
import type { Call, Outage } from '../history.ts';
import { isStockChange, isWrite } from '../history.ts';
import { isRefusedByStock } from './answers.ts';
import { type Evidence, nameOf, type Violation } from './evidence.ts';

/**
 * A node that does not respond is detected by the time limit of reads, which is a second here. Until then
 * enough reads may hang to block all others.
 */
const SILENCE_MAX_MS = 2_000;

export function checkOutages({ calls, outages, toleranceMs }: Evidence): Violation[] {
  const silenceMaxMs = Math.max(SILENCE_MAX_MS, toleranceMs);
  return outages.flatMap((outage) => [
    ...checkAcknowledged(calls, outage),
    ...checkReads(calls, outage, silenceMaxMs),
  ]);
}

/**
 * A write that was first requested in the outage and acknowledged in it cannot have been confirmed. One
 * requested before may have been, so that a retry is acknowledged; but not a create or a change of stock that
 * is not marked as a replay. The refusal of an adjustment is kept under its key, so it is confirmed too.
 */
function checkAcknowledged(calls: readonly Call[], outage: Outage): Violation[] {
  const firstMs = new Map<string, number>();
  for (const call of calls.filter(isWrite)) {
    const write = writeOf(call);
    firstMs.set(write, Math.min(firstMs.get(write) ?? Number.POSITIVE_INFINITY, call.startMs));
  }
  const ranNow = (call: Call) => (call.operation === 'createOrder' || isStockChange(call)) && !call.replayed;
  return calls
    .filter((call) => isWrite(call) && (call.outcome === 'ok' || isKeptRefusal(call)))
    .filter(({ startMs, endMs }) => startMs >= outage.fromMs && endMs <= outage.untilMs)
    .filter((call) => ranNow(call) || (firstMs.get(writeOf(call)) ?? 0) >= outage.fromMs)
    .map((call) => ({
      kind: 'false acknowledgement',
      text: `${nameOf(call)}, while no commit could be confirmed`,
    }));
}

function isKeptRefusal(call: Call): boolean {
  return call.answeredId !== undefined || (call.operation === 'adjustStock' && isRefusedByStock(call));
}

/** Identifies a write; its retries have the same identity. */
function writeOf({ operation, user, orderId, reference }: Call): string {
  return `${operation} ${user ?? orderId ?? reference}`;
}

function checkReads(calls: readonly Call[], { fromMs, untilMs }: Outage, silenceMaxMs: number): Violation[] {
  const answeredMs = calls
    .filter((call) => !isWrite(call) && call.outcome === 'ok' && call.endMs > fromMs && call.endMs < untilMs)
    .map(({ endMs }) => endMs)
    .sort((a, b) => a - b);
  const moments = [fromMs, ...answeredMs, untilMs];
  return moments.flatMap((atMs, index): Violation[] => {
    const silentMs = (moments[index + 1] ?? atMs) - atMs;
    if (silentMs <= silenceMaxMs) return [];
    const text = `no read was answered for ${silentMs.toFixed(0)} ms from ${atMs.toFixed(0)} ms on`;
    return [{ kind: 'reads stopped', text }];
  });
}
