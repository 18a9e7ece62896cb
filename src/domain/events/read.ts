/** Reading the feed, on any node. */
import type { Queryable } from '../../db/types.ts';
import {
  eventRead,
  eventStockRead,
  type IEventReadResult,
  type IEventStockReadResult,
} from '../../generated/sql/events.ts';
import { instantOfMicros } from '../instant.ts';
import { fromSkuColumn, type Line } from '../orders/order.ts';
import { movementKinds } from '../stock/movements.ts';
import { type Cursor, stateOf } from './cursor.ts';
import {
  type EventType,
  type FeedEvent,
  kindsOf,
  orderChanges,
  STOCK_CHANGE,
  type StockEventMovement,
} from './event.ts';

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
  /** How many characters the lines of their orders may have, as the statement writes them. */
  readonly textMax: number;
}

/**
 * Reads what follows a cursor.
 *
 * @returns undefined where the cursor has expired.
 */
export async function readEvents(
  db: Queryable,
  cursor: Cursor,
  filter: EventFilter,
  limits: EventLimits,
): Promise<EventPage | undefined> {
  const page = await readEventsBehind(db, cursor, filter, limits);
  // Afterwards: what is removed first is what the cursor is at.
  return (await stateOf(db, cursor)) === 'expired' ? undefined : page;
}

/** The same without a look at the cursor. */
export async function readEventsBehind(
  db: Queryable,
  cursor: Cursor,
  { types, orderId = 0n }: EventFilter,
  { eventsMax, scanMax, textMax }: EventLimits,
): Promise<EventPage> {
  const wanted = {
    after: cursor.position,
    scan: BigInt(scanMax),
    types: kindsOf(types),
    orderId,
    limit: BigInt(eventsMax),
    textMax: BigInt(textMax),
  };
  const rows = await eventRead.run(wanted, db);
  const found = isEvent(rows[0]) ? (rows as EventRow[]) : [];
  const { last_position: position, last_us: us, found_count: count } = rows[0] ?? {};
  const scanned = position == null || us == null || position <= cursor.position ? cursor : { position, us };
  const last = found.at(-1);
  const isCut = count === eventsMax || found.length < (count ?? 0);
  const next = isCut && last ? { position: last.position, us: last.created_us } : scanned;
  const more = next.position < scanned.position || scanned.position === cursor.position + wanted.scan;
  return { events: eventsOf(found, await readMovements(db, found)), next, more };
}

type EventRow = IEventReadResult & {
  readonly position: bigint;
  readonly created_us: bigint;
  readonly type: string;
  readonly subject: bigint;
  readonly version: bigint;
};

function isEvent(row: IEventReadResult | undefined): boolean {
  return row !== undefined && row.position !== null;
}

/** An array of one shape: with spreads it takes several times as long, which shows in a long read. */
function eventsOf(rows: readonly EventRow[], movements: Movements): FeedEvent[] {
  return rows.map((row): FeedEvent => {
    const { position, created_us: us, version, subject } = row;
    const traceparent = row.traceparent || undefined;
    if (row.type === STOCK_CHANGE) {
      const movement = movements.get(`${subject} ${version}`);
      const head = { position, us, version, traceparent, time: instantOfMicros(us) };
      return { ...head, type: 'stock.adjusted', sku: fromSkuColumn(subject), movement };
    }
    const { type, status, previousStatus, reason } = changeOf(row.type);
    const expiresAt = row.end_us ? instantOfMicros(row.end_us) : undefined;
    return {
      position,
      us,
      type,
      version,
      // An order expires at its end, however long it took until its goods were released.
      time: reason === 'expired' && expiresAt ? expiresAt : instantOfMicros(us),
      traceparent,
      orderId: subject,
      status,
      previousStatus,
      reason,
      expiresAt,
      // An order has its lines before it is read, or was removed.
      user: row.user_id ?? undefined,
      items: row.user_id === null || row.lines === null ? [] : linesOf(row.lines),
    };
  });
}

/** The lines of `sku count sku count`. */
function linesOf(text: string): Line[] {
  const numbers = text.split(' ');
  const lines: Line[] = [];
  for (let index = 0; index < numbers.length; index += 2)
    lines.push({ sku: Number(numbers[index]), count: Number(numbers[index + 1]) });
  return lines;
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

type Movements = ReadonlyMap<string, StockEventMovement>;

const NO_MOVEMENTS: Movements = new Map();

async function readMovements(db: Queryable, all: readonly EventRow[]): Promise<Movements> {
  const rows = all.filter(({ type }) => type === STOCK_CHANGE);
  if (rows.length === 0) return NO_MOVEMENTS;
  const columns = {
    skus: rows.map(({ subject }) => subject),
    versions: rows.map(({ version }) => version),
  };
  const found = await eventStockRead.run(columns, db);
  return new Map(found.map((row) => [`${row.sku} ${row.version}`, movementOf(row)]));
}

function movementOf(row: IEventStockReadResult): StockEventMovement {
  const kind = movementKinds.find((known) => known === row.kind);
  if (kind === undefined) throw new Error(`unknown kind of movement: ${row.kind}`);
  return {
    kind,
    totalChange: row.total_change,
    total: row.total_after,
    reserved: row.reserved_after,
    reason: row.reason ?? undefined,
    reference: row.reference ?? undefined,
    note: row.note ?? undefined,
    actor: row.actor ?? undefined,
  };
}
