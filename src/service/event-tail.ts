/**
 * The end of the feed: reads each new page once, for all streams that wait there. It reads only while one
 * waits.
 */
import { isOutage } from '../db/errors.ts';
import type { Database } from '../db/types.ts';
import type { Cursor } from '../domain/events/cursor.ts';
import { limitsOf } from '../domain/events/list.ts';
import { readEvents } from '../domain/events/read.ts';
import type { Deadlines } from '../timing/deadlines.ts';
import { LoopShare } from '../timing/loop-share.ts';
import { EventRing, type EventView, type ViewedPage } from './event-ring.ts';
import type { FeedWatch } from './feed-watch.ts';

export interface EventTailOptions {
  readonly read: Database['read'];
  readonly watch: FeedWatch;
  readonly deadlines: Deadlines;
  /** What the streams may take of the event loop; that of this process unless given. */
  readonly share?: LoopShare;
  /** Called with the error of a read that failed. */
  readonly onError: (error: unknown) => void;
}

/** What the ring keeps. A stream that is further behind reads pages of its own. */
export const RING_LIMITS = { eventsMax: 20_000, bytesMax: 32 * 1024 * 1024 };

/** The most events of a page. At a high rate a publisher's run has fewer. */
const PAGE_EVENTS = 1_000;

const ALL = { types: [] };

/**
 * The least time between two pages, in milliseconds: so much for each stream that waits, up to a limit. With
 * many of them a page costs most by being sent so often, and at a high rate longer pages are fewer.
 */
const GAP_PER_STREAM_MS = 0.25;
const GAP_MAX_MS = 50;

/**
 * About how long it takes the event loop to send a page, for each stream and for each byte. It is not
 * measured: with many streams, most is sent when sockets have room again, among the work of requests.
 */
const SEND_MS_PER_STREAM = 0.02;
const SEND_MS_PER_BYTE = 1e-6;

/** The most time between two pages, in milliseconds: what a stop waits for. */
const TIME_MAX_MS = 1_000;

/** The pause before the next read of a node that is behind the cursor, and after one that failed, in ms. */
export const BEHIND_MS = 10;
export const OUTAGE_PAUSE_MS = 250;

export class EventTail {
  readonly #options: EventTailOptions;
  readonly #ring = new EventRing(RING_LIMITS);
  readonly #share: LoopShare;
  /** What wakes each stream that waits, and what it wants. */
  readonly #waiting = new Map<() => void, EventView>();
  #isFollowing = false;
  /** Ends the wait for the next page when nobody waits for it any more. */
  #growing = new AbortController();

  constructor(options: EventTailOptions) {
    this.#options = options;
    this.#share = options.share ?? new LoopShare();
  }

  /** What a view has behind a cursor, if it is kept. */
  behind(cursor: Cursor, view: EventView): ViewedPage | undefined {
    return this.#ring.behind(cursor, view);
  }

  forget(view: EventView): void {
    this.#ring.forget(view);
  }

  /** Whether it knows where the next page begins. */
  get isKnown(): boolean {
    return this.#ring.end !== undefined;
  }

  /**
   * Lets a stream in that has found nothing behind its cursor. Returns whether it may wait here: not where it
   * is behind what others have read, from a node that is further. If the tail is behind the stream, the
   * stream waits until the tail reaches it.
   */
  join(cursor: Cursor): boolean {
    const { end } = this.#ring;
    const distance = end === undefined ? undefined : cursor.position - end.position;
    if (distance === undefined || (distance > 0 && !this.#isFollowing)) this.#ring.reset(cursor);
    return distance === undefined || distance >= 0;
  }

  /** Calls `wake` each time that there is more to read, and at the stop, until it leaves. */
  enter(wake: () => void, view: EventView): void {
    this.#waiting.set(wake, view);
    if (!this.#isFollowing) void this.#follow();
  }

  leave(wake: () => void): void {
    this.#waiting.delete(wake);
    if (this.#waiting.size === 0) this.#growing.abort();
  }

  async #follow(): Promise<void> {
    const { watch, deadlines } = this.#options;
    this.#isFollowing = true;
    while (this.#waiting.size > 0 && !watch.isStopped) {
      this.#growing = new AbortController();
      const pauseMs = await this.#grow(this.#growing.signal);
      if (pauseMs > 0) await deadlines.pause(pauseMs);
    }
    this.#isFollowing = false;
    this.#wake();
  }

  /** Reads the next page. Returns the time until the one behind it, in milliseconds. */
  async #grow(signal: AbortSignal): Promise<number> {
    const { watch, read, onError } = this.#options;
    const { end } = this.#ring;
    try {
      if (end !== undefined) await watch.waitBehind(end.position, signal);
      if (end === undefined || signal.aborted || watch.isStopped) return 0;
      const page = await read((db) => readEvents(db, end, ALL, limitsOf(ALL, PAGE_EVENTS)));
      if (page !== undefined && page.next.position === end.position) return BEHIND_MS;
      if (page === undefined) this.#ring.reset(undefined);
      else this.#ring.append(page);
      return this.#send(end, page?.more ?? false);
    } catch (error) {
      onError(error);
      // What is no outage ends the streams: each of them reads by itself, and fails likewise.
      if (!isOutage(error)) {
        this.#ring.reset(undefined);
        this.#wake();
      }
      return OUTAGE_PAUSE_MS;
    }
  }

  /**
   * Lets all streams write the page. Returns the time until the next one, in milliseconds. Requests go first:
   * at a high load many streams are late together, and nothing more is read for them meanwhile.
   */
  #send(after: Cursor, isMore: boolean): number {
    const streams = new Map<EventView, number>();
    for (const view of this.#waiting.values()) streams.set(view, (streams.get(view) ?? 0) + 1);
    let sendMs = 0;
    for (const [view, count] of streams) {
      const bytes = this.#ring.behind(after, view)?.chunk?.length ?? 0;
      sendMs += count * (SEND_MS_PER_STREAM + bytes * SEND_MS_PER_BYTE);
    }
    const gapMs = isMore ? 0 : Math.min(GAP_MAX_MS, this.#waiting.size * GAP_PER_STREAM_MS);
    this.#wake();
    return Math.min(TIME_MAX_MS, Math.max(gapMs, this.#share.timeFor(sendMs)));
  }

  #wake(): void {
    for (const wake of this.#waiting.keys()) wake();
  }
}
