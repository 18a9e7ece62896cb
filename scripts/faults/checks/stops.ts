/** Where the service only ever stopped in order: whatever it had taken, it answered. */
import type { Call, Stop } from '../history.ts';
import { isDecided } from './answers.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';
import { statusAfter } from './moves.ts';

export function checkStops(evidence: Evidence): Violation[] {
  if (!evidence.orderly) return [];
  const lost = [...tookEffect(evidence), ...wasWithService(evidence)].map(nameOf);
  const texts = [...new Set(lost), ...cutOff(evidence.log)];
  return texts.map((text) => ({ kind: 'accepted but not answered', text }));
}

/** By how much the clocks of two processes may differ. */
const CLOCK_MS = 2;

/** What was done by a call that got no answer. */
function tookEffect({ calls, final, beganAtMs }: Evidence): Call[] {
  const creates = groupCalls(calls, (call) => (call.operation === 'createOrder' ? call.user : undefined));
  const moves = groupCalls(calls, (call) => (statusAfter[call.operation] ? call.orderId : undefined));
  const users = new Set(final.orders.map((order) => order.user));
  const lost: Call[] = [];
  for (const [user, attempts] of creates) {
    const first = attempts.find(isDecided);
    const wasDone = first ? first.replayed : users.has(user);
    if (wasDone) lost.push(...attempts.filter(gotNoAnswer).slice(-1));
  }
  for (const { orderId, status, updatedMs } of final.orders) {
    const doneMs = updatedMs - beganAtMs;
    const mayHaveDone = (moves.get(orderId) ?? [])
      .filter(({ operation }) => statusAfter[operation] === status)
      .filter(({ startMs, endMs }) => startMs - CLOCK_MS < doneMs && doneMs < endMs + CLOCK_MS);
    // What moved it was none of those who had an answer.
    if (!mayHaveDone.some(isDecided)) lost.push(...mayHaveDone.filter(gotNoAnswer));
  }
  return lost;
}

/**
 * What had been written to the service, on a connection that it had, before it was told to stop. Its requests
 * are read before the signal is seen: when both are there, Node.js turns to signals last. A request that is
 * written later may meet the end of a connection that had nothing to do, which HTTP/1.1 cannot avoid.
 */
function wasWithService({ calls, stops }: Evidence): Call[] {
  const isUnderWay =
    ({ startMs, endMs }: Call) =>
    (stop: Stop) =>
      startMs < stop.writtenByMs && stop.atMs < endMs;
  return calls.filter((call) => gotNoAnswer(call) && call.onExisting && stops.some(isUnderWay(call)));
}

/** A call whose caller stayed and was told nothing at all. */
export function gotNoAnswer({ outcome, reason }: Call): boolean {
  return outcome === 'unknown' && reason !== 'OUTCOME_UNKNOWN' && reason !== 'ABANDONED';
}

/** What the service logs when its time to stop is over and something is still under way. */
const CUT_OFF = ['are cut off', 'did not stop in time', 'did not shut down cleanly', 'stopping failed'];

function cutOff(log: readonly string[]): string[] {
  return log.filter((line) => CUT_OFF.some((words) => line.includes(words)));
}
