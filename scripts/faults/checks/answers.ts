/** Every answer by itself: in time, and never a bug. Every unknown outcome: found out in the end. */
import type { Call } from '../history.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';
import { statusAfter } from './moves.ts';

export function checkAnswers({ calls, toleranceMs, ...evidence }: Evidence): Violation[] {
  const violations: Violation[] = [];
  for (const call of calls) {
    if (call.endMs - call.startMs > call.deadlineMs + toleranceMs) {
      violations.push({ kind: 'late answer', text: `${nameOf(call)}, deadline ${call.deadlineMs} ms` });
    }
    if (call.reason === 'INTERNAL') violations.push({ kind: 'internal error', text: nameOf(call) });
  }
  const isMove = ({ operation }: Call) => operation === 'pay' || operation === 'cancel';
  const creates = groupCalls(calls, (call) => (call.operation === 'create' ? call.user : undefined));
  const moves = groupCalls(calls, (call) => (isMove(call) ? call.orderId : undefined));
  for (const attempts of creates.values()) violations.push(...unresolved(attempts));
  for (const attempts of moves.values()) {
    violations.push(...unresolved(attempts.filter((call) => call.operation === 'pay')));
    violations.push(...unresolved(attempts.filter((call) => call.operation === 'cancel')));
  }
  if (evidence.orderly) violations.push(...unanswered(evidence, creates.values(), moves));
  return violations;
}

/** Whether an answer tells what became of what was asked for, and not only that this attempt did nothing. */
export function isDecided({ outcome, answeredId, status }: Call): boolean {
  return outcome === 'ok' || (outcome === 'refused' && (answeredId !== undefined || status !== undefined));
}

/** @param attempts to do one and the same thing. */
function unresolved(attempts: readonly Call[]): Violation[] {
  if (attempts.some(isDecided)) return [];
  const unknown = attempts.filter((call) => call.outcome === 'unknown');
  return unknown.map((call) => ({ kind: 'unknown not resolved', text: nameOf(call) }));
}

/** By how much the clocks of two processes may differ. */
const CLOCK_MS = 2;

/** What was done by a call that got no answer, while nothing of the service was ever killed. */
function unanswered(
  { final, beganAtMs }: Pick<Evidence, 'final' | 'beganAtMs'>,
  creates: Iterable<readonly Call[]>,
  moves: ReadonlyMap<number, readonly Call[]>,
): Violation[] {
  const lost: Call[] = [];
  const users = new Set(final.orders.map((order) => order.user));
  for (const attempts of creates) {
    const first = attempts.find(isDecided);
    const wasDone = first ? first.replayed : users.has(attempts[0]?.user ?? 0);
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
  return lost.map((call) => ({ kind: 'accepted but not answered', text: nameOf(call) }));
}

function gotNoAnswer({ outcome, reason }: Call): boolean {
  return outcome === 'unknown' && reason !== 'OUTCOME_UNKNOWN';
}
