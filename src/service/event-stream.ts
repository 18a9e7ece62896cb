/**
 * One stream of events. At the end of the feed it gets what all streams there share; behind that it reads
 * pages of its own, the next one while the present one is written. It holds no more than these two.
 */
import { isOutage } from '../db/errors.ts';
import type { Cursor } from '../domain/events/cursor.ts';
import type { EventPage } from '../domain/events/read.ts';
import { BOOKMARK_MS, type EventStream } from '../domain/events/watch.ts';
import { accepted, type Outcome, type Refusal, refused } from '../domain/outcome.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import type { Deadlines } from '../timing/deadlines.ts';
import type { EventView, ViewedPage } from './event-ring.ts';
import { BEHIND_MS, type EventTail, OUTAGE_PAUSE_MS } from './event-tail.ts';

/** Its own read goes on, and the stream has something to send meanwhile, or ends. */
const READING = Symbol('reading');

/** What a stream has of the streams of its process. */
export interface StreamContext {
  readonly view: EventView;
  readonly tail: EventTail;
  readonly deadlines: Deadlines;
  /**
   * Reads what follows a cursor, if that is still wanted when it is its turn; undefined where it is not, or
   * where the cursor has expired.
   */
  readonly read: (cursor: Cursor, isWanted: () => boolean) => Promise<EventPage | undefined>;
  /** Called when it begins or ends to read pages of its own. */
  readonly onBehind: (isBehind: boolean) => void;
  readonly onError: (error: unknown) => void;
  readonly onClose: () => void;
  readonly isStopped: () => boolean;
  /** When the caller's credentials end, in milliseconds on the clock of the deadlines. */
  readonly credentialsEndMs: number;
}

export class OpenEventStream implements EventStream {
  readonly #context: StreamContext;
  readonly #credentialsEnd: { readonly deadlineMs: number; onTimeout(): void };
  readonly #bookmark = { deadlineMs: 0, onTimeout: () => this.#wake() };
  #cursor: Cursor;
  #first: EventPage | undefined;
  /** What follows the cursor, where it is being read, or was read before it is asked for. */
  #ahead: Promise<EventPage | undefined> | undefined;
  /** Whether the last page of its own has ended where the feed did. */
  #isAtHead = false;
  #isBehind = false;
  #isClosed = false;
  #refusal: Refusal | undefined;
  #wake = () => {};

  /** @param first what follows the place where it begins. */
  constructor(context: StreamContext, first: EventPage) {
    const { deadlines, credentialsEndMs: deadlineMs } = context;
    this.#context = context;
    this.#cursor = first.next;
    this.#isAtHead = !first.more;
    this.#first = first;
    this.#credentialsEnd = { deadlineMs, onTimeout: () => this.#end(fixedRefusals.credentialsInvalid) };
    if (Number.isFinite(deadlineMs)) deadlines.add(this.#credentialsEnd);
    // It holds its first page, so the pages of those that open next are smaller.
    this.#setBehind(first.more);
  }

  async next(): Promise<Outcome<Uint8Array> | undefined> {
    const { deadlines, view, isStopped } = this.#context;
    if (this.#first !== undefined) {
      const { events, next } = this.#first;
      this.#first = undefined;
      return this.#sent(view.encode(events, next));
    }
    while (!this.#isClosed) {
      if (this.#refusal !== undefined) return refused(this.#refusal);
      if (isStopped()) {
        this.#refusal = fixedRefusals.shuttingDown;
        return this.#sent(view.encode([], this.#cursor));
      }
      const page = await this.#advance();
      if (page !== undefined) this.#cursor = page.next;
      if (this.#isClosed || this.#refusal !== undefined) continue;
      if (page?.chunk !== undefined) return this.#sent(page.chunk);
      if (deadlines.now() >= this.#bookmark.deadlineMs) return this.#sent(view.encode([], this.#cursor));
    }
    return undefined;
  }

  get end(): Refusal | undefined {
    return this.#refusal;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#context.deadlines.delete(this.#credentialsEnd);
    this.#setBehind(false);
    this.#wake();
    this.#context.onClose();
  }

  #sent(chunk: Uint8Array): Outcome<Uint8Array> {
    this.#bookmark.deadlineMs = this.#context.deadlines.now() + BOOKMARK_MS;
    return accepted(chunk);
  }

  #end(refusal: Refusal): void {
    this.#refusal ??= refusal;
    this.#wake();
  }

  /** Takes the next page, or waits for one. Returns undefined where there may be one the next time. */
  async #advance(): Promise<ViewedPage | undefined> {
    const { tail, view, deadlines } = this.#context;
    const shared = tail.behind(this.#cursor, view);
    if (shared !== undefined) {
      // What was read before is not what follows this page.
      this.#ahead = undefined;
      this.#setBehind(false);
      return shared;
    }
    if (this.#isAtHead && tail.join(this.#cursor)) {
      await this.#wait();
      // What others have read does not follow the cursor of those.
      if (!tail.isKnown) this.#isAtHead = false;
      return undefined;
    }
    if (this.#isAtHead) await deadlines.pause(BEHIND_MS);
    return this.#readOwn();
  }

  /** Waits until the feed goes on, a bookmark is due, or the stream ends. */
  #wait(): Promise<void> {
    const { tail, view, deadlines } = this.#context;
    this.#setBehind(false);
    return new Promise((resolve) => {
      const wake = () => {
        tail.leave(wake);
        deadlines.delete(this.#bookmark);
        this.#wake = () => {};
        resolve();
      };
      this.#wake = wake;
      deadlines.add(this.#bookmark);
      tail.enter(wake, view);
    });
  }

  async #readOwn(): Promise<ViewedPage | undefined> {
    const { view, deadlines, onError, read } = this.#context;
    const isWanted = () => !this.#isClosed;
    this.#ahead ??= read(this.#cursor, isWanted);
    try {
      const page = await this.#orWake(this.#ahead);
      if (page === READING) return undefined;
      this.#ahead = undefined;
      if (this.#isClosed) return undefined;
      if (page === undefined) {
        this.#end(fixedRefusals.cursorExpired);
        return undefined;
      }
      const { events, next, more } = page;
      this.#isAtHead = !more;
      this.#setBehind(more);
      if (more) {
        this.#ahead = read(next, isWanted);
        // It is looked at when it is taken.
        this.#ahead.catch(() => {});
      }
      return { chunk: events.length === 0 ? undefined : view.encode(events, next), next };
    } catch (error) {
      this.#ahead = undefined;
      onError(error);
      if (isOutage(error)) await deadlines.pause(OUTAGE_PAUSE_MS);
      else this.#end(fixedRefusals.internal);
      return undefined;
    }
  }

  /** Waits for a read until a bookmark is due or the stream ends: many may read first, each for a while. */
  #orWake(reading: Promise<EventPage | undefined>): Promise<EventPage | undefined | typeof READING> {
    const { deadlines } = this.#context;
    return new Promise((resolve, reject) => {
      const wake = () => {
        if (this.#wake !== wake) return;
        this.#wake = () => {};
        deadlines.delete(this.#bookmark);
        resolve(READING);
      };
      this.#wake = wake;
      deadlines.add(this.#bookmark);
      reading.then(resolve, reject).finally(wake);
    });
  }

  #setBehind(isBehind: boolean): void {
    if (isBehind !== this.#isBehind) this.#context.onBehind(isBehind);
    this.#isBehind = isBehind;
  }
}
