/**
 * Idempotency keys: one answer of a request is not marked as a replay, all others are, and are the same. The
 * key of one request is refused to any other. A count ignores its key: the same count again is harmless.
 */
import type { Call } from '../history.ts';
import { isDecided } from './answers.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';

export function checkKeys({ calls, final }: Evidence): Violation[] {
  const byKey = groupCalls(calls, ({ operation, key }) => (operation === 'countStock' ? undefined : key));
  return [...byKey].flatMap(([key, attempts]) => {
    const first = attempts.reduce((earliest, call) => (call.startMs < earliest.startMs ? call : earliest));
    const own = attempts.filter((call) => isSameRequest(call, first));
    const others = attempts.filter((call) => !isSameRequest(call, first));
    const isForgotten = own.some(isAnswered) && !final.keys.has(key);
    return [
      ...checkReplays(own),
      ...checkOwner(own),
      ...others.flatMap(checkOther),
      ...(isForgotten ? [wrong(`the key is not kept: ${nameOf(first)}`)] : []),
    ];
  });
}

/** Orders have users of their own, changes of stock have references. */
function isSameRequest(one: Call, other: Call): boolean {
  return one.user === other.user && one.reference === other.reference;
}

/** Whether the answer is kept under the key. */
function isAnswered(call: Call): boolean {
  return isDecided(call) && call.reason !== REUSED;
}

/** @param own all calls of one request under one key. */
function checkReplays(own: readonly Call[]): Violation[] {
  const answered = own.filter(isAnswered);
  const texts: string[] = [];
  const unmarked = answered.filter((call) => !call.replayed);
  if (unmarked.length > 1) texts.push(`run more than once: ${unmarked.map(nameOf).join('; ')}`);
  // A lost answer may have been the first.
  const isAllKnown = own.every(({ outcome }) => outcome !== 'unknown');
  if (answered.length > 0 && unmarked.length === 0 && isAllKnown) {
    texts.push(`replays without a first answer: ${answered.map(nameOf).join('; ')}`);
  }
  const contents = new Set(answered.map(contentOf));
  if (contents.size > 1) texts.push(`${[...contents].join(' and ')}: ${answered.map(nameOf).join('; ')}`);
  return texts.map(wrong);
}

function contentOf({ reason, shortages, expiresAtMs, stocks }: Call): string {
  return JSON.stringify([reason, shortages, expiresAtMs, stocks]);
}

const REUSED = 'IDEMPOTENCY_KEY_REUSED';

function checkOwner(own: readonly Call[]): Violation[] {
  return own.filter(({ reason }) => reason === REUSED).map((call) => wrong(nameOf(call)));
}

/** Another request under a key is sent only when the outcome of the first is known. */
function checkOther(call: Call): Violation[] {
  return isAnswered(call) ? [wrong(`the key of another request: ${nameOf(call)}`)] : [];
}

function wrong(text: string): Violation {
  return { kind: 'wrong replay', text };
}
