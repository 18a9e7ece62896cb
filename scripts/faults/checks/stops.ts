/** Where the service was only ever stopped gracefully: it answered every request that it had accepted. */
import type { Call, Stop } from '../history.ts';
import { isDecided } from './answers.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';
import { statusAfter } from './transitions.ts';

export function checkStops(evidence: Evidence): Violation[] {
  if (!evidence.graceful) return [];
  const lost = [...tookEffect(evidence), ...hadReachedService(evidence)].map(nameOf);
  const texts = [...new Set(lost), ...cutOff(evidence.log)];
  return texts.map((text) => ({ kind: 'accepted but not answered', text }));
}

/** By how much the clocks of two processes may differ. */
const CLOCK_MS = 2;

/** Calls without an answer that had an effect. */
function tookEffect({ calls, final, startedAtMs }: Evidence): Call[] {
  const creates = groupCalls(calls, (call) => (call.operation === 'createOrder' ? call.user : undefined));
  const transitions = groupCalls(calls, (call) => (statusAfter[call.operation] ? call.orderId : undefined));
  const users = new Set(final.orders.map((order) => order.user));
  const lost: Call[] = [];
  for (const [user, attempts] of creates) {
    const first = attempts.find(isDecided);
    const wasDone = first ? first.replayed : users.has(user);
    if (wasDone) lost.push(...attempts.filter(gotNoAnswer).slice(-1));
  }
  for (const { orderId, status, cancelReason, updatedMs } of final.orders) {
    if (cancelReason === 'expired') continue;
    const doneMs = updatedMs - startedAtMs;
    const mayHaveDone = (transitions.get(orderId) ?? [])
      .filter(({ operation }) => statusAfter[operation] === status)
      .filter(({ startMs, endMs }) => startMs - CLOCK_MS < doneMs && doneMs < endMs + CLOCK_MS);
    // No call with an answer can have caused it.
    if (!mayHaveDone.some(isDecided)) lost.push(...mayHaveDone.filter(gotNoAnswer));
  }
  return lost;
}

/**
 * Calls without an answer that were written to the service, on an open connection, before it got the signal.
 * Node.js reads requests before it handles signals. A request that is written later may meet the closing of
 * an idle connection, which HTTP/1.1 cannot avoid.
 */
function hadReachedService({ calls, stops }: Evidence): Call[] {
  const isUnderWay =
    ({ startMs, endMs }: Call) =>
    (stop: Stop) =>
      startMs < stop.writtenByMs && stop.atMs < endMs;
  return calls.filter((call) => gotNoAnswer(call) && call.onOpenConnection && stops.some(isUnderWay(call)));
}

/** A call without any answer, whose caller did not disconnect. */
export function gotNoAnswer({ outcome, reason }: Call): boolean {
  return outcome === 'unknown' && reason !== 'OUTCOME_UNKNOWN' && reason !== 'ABANDONED';
}

/** What the service logs when requests are still under way at its shutdown limit. */
const CUT_OFF = ['are cut off', 'did not stop in time', 'did not shut down cleanly', 'stopping failed'];

function cutOff(log: readonly string[]): string[] {
  return log.filter((line) => CUT_OFF.some((words) => line.includes(words)));
}
