/** Reading the feed, on any node. */
import type { Queryable } from '../../db/types.ts';
import {
  eventOrderRead,
  eventRead,
  eventStockRead,
  type IEventReadResult,
  type IEventStockReadResult,
} from '../../generated/sql/events.ts';
import { orderLineRead } from '../../generated/sql/orders.ts';
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
}

/** How many events are read at most, and how many positions are looked at for them. */
export interface EventLimits {
  readonly eventsMax: number;
  readonly scanMax: number;
}

/** How many lines of orders one statement reads. */
const LINES_MAX = 100_000;

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
  { eventsMax, scanMax }: EventLimits,
): Promise<EventPage> {
  const wanted = {
    after: cursor.position,
    scan: BigInt(scanMax),
    types: kindsOf(types),
    orderId,
    limit: BigInt(eventsMax),
  };
  const rows = await eventRead.run(wanted, db);
  const found = rows.filter(isEvent);
  return { events: await withContents(db, found), next: nextOf(rows[0], found, cursor, eventsMax) };
}

/** A page that is full ends with its last event, any other one with the last position that was looked at. */
function nextOf(
  first: IEventReadResult | undefined,
  found: readonly EventRow[],
  cursor: Cursor,
  eventsMax: number,
): Cursor {
  const last = found.length < eventsMax ? undefined : found.at(-1);
  if (last !== undefined) return { position: last.position, us: last.published_us };
  const { last_position: position, last_us: us } = first ?? {};
  return position == null || us == null || position <= cursor.position ? cursor : { position, us };
}

type EventRow = IEventReadResult & {
  readonly position: bigint;
  readonly created_us: bigint;
  readonly published_us: bigint;
  readonly type: string;
  readonly subject: bigint;
  readonly version: bigint;
};

function isEvent(row: IEventReadResult): row is EventRow {
  return row.position !== null;
}

/** Adds what never changes, and so is not kept twice: users and lines of orders, and movements of stock. */
async function withContents(db: Queryable, rows: readonly EventRow[]): Promise<FeedEvent[]> {
  const ofStock = rows.filter(({ type }) => type === STOCK_CHANGE);
  const ofOrders = ofStock.length === 0 ? rows : rows.filter(({ type }) => type !== STOCK_CHANGE);
  const orderIds = [...new Set(ofOrders.map(({ subject }) => subject))];
  const [orders, movements] = await Promise.all([readOrders(db, orderIds), readMovements(db, ofStock)]);
  return rows.map((row): FeedEvent => {
    const { position, version, subject, traceparent, end_us: endUs } = row;
    const head = { position, version, traceparent: traceparent || undefined };
    if (row.type === STOCK_CHANGE) {
      const movement = movements.get(`${subject} ${version}`);
      const time = instantOfMicros(row.created_us);
      return { ...head, type: 'stock.adjusted', time, sku: fromSkuColumn(subject), movement };
    }
    const { user, items } = orders.get(subject) ?? { user: undefined, items: [] };
    const expiresAt = endUs ? instantOfMicros(endUs) : undefined;
    const change = changeOf(row.type);
    // An order expires at its end, however long it took until its goods were released.
    const time = change.reason === 'expired' && expiresAt ? expiresAt : instantOfMicros(row.created_us);
    return { ...head, ...change, time, orderId: subject, expiresAt, user, items };
  });
}

type Change = Pick<Extract<FeedEvent, { orderId: bigint }>, 'type' | 'status' | 'previousStatus' | 'reason'>;

/** @throws for a kind that no version of the service has written. */
function changeOf(kind: string): Change {
  const change = (orderChanges as Record<string, Partial<Change>>)[kind];
  if (change === undefined) throw new Error(`unknown kind of event: ${kind}`);
  return { previousStatus: undefined, reason: undefined, ...change } as Change;
}

interface OrderContents {
  readonly user: bigint;
  readonly items: Line[];
}

/** Both in the order of their ids: an order has its lines before it is read, or was removed. */
async function readOrders(db: Queryable, orderIds: bigint[]): Promise<ReadonlyMap<bigint, OrderContents>> {
  if (orderIds.length === 0) return new Map();
  const [users, lines] = await Promise.all([
    eventOrderRead.run({ orderIds }, db),
    orderLineRead.run({ orderIds, limit: BigInt(LINES_MAX) }, db),
  ]);
  const contents = new Map(users.map((row) => [row.order_id, { user: row.user_id, items: [] as Line[] }]));
  for (const { order_id: id, sku, count } of lines.reverse()) {
    contents.get(id)?.items.push({ sku: fromSkuColumn(sku), count });
  }
  return contents;
}

async function readMovements(db: Queryable, rows: readonly EventRow[]) {
  if (rows.length === 0) return new Map<string, StockEventMovement>();
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
