/** Reading the feed, on any node. */
import type { Queryable, Reader } from '../../db/types.ts';
import { eventRead, type IEventReadResult } from '../../generated/sql/events.ts';
import { type Instant, instantOfMicros } from '../instant.ts';
import { fromSkuColumn } from '../orders/order.ts';
import { type Movements, movementKey, type Orders, REMOVED, readMovements, readOrders } from './contents.ts';
import { type Cursor, stateOf } from './cursor.ts';
import { type EventType, type FeedEvent, kindsOf, orderChanges, STOCK_CHANGE } from './event.ts';

/** Which events a reader wants. */
export interface EventFilter {
  /** All where it is empty. */
  readonly types: readonly EventType[];
  readonly orderId?: bigint | undefined;
}

export interface EventPage {
  readonly events: readonly FeedEvent[];
  /** Behind all that was read, also where it was not wanted. */
  readonly next: Cursor;
  /** Whether a limit has ended it, so that more may follow at once. */
  readonly more: boolean;
}

/** What bounds a page. It has one event at least, if there is one. */
export interface EventLimits {
  readonly eventsMax: number;
  /** How many positions are looked at for them. */
  readonly scanMax: number;
  /**
   * How many characters the lines of their orders may have, as the statement writes them, and bytes the texts
   * of their movements.
   */
  readonly textMax: number;
}

/**
 * Reads what follows a cursor.
 *
 * @returns undefined where the cursor has expired.
 */
export async function readEvents(
  db: Reader,
  cursor: Cursor,
  filter: EventFilter,
  limits: EventLimits,
): Promise<EventPage | undefined> {
  const page = await readEventsBehind(db, cursor, filter, limits);
  // Checked after the read. Removal begins with the oldest events: if that of the cursor is still there, none
  // behind it was removed.
  return (await stateOf(db, cursor)) === 'expired' ? undefined : page;
}

/** The same without a look at the cursor. */
export async function readEventsBehind(
  db: Queryable,
  cursor: Cursor,
  filter: EventFilter,
  { eventsMax, scanMax, textMax }: EventLimits,
): Promise<EventPage> {
  const batches = await eventRead.run({ after: cursor.position, scan: BigInt(scanMax) }, db);
  const newest = batches.at(-1);
  if (newest === undefined) return { events: [], next: cursor, more: false };
  const scanned = { position: newest.position + BigInt(newest.event_count) - 1n, us: newest.published_us };
  const wanted = entriesOf(batches, filter, eventsMax);
  const orderIds = new Set(wanted.filter((entry) => !isOfStock(entry)).map(({ subject }) => subject));
  const orders = await readOrders(db, [...orderIds], textMax);
  const changes = wanted.filter(isOfStock).map(({ subject: sku, version }) => ({ sku, version }));
  const movements = await readMovements(db, changes);
  const described = wanted.slice(0, fittingCount(wanted, orders, movements, textMax));
  const last = described.at(-1);
  const isCut = wanted.length === eventsMax || described.length < wanted.length;
  const next = isCut && last ? { position: last.position, us: last.us } : scanned;
  const more = next.position < scanned.position || scanned.position === cursor.position + BigInt(scanMax);
  return { events: described.map((entry) => eventOf(entry, orders, movements)), next, more };
}

/** What a batch has of an event. */
interface Entry {
  readonly position: bigint;
  readonly us: bigint;
  readonly writtenAt: Instant;
  readonly kind: string;
  readonly subject: bigint;
  readonly version: bigint;
  /** 0 for none. */
  readonly endUs: bigint;
  readonly traceparent: string | undefined;
}

function isOfStock({ kind }: Entry): boolean {
  return kind === STOCK_CHANGE;
}

/** The wanted events of batches, up to a limit. */
function entriesOf(
  batches: readonly IEventReadResult[],
  { types, orderId = 0n }: EventFilter,
  eventsMax: number,
): Entry[] {
  const kinds = types.length === 0 ? undefined : new Set<string>(kindsOf(types));
  const orderText = orderId === 0n ? undefined : String(orderId);
  const entries: Entry[] = [];
  for (const batch of batches) {
    const writtenAt = instantOfMicros(batch.created_us);
    const subjects = batch.subjects.split(' ');
    const versions = batch.versions.split(' ');
    const ends = batch.ends_us.split(' ');
    const traceparents = batch.traceparents.split(' ');
    for (const [index, kind] of batch.types.split(' ').entries()) {
      const subject = subjects[index] ?? '';
      if (kinds?.has(kind) === false) continue;
      if (orderText !== undefined && (subject !== orderText || kind === STOCK_CHANGE)) continue;
      if (entries.length === eventsMax) return entries;
      entries.push({
        position: batch.position + BigInt(index),
        us: batch.published_us,
        writtenAt,
        kind,
        subject: BigInt(subject),
        version: BigInt(versions[index] ?? ''),
        endUs: BigInt(ends[index] ?? ''),
        traceparent: traceparents[index] || undefined,
      });
    }
  }
  return entries;
}

/** How many events a page has room for: those whose orders were read, up to a limit of text. */
function fittingCount(
  entries: readonly Entry[],
  orders: Orders,
  movements: Movements,
  textMax: number,
): number {
  let size = 0;
  const over = entries.findIndex((entry) => {
    const text = isOfStock(entry)
      ? (movements.get(keyOf(entry))?.textBytes ?? 0)
      : orders.get(entry.subject)?.chars;
    if (text === undefined || size >= textMax) return true;
    size += text;
    return false;
  });
  return over < 0 ? entries.length : over;
}

function keyOf({ subject: sku, version }: Entry): string {
  return movementKey({ sku, version });
}

/** An object of one shape: with spreads it takes several times as long, which shows in a long read. */
function eventOf(entry: Entry, orders: Orders, movements: Movements): FeedEvent {
  const { position, us, version, subject, traceparent, writtenAt } = entry;
  if (isOfStock(entry)) {
    const movement = movements.get(keyOf(entry))?.movement;
    const head = { position, us, version, traceparent, time: writtenAt };
    return { ...head, type: 'stock.adjusted', sku: fromSkuColumn(subject), movement };
  }
  const { type, status, previousStatus, reason } = changeOf(entry.kind);
  const expiresAt = entry.endUs ? instantOfMicros(entry.endUs) : undefined;
  const { user, items } = orders.get(subject) ?? REMOVED;
  return {
    position,
    us,
    type,
    version,
    // An order expires at its end, however long it took until its goods were released.
    time: reason === 'expired' && expiresAt ? expiresAt : writtenAt,
    traceparent,
    orderId: subject,
    status,
    previousStatus,
    reason,
    expiresAt,
    user,
    items,
  };
}

type Change = Pick<Extract<FeedEvent, { orderId: bigint }>, 'type' | 'status' | 'previousStatus' | 'reason'>;

/** @throws for a kind that no version of the service has written. */
function changeOf(kind: string): Change {
  const change = changes.get(kind);
  if (change === undefined) throw new Error(`unknown kind of event: ${kind}`);
  return change;
}

/** All of one shape, see above. */
const changes = new Map(
  Object.entries<Partial<Change>>(orderChanges).map(([kind, { type, status, previousStatus, reason }]) => [
    kind,
    { type, status, previousStatus, reason } as Change,
  ]),
);
