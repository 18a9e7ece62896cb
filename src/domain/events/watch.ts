/** Streams of events: what a transport asks for, and what it gets, chunk by chunk. */
import type { Outcome } from '../outcome.ts';
import { refused } from '../outcome.ts';
import type { Settings } from '../settings.ts';
import { invalidFields } from '../violations.ts';
import type { Cursor } from './cursor.ts';
import type { EventType, FeedEvent } from './event.ts';
import { type Begin, cursorOf } from './list.ts';

export interface WatchEventsRequest {
  readonly type: readonly EventType[];
  /** Of the stream or of the list; empty to begin as `from`. */
  readonly pageToken: string;
  /** Where a stream without a token begins. */
  readonly from: '' | 'beginning';
  /** How the transport writes it. Streams with the same one and the same types share what is written. */
  readonly encoding: PageEncoding;
}

/** How long a stream sends nothing at most, in milliseconds. */
export const BOOKMARK_MS = 15_000;

/** Writes a page of events as one chunk of a stream; without events it is a bookmark. */
export type PageEncoding = (
  events: readonly FeedEvent[],
  next: Cursor,
  tokenOf: (cursor: Cursor) => string,
) => Uint8Array;

/** An open stream. Whoever has it calls `close` at its end, however it ends. */
export interface EventStream {
  /**
   * Resolves to the next chunk, or to the refusal that ends the stream: CURSOR_EXPIRED, CREDENTIALS_INVALID,
   * SHUTTING_DOWN or INTERNAL; to undefined once it is closed. It is called again when the chunk was written.
   */
  next(): Promise<Outcome<Uint8Array> | undefined>;
  close(): void;
}

/** Where a stream begins. Refuses with INVALID_REQUEST a token of another filter, and one beside `from`. */
export function beginOf(
  { type: types, pageToken: token, from }: WatchEventsRequest,
  { pageTokenKey }: Settings,
): Outcome<Begin> {
  if (token !== '' && from !== '') return refused(invalidFields('WatchEventsRequest', ['from']));
  const begin = token === '' ? from || 'now' : cursorOf(pageTokenKey, { types }, token);
  if (begin === undefined) return refused(invalidFields('WatchEventsRequest', ['pageToken']));
  return { ok: true, value: begin };
}
