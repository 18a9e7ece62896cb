/** The list of events, oldest first. Its last page leads to the events that are still to come. */
import type { Reader } from '../../db/types.ts';
import type { Call } from '../call.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { pageSizeOf, pageToken, positionsOf } from '../page.ts';
import { fixedRefusals } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { invalidFields } from '../violations.ts';
import { type Cursor, headOf, startOf, tailOf } from './cursor.ts';
import type { EventType, FeedEvent } from './event.ts';
import { type EventFilter, type EventLimits, type EventPage, readEvents, readEventsBehind } from './read.ts';

export interface ListEventsRequest {
  readonly type: readonly EventType[];
  /** 0 for all. */
  readonly orderId: bigint;
  /** As it was sent: 0 stands for the default. */
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
  /** Where the first page begins. */
  readonly from: '' | 'beginning';
  /** How long the service waits for an event before it replies that there is none. */
  readonly waitSeconds: number;
}

/** Where a reader begins: behind a cursor, with the first event that is kept, or with the next one. */
export type Begin = Cursor | 'beginning' | 'now';

/** A request as a batch takes it. */
export interface EventPageToRead extends EventFilter {
  readonly begin: Begin;
  readonly pageSize: number;
}

export interface ListedEvents {
  readonly events: readonly FeedEvent[];
  readonly nextPageToken: string;
  /** What the token stands for. */
  readonly next: Cursor;
}

/** How many positions are looked at for a page of some events. */
export const EVENT_SCAN_MAX = 10_000;

/**
 * How many characters the lines of a page may have, as `sku count`, and bytes its texts. Over gRPC lines take
 * about as many bytes, and what else events have less than another million; clients accept 4 MiB by default.
 */
const EVENT_TEXT_MAX = 1_000_000;

/** Names the list and all that selects its events in its tokens. */
export function filterText({ types, orderId = 0n }: EventFilter): string {
  return `events ${[...new Set(types)].sort().join()} ${orderId}`;
}

/** The token of a cursor, for readers with the same filter. */
export function eventToken(key: Uint8Array, filter: EventFilter, { position, us }: Cursor): string {
  return pageToken(key, filterText(filter), position, us);
}

/** The cursor of a token; undefined when it was not made with this key for this filter. */
export function cursorOf(key: Uint8Array, filter: EventFilter, token: string): Cursor | undefined {
  const [position, us] = positionsOf(key, filterText(filter), token, 2) ?? [];
  return position === undefined || us === undefined ? undefined : { position, us };
}

/** Reads the token of a request. Refuses with INVALID_REQUEST one that was made for another filter. */
export function prepareEventPage(
  { type, orderId, pageSize, pageToken: token, from }: ListEventsRequest,
  _call: Call,
  { pageTokenKey }: Settings,
): Outcome<EventPageToRead> {
  const filter = { types: type, orderId };
  if (token !== '' && from !== '') return refused(invalidFields('ListEventsRequest', ['from']));
  const begin = token === '' ? from || 'now' : cursorOf(pageTokenKey, filter, token);
  if (begin === undefined) return refused(invalidFields('ListEventsRequest', ['pageToken']));
  return accepted({ ...filter, begin, pageSize: pageSizeOf(pageSize) });
}

/** Reads a page for each request. Refuses with CURSOR_EXPIRED. */
export async function listEvents(
  db: Reader,
  requests: readonly EventPageToRead[],
  { pageTokenKey }: Settings,
): Promise<Outcome<ListedEvents>[]> {
  const pages: Outcome<ListedEvents>[] = [];
  for (const { begin, pageSize, ...filter } of requests) {
    const page = await readFrom(db, begin, filter, pageSize);
    if (page === undefined) pages.push(refused(fixedRefusals.cursorExpired));
    else pages.push(accepted({ ...page, nextPageToken: eventToken(pageTokenKey, filter, page.next) }));
  }
  return pages;
}

/** Reads up to `eventsMax` events. Returns undefined where the cursor has expired. */
export async function readFrom(
  db: Reader,
  begin: Begin,
  filter: EventFilter,
  eventsMax: number,
): Promise<EventPage | undefined> {
  const limits = limitsOf(filter, eventsMax);
  if (begin === 'now') return { events: [], next: await headOf(db), more: false };
  if (begin !== 'beginning') return readEvents(db, begin, filter, limits);
  const { orderId = 0n } = filter;
  const position = orderId > 0n ? await startOf(db, orderId) : await tailOf(db);
  return readEventsBehind(db, { position, us: 0n }, filter, limits);
}

/** The limits of a page of `eventsMax` events. */
export function limitsOf({ types, orderId = 0n }: EventFilter, eventsMax: number): EventLimits {
  const isSelective = types.length > 0 || orderId > 0n;
  return { eventsMax, scanMax: isSelective ? EVENT_SCAN_MAX : eventsMax, textMax: EVENT_TEXT_MAX };
}
