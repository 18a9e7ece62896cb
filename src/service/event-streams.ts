/**
 * The streams of events of this process: opens them, and limits what they read and hold together. They hold
 * no place in a queue or batch.
 */
import type { Database, Reader } from '../db/types.ts';
import type { Call } from '../domain/call.ts';
import type { Cursor } from '../domain/events/cursor.ts';
import { eventToken, filterText, limitsOf, readFrom } from '../domain/events/list.ts';
import { type EventFilter, type EventPage, readEvents } from '../domain/events/read.ts';
import {
  beginOf,
  type EventStream,
  type PageEncoding,
  type WatchEventsRequest,
} from '../domain/events/watch.ts';
import { accepted, type Outcome, refused } from '../domain/outcome.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import type { Settings } from '../domain/settings.ts';
import type { Deadlines } from '../timing/deadlines.ts';
import type { EventView } from './event-ring.ts';
import { OpenEventStream } from './event-stream.ts';
import { EventTail } from './event-tail.ts';
import { refusalOf } from './failures.ts';
import type { FeedReaders } from './feed-readers.ts';
import type { FeedWatch } from './feed-watch.ts';

export interface EventStreamsOptions {
  readonly database: Pick<Database, 'read'>;
  readonly watch: FeedWatch;
  readonly readers: FeedReaders;
  readonly deadlines: Deadlines;
  readonly settings: Settings;
  /** Called with the error of a read that failed. */
  readonly onError: (error: unknown) => void;
}

/** How many pages streams read at a time, each on a connection of its own. */
const READS_MAX = 2;

/** One more for the end of the feed. */
export const STREAM_READS_MAX = READS_MAX + 1;

/**
 * The most events of a page that a stream reads for itself. The more streams do, the smaller are their pages:
 * each holds one that is sent and the next one, and the first of these have some HELD_EVENTS together.
 */
export const PAGE_EVENTS_MAX = 2_000;
const PAGE_EVENTS_MIN = 50;
const HELD_EVENTS = 50_000;

type Work<T> = (db: Reader) => Promise<T>;

/** A read that nobody wants any more when its turn comes. */
const DROPPED = Symbol('dropped');

interface Turn {
  readonly isWanted: () => boolean;
  take(read: boolean): void;
}

interface CountedView extends EventView {
  readonly key: string;
  streams: number;
}

const tooLate = refused(fixedRefusals.deadlineExceeded);

export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #tail: EventTail;
  readonly #views = new Map<PageEncoding, Map<string, CountedView>>();
  #behind = 0;
  #reading = 0;
  /** Those that wait for their turn to read: at most two for each reader that was admitted. */
  readonly #turns: Turn[] = [];

  constructor(options: EventStreamsOptions) {
    const { database, watch, deadlines, onError } = options;
    this.#options = options;
    this.#tail = new EventTail({ read: (work) => database.read(work), watch, deadlines, onError });
  }

  /**
   * Opens a stream: its first page is read by the deadline of the call, so that it is refused as a list is.
   */
  async open(request: WatchEventsRequest, call: Call): Promise<Outcome<EventStream>> {
    const { watch, readers, settings } = this.#options;
    if (watch.isStopped) return refused(fixedRefusals.shuttingDown);
    const begin = beginOf(request, settings);
    if (!begin.ok) return begin;
    const release = readers.enter(call.client);
    if (release === undefined) return refused(fixedRefusals.queueFull);
    const filter = { types: request.type };
    const reading = this.#readFirst((db) => readFrom(db, begin.value, filter, this.#pageEvents()), call);
    const first = await this.#options.deadlines.settleBy(reading, tooLate, call.deadlineMs);
    if (first.ok) return accepted(this.#stream(filter, request.encoding, first.value, release, call));
    // A read that goes on behind the deadline keeps its place: as many as have one wait for their turn.
    void reading.finally(release);
    return first;
  }

  /** Never throws. */
  async #readFirst(work: Work<EventPage | undefined>, { deadlineMs }: Call): Promise<Outcome<EventPage>> {
    const { deadlines, onError } = this.#options;
    try {
      const page = await this.#read(work, () => deadlines.now() < deadlineMs);
      if (page === DROPPED) return tooLate;
      return page === undefined ? refused(fixedRefusals.cursorExpired) : accepted(page);
    } catch (error) {
      onError(error);
      return refusalOf(error);
    }
  }

  #stream(
    filter: EventFilter,
    encoding: PageEncoding,
    first: EventPage,
    release: () => void,
    { credentialsEndMs }: Call,
  ): EventStream {
    const { deadlines, watch, onError } = this.#options;
    const view = this.#viewOf(filter, encoding);
    const context = {
      view,
      deadlines,
      onError,
      credentialsEndMs,
      tail: this.#tail,
      read: async (cursor: Cursor, isWanted: () => boolean) => {
        const limits = () => limitsOf(filter, this.#pageEvents());
        const page = await this.#read((db) => readEvents(db, cursor, filter, limits()), isWanted);
        return page === DROPPED ? undefined : page;
      },
      onBehind: (isBehind: boolean) => {
        this.#behind += isBehind ? 1 : -1;
      },
      onClose: () => {
        release();
        this.#leave(view, encoding);
      },
      isStopped: () => watch.isStopped,
    };
    return new OpenEventStream(context, first);
  }

  #pageEvents(): number {
    const share = Math.floor(HELD_EVENTS / Math.max(1, this.#behind));
    return Math.max(PAGE_EVENTS_MIN, Math.min(PAGE_EVENTS_MAX, share));
  }

  /** Reads when fewer than READS_MAX others read, if it is still wanted then. */
  async #read<T>(work: Work<T>, isWanted: () => boolean): Promise<T | typeof DROPPED> {
    if (this.#reading < READS_MAX) this.#reading++;
    else if (!(await new Promise<boolean>((take) => this.#turns.push({ isWanted, take })))) return DROPPED;
    try {
      return await this.#options.database.read(work);
    } finally {
      this.#handOn();
    }
  }

  /** Gives the turn to the next read that is wanted. */
  #handOn(): void {
    for (let next = this.#turns.shift(); next !== undefined; next = this.#turns.shift()) {
      const isWanted = next.isWanted();
      next.take(isWanted);
      if (isWanted) return;
    }
    this.#reading--;
  }

  #viewOf(filter: EventFilter, encoding: PageEncoding): CountedView {
    const views = this.#views.get(encoding) ?? new Map<string, CountedView>();
    this.#views.set(encoding, views);
    const key = filterText(filter);
    const view = views.get(key) ?? this.#newView(key, filter, encoding);
    views.set(key, view);
    view.streams++;
    return view;
  }

  #newView(key: string, filter: EventFilter, encode: PageEncoding): CountedView {
    const { pageTokenKey } = this.#options.settings;
    const types = new Set(filter.types);
    const tokenOf = (cursor: Cursor) => eventToken(pageTokenKey, filter, cursor);
    return {
      key,
      streams: 0,
      wants: ({ type }) => types.size === 0 || types.has(type),
      encode: (events, next) => encode(events, next, tokenOf),
    };
  }

  #leave(view: CountedView, encoding: PageEncoding): void {
    view.streams--;
    if (view.streams > 0) return;
    this.#views.get(encoding)?.delete(view.key);
    this.#tail.forget(view);
  }
}
