/**
 * The newest pages of the feed, as they were read once for all streams at its end, with what was written of
 * them. The oldest ones are dropped, so that events and bytes are bounded.
 */
import type { Cursor } from '../domain/events/cursor.ts';
import type { FeedEvent } from '../domain/events/event.ts';
import type { EventPage } from '../domain/events/read.ts';

/** What streams of the same types over the same transport have in common. */
export interface EventView {
  wants(event: FeedEvent): boolean;
  /** The chunk of a page's wanted events. */
  encode(events: readonly FeedEvent[], next: Cursor): Uint8Array;
}

/** What a page has for a view: undefined where it has no wanted event. */
export interface ViewedPage {
  readonly chunk: Uint8Array | undefined;
  readonly next: Cursor;
}

export interface RingLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

interface RingPage {
  readonly after: Cursor;
  readonly events: readonly FeedEvent[];
  readonly next: Cursor;
  readonly chunks: Map<EventView, Uint8Array | undefined>;
  bytes: number;
}

/** About what the memory needs of an event, and of a line of it. */
const EVENT_BYTES = 500;
const LINE_BYTES = 60;

export class EventRing {
  readonly #limits: RingLimits;
  readonly #pages: RingPage[] = [];
  #end: Cursor | undefined;
  #events = 0;
  #bytes = 0;

  constructor(limits: RingLimits) {
    this.#limits = limits;
  }

  /** Where the next page begins; undefined while that is not known. */
  get end(): Cursor | undefined {
    return this.#end;
  }

  get events(): number {
    return this.#events;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Drops all pages. The next one begins at this cursor. */
  reset(end: Cursor | undefined): void {
    this.#pages.length = 0;
    this.#end = end;
    this.#events = 0;
    this.#bytes = 0;
  }

  /** Adds the page behind the end, with all its events. */
  append({ events, next }: EventPage): void {
    const after = this.#end;
    if (after === undefined) throw new Error('the page follows nothing');
    const lines = events.reduce((sum, event) => sum + ('items' in event ? event.items.length : 0), 0);
    const bytes = events.length * EVENT_BYTES + lines * LINE_BYTES;
    this.#pages.push({ after, events, next, chunks: new Map(), bytes });
    this.#end = next;
    this.#events += events.length;
    this.#bytes += bytes;
    this.#drop();
  }

  /** What a view has behind a cursor. Undefined where that is not kept, or the cursor is at the end. */
  behind(cursor: Cursor, view: EventView): ViewedPage | undefined {
    const page = this.#pages.findLast(({ after }) => after.position <= cursor.position);
    if (page === undefined || page.next.position <= cursor.position) return undefined;
    const { after, events, next } = page;
    const read = Number(cursor.position - after.position);
    if (read === 0) return after.us === cursor.us ? { chunk: this.#chunk(page, view), next } : undefined;
    // Within the page: this reader has read pages of its own.
    if (events[read - 1]?.us !== cursor.us) return undefined;
    return { chunk: encode(events.slice(read), next, view), next };
  }

  /** Forgets what was written for a view that nobody has any more. */
  forget(view: EventView): void {
    for (const page of this.#pages) {
      this.#resize(page, -(page.chunks.get(view)?.length ?? 0));
      page.chunks.delete(view);
    }
  }

  /** Written once, and kept unless the page alone would be too large. */
  #chunk(page: RingPage, view: EventView): Uint8Array | undefined {
    if (page.chunks.has(view)) return page.chunks.get(view);
    const chunk = encode(page.events, page.next, view);
    const bytes = chunk?.length ?? 0;
    if (page.bytes + bytes > this.#limits.bytesMax) return chunk;
    page.chunks.set(view, chunk);
    this.#resize(page, bytes);
    this.#drop();
    return chunk;
  }

  #resize(page: RingPage, bytes: number): void {
    page.bytes += bytes;
    this.#bytes += bytes;
  }

  #drop(): void {
    const { eventsMax, bytesMax } = this.#limits;
    while (this.#pages.length > 1 && (this.#events > eventsMax || this.#bytes > bytesMax)) {
      const page = this.#pages.shift();
      this.#events -= page?.events.length ?? 0;
      this.#bytes -= page?.bytes ?? 0;
    }
  }
}

function encode(events: readonly FeedEvent[], next: Cursor, view: EventView): Uint8Array | undefined {
  const wanted = events.filter((event) => view.wants(event));
  return wanted.length === 0 ? undefined : view.encode(wanted, next);
}
