/**
 * The event feed in the database: positions without gaps, every change of an order and every change of stock
 * by hand once and in order, and the copy of the stock that follows from it. What readers received is checked
 * in `feed-readers.ts`, what calls have caused in `feed-causes.ts`.
 */
import type { ChangeKind } from '../../../src/domain/events/event.ts';
import type { FinalBatch } from '../final-state.ts';
import type { Evidence, Violation, ViolationKind } from './evidence.ts';
import { isByHand, movementsBySku } from './ledger.ts';

/** An event as the database has it. */
export interface StoredEvent {
  /** Undefined where it is not published. */
  readonly position: number | undefined;
  readonly kind: ChangeKind;
  /** The order or sku. */
  readonly subject: number;
  readonly version: number;
  readonly endMs: number | undefined;
}

export function checkFeed(evidence: Evidence): Violation[] {
  const batches = batchesOf(evidence);
  const events = eventsOf(evidence);
  return [
    ...checkPositions(batches),
    ...checkOrders(evidence, events),
    ...checkStock(evidence, events),
    ...checkCopy(evidence),
  ];
}

/** All batches, also those that the run has removed, in the order of the feed. */
function batchesOf({ final, feed }: Pick<Evidence, 'final' | 'feed'>): readonly FinalBatch[] {
  return [...feed.removed, ...final.batches];
}

/** All events, in the order of the feed. */
export function eventsOf(evidence: Pick<Evidence, 'final' | 'feed'>): StoredEvent[] {
  return batchesOf(evidence).flatMap(({ position, kinds, subjects, versions, endsMs }) =>
    kinds.map((kind, index) => ({
      position: position === undefined ? undefined : position + index,
      kind,
      subject: subjects[index] ?? 0,
      version: versions[index] ?? 0,
      endMs: endsMs[index] || undefined,
    })),
  );
}

function checkPositions(batches: readonly FinalBatch[]): Violation[] {
  const violations: Violation[] = [];
  let next = 1;
  for (const { batchId, position, kinds } of batches) {
    if (position === undefined) {
      violations.push({ kind: 'not published', text: `batch ${batchId} with ${kinds.length} events` });
      continue;
    }
    if (position !== next) {
      violations.push({
        kind: 'gap in the feed',
        text: `batch ${batchId} begins at ${position}, not ${next}`,
      });
    }
    next = position + kinds.length;
  }
  return violations;
}

/** The versions of each order are 1, 2, 3 up to that of its row. */
function checkOrders({ final }: Evidence, events: readonly StoredEvent[]): Violation[] {
  const versions = versionsBySubject(events.filter(({ kind }) => kind !== 'adjusted'));
  const known = new Set(final.orders.map(({ orderId }) => orderId));
  const unknown = [...versions.keys()].filter((orderId) => !known.has(orderId));
  return [
    ...unknown.map((orderId): Violation => ({ kind: 'wrong event', text: `there is no order ${orderId}` })),
    ...final.orders.flatMap(({ orderId, version }) =>
      checkSequence(`order ${orderId}, versions`, versions.get(orderId) ?? [], numbersUpTo(version)),
    ),
  ];
}

/** The events of each sku are its movements by hand. */
function checkStock({ final }: Evidence, events: readonly StoredEvent[]): Violation[] {
  const versions = versionsBySubject(events.filter(({ kind }) => kind === 'adjusted'));
  const bySku = movementsBySku(final);
  return [...new Set([...bySku.keys(), ...versions.keys()])].flatMap((sku) => {
    const wanted = (bySku.get(sku) ?? []).filter(isByHand).map(({ version }) => version);
    return checkSequence(`sku ${sku}, versions`, versions.get(sku) ?? [], wanted);
  });
}

function versionsBySubject(events: readonly StoredEvent[]): Map<number, number[]> {
  const versions = new Map<number, number[]>();
  for (const { subject, version } of events) {
    const ofSubject = versions.get(subject);
    if (ofSubject === undefined) versions.set(subject, [version]);
    else ofSubject.push(version);
  }
  return versions;
}

/**
 * The copy of the stock is the stock. Where the feed went on after the copy was finished, it is what the sku
 * had at some time.
 */
function checkCopy({ final, feed: { head, copy } }: Evidence): Violation[] {
  const later = final.batches.filter(({ position }) => position === undefined || position > head);
  const changed = new Set(later.flatMap(({ skus }) => skus));
  const bySku = movementsBySku(final);
  const stocks = new Map(final.stocks.map((stock) => [stock.sku, stock]));
  return [...new Set([...stocks.keys(), ...copy.keys()])].flatMap((sku): Violation[] => {
    const copied = copy.get(sku);
    const possible = [...(changed.has(sku) ? (bySku.get(sku) ?? []) : []), stocks.get(sku)];
    const isRight = possible.some((each) => {
      return each?.total === copied?.total && each?.reserved === copied?.reserved;
    });
    if (isRight) return [];
    const { total, reserved } = stocks.get(sku) ?? {};
    const text = `sku ${sku}: ${copied?.reserved} reserved of ${copied?.total}, not ${reserved} of ${total}`;
    return [{ kind: 'wrong copy of the stock', text }];
  });
}

export function numbersUpTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

/** Compares numbers with those that should have come, each once, in ascending order. */
export function checkSequence(
  name: string,
  found: readonly number[],
  wanted: readonly number[],
): Violation[] {
  const seen = new Set<number>();
  const twice: number[] = [];
  const late: number[] = [];
  let last = 0;
  for (const number of found) {
    if (seen.has(number)) twice.push(number);
    else if (number < last) late.push(number);
    seen.add(number);
    last = Math.max(last, number);
  }
  const rights = new Set(wanted);
  return [
    ...shown('event twice', name, twice),
    ...shown('event out of order', name, late),
    ...shown(
      'lost event',
      name,
      wanted.filter((number) => !seen.has(number)),
    ),
    ...shown(
      'wrong event',
      name,
      [...seen].filter((number) => !rights.has(number)),
    ),
  ];
}

const SHOWN_MAX = 5;

/** One violation for all of them, so that a report stays short. */
function shown(kind: ViolationKind, name: string, numbers: readonly number[]): Violation[] {
  if (numbers.length === 0) return [];
  const rest = numbers.length > SHOWN_MAX ? `, ${numbers.length} in all` : '';
  return [{ kind, text: `${name}: ${numbers.slice(0, SHOWN_MAX).join(', ')}${rest}` }];
}
