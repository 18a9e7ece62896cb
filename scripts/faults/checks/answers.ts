/** Every answer is in time and never a bug. Every unknown outcome is resolved in the end. */
import { waitedMs } from '../core-waits.ts';
import { type Call, type Flood, isStockChange, isWrite } from '../history.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';

export function checkAnswers({ calls, floods, coreWaits, toleranceMs }: Evidence): Violation[] {
  const violations: Violation[] = [];
  for (const call of calls) {
    const lateMs = call.endMs - call.startMs - call.deadlineMs - toleranceMs;
    if (lateMs > 0 && !isDuringFlood(call, floods) && lateMs > waitedMs(coreWaits, call)) {
      violations.push({ kind: 'late answer', text: `${nameOf(call)}, deadline ${call.deadlineMs} ms` });
    }
    if (call.reason === 'INTERNAL') violations.push({ kind: 'internal error', text: nameOf(call) });
  }
  const isTransition = ({ operation }: Call) => operation !== 'createOrder' && isWrite({ operation });
  const creates = groupCalls(calls, (call) => (call.operation === 'createOrder' ? call.user : undefined));
  const transitions = groupCalls(calls, (call) => (isTransition(call) ? call.orderId : undefined));
  const stockChanges = groupCalls(calls, ({ reference }) => reference);
  for (const attempts of [...creates.values(), ...stockChanges.values()])
    violations.push(...unresolved(attempts));
  for (const attempts of transitions.values()) {
    for (const kind of new Set(attempts.map(kindOf))) {
      violations.push(...unresolved(attempts.filter((call) => kindOf(call) === kind)));
    }
  }
  return violations;
}

/** A late payment is another request than one that does not accept to be late. */
function kindOf({ operation, acceptLate = false }: Call): string {
  return `${operation} ${acceptLate}`;
}

/** A flood occupies the event loop. How late answers may be then is checked at its end (floods.ts). */
function isDuringFlood({ startMs, endMs }: Call, floods: readonly Flood[]): boolean {
  return floods.some(({ fromMs, untilMs }) => startMs <= untilMs && endMs >= fromMs);
}

/** Whether an answer gives the outcome of the request, and not only that this attempt did nothing. */
export function isDecided(call: Call): boolean {
  const { outcome, reason, answeredId, status } = call;
  if (outcome === 'ok') return true;
  const isFinal = answeredId !== undefined || status !== undefined || reason === 'IDEMPOTENCY_KEY_REUSED';
  return outcome === 'refused' && (isFinal || isRefusedByStock(call));
}

/** Whether a change of stock was refused for the stock that it found, which the answer names. */
export function isRefusedByStock(call: Call): boolean {
  return isStockChange(call) && call.outcome === 'refused' && call.stocks !== undefined;
}

/** @param attempts of one request. */
function unresolved(attempts: readonly Call[]): Violation[] {
  if (attempts.some(isDecided)) return [];
  const unknown = attempts.filter((call) => call.outcome === 'unknown');
  return unknown.map((call) => ({ kind: 'unknown not resolved', text: nameOf(call) }));
}
