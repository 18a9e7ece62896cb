/** Where the service was only ever stopped gracefully: it answered every request that it had accepted. */
import { type Call, isStockChange, type Stop } from '../history.ts';
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
  const lost: Call[] = [...stockChangesWithEffect({ calls, final })];
  for (const [user, attempts] of creates) lost.push(...doneWithKey(attempts, users.has(user)));
  for (const { orderId, status, cancelReason, updatedMs } of final.orders) {
    if (cancelReason === 'expired') continue;
    const doneMs = updatedMs - startedAtMs;
    const mayHaveDone = (transitions.get(orderId) ?? [])
      .filter(({ operation }) => statusAfter[operation] === status)
      .filter(({ startMs, endMs }) => startMs - CLOCK_MS < doneMs && doneMs < endMs + CLOCK_MS);
    if (!mayHaveDone.some(mayExplain)) lost.push(...mayHaveDone.filter(gotNoAnswer));
  }
  return lost;
}

/** Of the attempts under one key the one that must have been done without an answer, if there is one. */
function doneWithKey(attempts: readonly Call[], isDone: boolean): Call[] {
  const first = attempts.find(isDecided);
  const wasDone = first ? first.replayed : isDone;
  return wasDone && !attempts.some(isUndecided) ? attempts.filter(gotNoAnswer).slice(-1) : [];
}

/** A call that ended, or whose caller left, before its outcome was known: it may have had an effect. */
function isUndecided(call: Call): boolean {
  return call.outcome === 'unknown' && !gotNoAnswer(call);
}

/** Whether a call accounts for an effect, so that one without an answer need not have caused it. */
function mayExplain(call: Call): boolean {
  return isDecided(call) || isUndecided(call);
}

/** A count is done by each attempt: without an answer were those beyond the ones that account for it. */
function stockChangesWithEffect({ calls, final }: Pick<Evidence, 'calls' | 'final'>): Call[] {
  const rows = new Map<string, number>();
  for (const { sku, reference = '' } of final.movements) {
    const row = `${reference} of ${sku}`;
    rows.set(row, (rows.get(row) ?? 0) + 1);
  }
  const requests = groupCalls(calls, (call) => (isStockChange(call) ? call.reference : undefined));
  return [...requests].flatMap(([reference, attempts]) => {
    const [first] = attempts;
    const [line] = first?.changes ?? first?.counts ?? [];
    const done = rows.get(`${reference} of ${line?.sku}`) ?? 0;
    if (first?.operation === 'adjustStock') return doneWithKey(attempts, done > 0);
    const explained = attempts.filter((call) => call.outcome === 'ok' || isUndecided(call)).length;
    return attempts.filter(gotNoAnswer).slice(0, Math.max(0, done - explained));
  });
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
