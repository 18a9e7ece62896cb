/**
 * Idempotency keys: the request that was run is answered once without the mark of a replay, all others with it
 * and with the same words; and a key that stands for one request is refused to any other.
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

/** @param own all requests under a key that ask for the same. */
function checkReplays(own: readonly Call[]): Violation[] {
  const answered = own.filter((call) => call.answeredId !== undefined);
  const texts: string[] = [];
  const unmarked = answered.filter((call) => !call.replayed);
  if (unmarked.length > 1) texts.push(`run more than once: ${unmarked.map(nameOf).join('; ')}`);
  // An answer that was lost may have been the first.
  const isAllKnown = own.every(({ outcome }) => outcome !== 'unknown');
  if (answered.length > 0 && unmarked.length === 0 && isAllKnown) {
    texts.push(`replays of nothing: ${answered.map(nameOf).join('; ')}`);
  }
  const told = new Set(answered.map(({ shortages }) => JSON.stringify(shortages)));
  if (told.size > 1) texts.push(`told ${[...told].join(' and ')}: ${answered.map(nameOf).join('; ')}`);
  return texts.map(wrong);
}

const REUSED = 'IDEMPOTENCY_KEY_REUSED';

function checkOwner(own: readonly Call[]): Violation[] {
  return own.filter(({ reason }) => reason === REUSED).map((call) => wrong(nameOf(call)));
}

function isOther(user: number | undefined): (call: Call) => boolean {
  return (call) => call.user !== user;
}

/** Another request under a key is sent only when it is known what became of the first. */
function checkOther(call: Call): Violation[] {
  const isRun = call.outcome === 'ok' || call.answeredId !== undefined;
  return isRun ? [wrong(`the key of another request: ${nameOf(call)}`)] : [];
}

function wrong(text: string): Violation {
  return { kind: 'wrong replay', text };
}
