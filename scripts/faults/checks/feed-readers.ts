/** What the readers of events received, against the feed in the database. */
import { isDeepStrictEqual } from 'node:util';
import { type EventReading, eventReadings, type SeenEvent } from '../feed/seen.ts';
import type { FinalMovement, FinalOrder } from '../final-state.ts';
import type { Evidence, Violation } from './evidence.ts';
import { checkSequence, eventsOf, type StoredEvent } from './feed.ts';

/** How late an event may be while another reader does not read: other work may stop the machine. */
const HELD_UP_MS = 5_000;

export function checkFeedReaders(evidence: Evidence): Violation[] {
  const stored = new Map(eventsOf(evidence).map((event) => [event.position, event]));
  const subjects = new Subjects(evidence);
  return [
    ...eventReadings.flatMap((reader) => {
      const received = evidence.feed.pages
        .filter((page) => page.reader === reader)
        .flatMap(({ events }) => events);
      return [
        ...checkReceived(reader, received, evidence),
        ...received.flatMap((event) => subjects.check(reader, event, stored.get(event.position))),
        ...checkReplay(reader, received, evidence),
      ];
    }),
    ...checkHolds(evidence),
    ...checkRefusals(evidence),
  ];
}

/** Each position once and in order, from the first to the last. Only what was removed may be missing. */
function checkReceived(
  reader: EventReading,
  received: readonly SeenEvent[],
  { feed, final }: Evidence,
): Violation[] {
  const hasExpired = feed.resumes.some((each) => each.reader === reader && each.reason === 'CURSOR_EXPIRED');
  const firstKept = final.batches[0]?.position ?? 1;
  if (hasExpired && feed.removed.length === 0) {
    return [{ kind: 'lost event', text: `${reader}: its cursor expired, and no event was removed` }];
  }
  const found = received.map(({ position }) => position);
  const seen = new Set(found);
  const stored = eventsOf({ final, feed }).findLast(({ position }) => position !== undefined)?.position ?? 0;
  const last = Math.max(feed.head, Math.min(stored, found.at(-1) ?? 0));
  const wanted = Array.from({ length: last }, (_, index) => index + 1).filter(
    (position) => !(hasExpired && position < firstKept && !seen.has(position)),
  );
  return checkSequence(`${reader}, positions`, found, wanted);
}

/** What the events are about, as the database has it in the end. */
class Subjects {
  readonly #orders: ReadonlyMap<number, FinalOrder>;
  readonly #movements: ReadonlyMap<string, FinalMovement>;

  constructor({ final }: Evidence) {
    this.#orders = new Map(final.orders.map((order) => [order.orderId, order]));
    this.#movements = new Map(final.movements.map((each) => [`${each.sku}/${each.version}`, each]));
  }

  /** An event has the content of the event at its position. */
  check(reader: EventReading, event: SeenEvent, stored: StoredEvent | undefined): Violation[] {
    if (stored === undefined) return [];
    const { order, stock, id, type, position } = event;
    const isStock = stored.kind === 'adjusted';
    const wanted = {
      id: `${isStock ? 'stock' : 'order'}/${stored.subject}/${stored.version}`,
      type: `loms.${isStock ? 'stock.adjusted' : typeOf(stored)}.v1`,
      ...(isStock ? { stock: this.#movementOf(stored) } : { order: this.#orderOf(stored) }),
    };
    const { status: _, previousStatus: __, reason: ___, ...ofOrder } = order ?? {};
    const found = { id, type, ...(order === undefined ? { stock } : { order: ofOrder }) };
    const name = `${reader}, position ${position}`;
    if (!isDeepStrictEqual(found, wanted)) {
      const text = `${name}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`;
      return [{ kind: 'wrong event', text }];
    }
    if (stored.kind !== 'expired' || event.timeMs >= (stored.endMs ?? 0)) return [];
    return [{ kind: 'expired too early', text: `${name}: at ${event.timeMs}, end ${stored.endMs}` }];
  }

  #orderOf({ subject, version, endMs }: StoredEvent) {
    const { user, lines } = this.#orders.get(subject) ?? {};
    return { orderId: subject, version, lines, ...(endMs === undefined ? {} : { endMs }), user };
  }

  #movementOf({ subject, version }: StoredEvent) {
    const movement = this.#movements.get(`${subject}/${version}`);
    if (movement === undefined) return undefined;
    const { sku, kind, totalChange, total, reserved, reference } = movement;
    return { sku, version, totalChange, total, reserved, kind, reference };
  }
}

function typeOf({ kind }: StoredEvent): string {
  return `order.${kind === 'payedLate' ? 'payed' : kind}`;
}

/** The status after an event of each type. */
const statusAfter: Readonly<Record<string, FinalOrder['status']>> = {
  'loms.order.created.v1': 'awaiting payment',
  'loms.order.extended.v1': 'awaiting payment',
  'loms.order.failed.v1': 'failed',
  'loms.order.payed.v1': 'payed',
  'loms.order.cancelled.v1': 'cancelled',
  'loms.order.expired.v1': 'cancelled',
};

/** A reader that applies the events of an order one after the other has the order. */
function checkReplay(reader: EventReading, received: readonly SeenEvent[], { final }: Evidence): Violation[] {
  const replayed = new Map<number, ReplayedOrder>();
  const violations: Violation[] = [];
  for (const { order, type, id } of received) {
    if (order === undefined) continue;
    const before = replayed.get(order.orderId);
    const { version, status, previousStatus, reason, endMs = before?.endMs } = order;
    // The events between may have been removed. Where they were not, a position is missing.
    const follows = version === (before?.version ?? 0) + 1;
    const isWhole = follows && (before?.isWhole ?? true);
    replayed.set(order.orderId, { version, status, reason, endMs, isWhole });
    if (status === statusAfter[type] && (!follows || previousStatus === before?.status)) continue;
    const text = `${reader}, ${id}: ${type}, from ${previousStatus} to ${status} after ${before?.status}`;
    violations.push({ kind: 'wrong event', text });
  }
  for (const { orderId, version, status, cancelReason: reason, expiresMs } of final.orders) {
    const last = replayed.get(orderId);
    if (last?.version !== version) continue;
    const { isWhole } = last;
    const order = { version, status, reason, endMs: isWhole ? expiresMs : last.endMs, isWhole };
    if (isDeepStrictEqual(last, order)) continue;
    const [is, stored] = [JSON.stringify(last), JSON.stringify(order)];
    const text = `${reader}, order ${orderId}: ${is} by its events, ${stored}`;
    violations.push({ kind: 'wrong event', text });
  }
  return violations;
}

interface ReplayedOrder {
  readonly version: number;
  readonly status: FinalOrder['status'];
  readonly reason: FinalOrder['cancelReason'];
  readonly endMs: number | undefined;
  /** All of its events were received: none was removed before. */
  readonly isWhole: boolean;
}

/** No reader is refused by a bug, or for a token that the service itself has made. */
function checkRefusals({ feed: { resumes } }: Evidence): Violation[] {
  const wrong = resumes.filter(({ reason }) => reason === 'INTERNAL' || reason === 'INVALID_REQUEST');
  return wrong.slice(0, 1).map(({ reader, reason, atMs }) => {
    const text = `${reader} at ${atMs.toFixed(1)} ms: ${reason}, ${wrong.length} in all`;
    return { kind: 'internal error', text };
  });
}

/** While some readers do not read, the others receive what happens. */
function checkHolds({ feed: { holds, pages }, startedAtMs }: Evidence): Violation[] {
  const held = new Set(holds.map(({ reader }) => reader));
  const isDuring = (ms: number) => holds.some(({ fromMs, untilMs }) => ms > fromMs && ms < untilMs);
  return eventReadings.flatMap((reader): Violation[] => {
    if (held.has(reader)) return [];
    let worstMs = 0;
    for (const page of pages) {
      if (page.reader !== reader) continue;
      for (const { timeMs } of page.events) {
        const happenedMs = timeMs - startedAtMs;
        if (isDuring(happenedMs)) worstMs = Math.max(worstMs, page.atMs - happenedMs);
      }
    }
    if (worstMs <= HELD_UP_MS) return [];
    const text = `${reader}: an event came after ${worstMs.toFixed(0)} ms, while ${[...held]} did not read`;
    return [{ kind: 'reader held up', text }];
  });
}
