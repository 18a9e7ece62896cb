/**
 * Idempotency keys: one answer of a request is not marked as a replay, all others are and say the same. The
 * key of one request is refused to any other.
 */
import type { Call } from '../history.ts';
import { type Evidence, nameOf, type Violation } from './evidence.ts';

export function checkKeys({ calls }: Evidence): Violation[] {
  const byKey = new Map<string, Call[]>();
  for (const call of calls) {
    if (call.key === undefined) continue;
    const attempts = byKey.get(call.key);
    if (attempts === undefined) byKey.set(call.key, [call]);
    else attempts.push(call);
  }
  return [...byKey.values()].flatMap((attempts) => {
    const user = attempts.reduce((first, call) => (call.startMs < first.startMs ? call : first)).user;
    const own = attempts.filter((call) => call.user === user);
    return [...checkReplays(own), ...checkOwner(own), ...attempts.filter(isOther(user)).flatMap(checkOther)];
  });
}

/** @param own all calls of one request under one key. */
function checkReplays(own: readonly Call[]): Violation[] {
  const answered = own.filter((call) => call.answeredId !== undefined);
  const texts: string[] = [];
  const unmarked = answered.filter((call) => !call.replayed);
  if (unmarked.length > 1) texts.push(`run more than once: ${unmarked.map(nameOf).join('; ')}`);
  // A lost answer may have been the first.
  const isAllKnown = own.every(({ outcome }) => outcome !== 'unknown');
  if (answered.length > 0 && unmarked.length === 0 && isAllKnown) {
    texts.push(`replays without a first answer: ${answered.map(nameOf).join('; ')}`);
  }
  const contents = new Set(answered.map((call) => JSON.stringify([call.shortages, call.expiresAtMs])));
  if (contents.size > 1) texts.push(`${[...contents].join(' and ')}: ${answered.map(nameOf).join('; ')}`);
  return texts.map(wrong);
}

const REUSED = 'IDEMPOTENCY_KEY_REUSED';

function checkOwner(own: readonly Call[]): Violation[] {
  return own.filter(({ reason }) => reason === REUSED).map((call) => wrong(nameOf(call)));
}

function isOther(user: number | undefined): (call: Call) => boolean {
  return (call) => call.user !== user;
}

/** Another request under a key is sent only when the outcome of the first is known. */
function checkOther(call: Call): Violation[] {
  const isRun = call.outcome === 'ok' || call.answeredId !== undefined;
  return isRun ? [wrong(`the key of another request: ${nameOf(call)}`)] : [];
}

function wrong(text: string): Violation {
  return { kind: 'wrong replay', text };
}
