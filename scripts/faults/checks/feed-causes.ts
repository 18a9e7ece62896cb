/**
 * Events and calls: each acknowledged change has its event, and no event is there that no call has caused.
 */
import type { Call } from '../history.ts';
import { type Evidence, groupCalls, nameOf, type Violation } from './evidence.ts';
import { eventsOf, type StoredEvent } from './feed.ts';

export function checkFeedCauses(evidence: Evidence): Violation[] {
  const events = new Events(evidence);
  const missing = evidence.calls
    .filter((call) => !events.hasEffectOf(call))
    .map((call): Violation => ({ kind: 'lost event', text: `of ${nameOf(call)}` }));
  return [...missing, ...checkCauses(evidence)];
}

/** What an acknowledged call about an order has led to, by it or before it: one of these. */
const effects: Readonly<Record<string, readonly StoredEvent['kind'][]>> = {
  payOrder: ['payed', 'payedLate'],
  cancelOrder: ['cancelled', 'expired'],
};

class Events {
  readonly #ofOrder = new Map<number, StoredEvent[]>();
  /** The skus of each change of stock by hand. */
  readonly #skus = new Map<string, Set<number>>();

  constructor(evidence: Evidence) {
    const references = referencesOf(evidence);
    for (const event of eventsOf(evidence)) {
      if (event.kind === 'adjusted') this.#addStock(event, references);
      else this.#ofOrder.set(event.subject, [...(this.#ofOrder.get(event.subject) ?? []), event]);
    }
  }

  #addStock({ subject, version }: StoredEvent, references: ReadonlyMap<string, string>): void {
    const reference = references.get(`${subject}/${version}`) ?? '';
    const skus = this.#skus.get(reference) ?? new Set();
    this.#skus.set(reference, skus.add(subject));
  }

  /** Whether the events that a call must have led to are there. */
  hasEffectOf(call: Call): boolean {
    const { operation, outcome, answeredId, orderId = 0, expiresAtMs, reference = '' } = call;
    if (answeredId !== undefined) return this.#has(answeredId, outcome === 'ok' ? ['created'] : ['failed']);
    if (outcome !== 'ok') return true;
    if (operation === 'extendOrder') {
      const ends = (this.#ofOrder.get(orderId) ?? []).filter(({ kind }) => kind !== 'expired');
      return expiresAtMs === undefined || ends.some(({ endMs }) => endMs === expiresAtMs);
    }
    const kinds = effects[operation];
    if (kinds !== undefined) return this.#has(orderId, kinds);
    const { changes = [], counts = [] } = call;
    return [...changes, ...counts].every(({ sku }) => this.#skus.get(reference)?.has(sku));
  }

  #has(orderId: number, kinds: readonly StoredEvent['kind'][]): boolean {
    return (this.#ofOrder.get(orderId) ?? []).some(({ kind }) => kinds.includes(kind));
  }
}

/** The reference of each movement, by sku and version. */
function referencesOf({ final }: Evidence): Map<string, string> {
  return new Map(final.movements.map(({ sku, version, reference = '' }) => [`${sku}/${version}`, reference]));
}

/** Every event, but those of reservations that ended, has a call that may have caused it. */
function checkCauses(evidence: Evidence): Violation[] {
  const { calls, final } = evidence;
  const users = new Map(final.orders.map(({ orderId, user }) => [orderId, user]));
  const references = referencesOf(evidence);
  const creates = groupCalls(calls, ({ operation, user }) =>
    operation === 'createOrder' ? user : undefined,
  );
  const changes = groupCalls(calls, ({ operation, orderId }) =>
    orderId === undefined ? undefined : `${operation as string} ${orderId}`,
  );
  const byHand = groupCalls(calls, ({ reference }) => reference);
  const operations: Readonly<Record<string, string>> = {
    ...{ payed: 'payOrder', payedLate: 'payOrder' },
    ...{ cancelled: 'cancelOrder', extended: 'extendOrder' },
  };
  const attemptsFor = ({ kind, subject, version }: StoredEvent): readonly Call[] | undefined => {
    if (kind === 'adjusted') return byHand.get(references.get(`${subject}/${version}`) ?? '');
    if (kind === 'created' || kind === 'failed') return creates.get(users.get(subject) ?? 0);
    return changes.get(`${operations[kind] ?? kind} ${subject}`);
  };
  return eventsOf(evidence).flatMap((event): Violation[] => {
    if (event.kind === 'expired') return [];
    const attempts = attemptsFor(event) ?? [];
    const mayBe = ({ outcome, answeredId }: Call) => outcome !== 'refused' || answeredId === event.subject;
    if (attempts.some(mayBe)) return [];
    const name = `event ${event.kind} ${event.subject}/${event.version}`;
    const text = `${name} after: ${attempts.map(nameOf).join('; ') || 'no call'}`;
    return [{ kind: 'done though refused', text }];
  });
}
