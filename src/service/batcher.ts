/**
 * The natural batcher: takes the waiting requests, runs them as one batch, replies, takes what has gathered
 * meanwhile.
 *
 * No timer starts a batch. An idle batcher runs a lone request at once, and batches grow by themselves with
 * load. Every request gets its reply by its deadline, whether it waits, runs or its batch was retried.
 */
import { isOutage, OutcomeUnknown } from '../db/errors.ts';
import { MustSplit, TransactionTrace } from '../db/types.ts';
import type { RequestTrace } from '../domain/call.ts';
import type { Deadlines, Pending } from '../timing/deadlines.ts';
import { FairQueue, type Queued, type QueueLimits } from './fair-queue.ts';
import { type LockedLine, LockedSkus } from './locked-skus.ts';

/** The queue, or the share of the client, is full; the request was not accepted. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';
}

/** The deadline passed, or the client disconnected, before the request had any effect. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/**
 * Claims the requests of a batch that are still live; expired or disconnected ones are rejected with
 * DeadlinePassed. A second call, for another attempt after a rollback, claims again and leaves out those that
 * expired meanwhile.
 *
 * @throws when no request is left.
 */
export type Claim<Request> = () => readonly Request[];

/** What is known of a batch besides its requests. */
export interface Batch {
  /** Its number in this process; of a batch that is split, each part has its own. */
  readonly number: number;
  /** When its oldest request came, in milliseconds on the clock of `deadlines`. */
  readonly sinceMs: number;
  /** When it began. */
  readonly beganMs: number;
  /** The requests of the last claim. */
  readonly size: number;
  /** What it does in the database; filled in by `run`. */
  readonly trace: TransactionTrace;
  /** The callers of the requests of the last claim, in order. */
  callers(): readonly Caller[];
  /** Nothing was done: a request whose deadline passes before it is claimed again had no effect. */
  rolledBack(): void;
}

/**
 * Lanes beside those for any requests. They take a request only if it shares no sku with the batches that
 * run, so it never waits for their locks. The others wait for a lane for any requests.
 */
export interface SpreadLanes<Request> {
  readonly lanes: number;
  /** The lines whose stock a request locks. */
  readonly linesOf: (request: Request) => readonly LockedLine[];
}

export interface BatcherOptions<Request, Reply> extends QueueLimits {
  /**
   * Runs a batch. It calls `claim` at the last moment, when it has all that the work needs.
   *
   * @returns a reply for each request of the last claim, in order. When it throws, the batch had no effect,
   * unless it throws OutcomeUnknown.
   */
  readonly run: (claim: Claim<Request>, batch: Batch) => Promise<readonly Reply[]>;
  /** Whether a batch writes: a request that times out while it runs then has an unknown outcome. */
  readonly writes: boolean;
  /** The most requests in one batch. */
  readonly batchMax: number;
  /** How many batches of any requests run side by side. */
  readonly lanes: number;
  readonly spread?: SpreadLanes<Request> | undefined;
  /** The weight of a request. A batch weighs at most `weightMax`, or is a single request. */
  readonly weigh: (request: Request) => number;
  readonly weightMax: number;
  readonly deadlines: Deadlines;
  /**
   * The reply to a request in place of an error: to one of this batcher, or to one that its batch threw, with
   * the batch if the request was in one. It is made once for a batch that failed. Undefined rejects the
   * request.
   */
  readonly replyTo?: (error: unknown, batch: Batch | undefined) => Reply | undefined;
  /** Called with every batch that failed as a whole. */
  readonly onFailure: (error: unknown, batch: Batch) => void;
}

/**
 * Lanes share the queue: one takes its part and leaves the rest to the next, so that the database writes one
 * batch while the service replies to another. If one lane took all, each would wait for the other. Below this
 * number of requests there is nothing to gain from sharing.
 */
const SHARE_MIN = 128;

/** A lane for any requests, or one for those that share no sku with what runs. */
type Lane = 'any' | 'spread';

/** Where a request comes from. */
export interface Caller {
  /** On the clock of `deadlines`, in milliseconds. */
  readonly deadlineMs: number;
  /** Whose share of the queue the request takes. */
  readonly client: string;
  /** Whether the client disconnected, where that is known. */
  disconnected?(): boolean;
  /** The request in its trace. */
  readonly trace?: RequestTrace | undefined;
}

/** Made once: under overload most requests end with one of them. */
const queueFull = new QueueFull('queue full');
const expired = new DeadlinePassed(
  'the deadline passed, or the client disconnected, before the work started',
);
const timedOutRead = new DeadlinePassed('the deadline passed while the read ran');
const timedOutWrite = new OutcomeUnknown('the deadline passed while the write ran');

/** What waits and runs in a batcher. */
export interface BatcherState {
  /** Requests in the queue. */
  readonly waiting: number;
  /** How long the first of them has waited, in milliseconds. */
  readonly oldestMs: number;
  /** Batches that run. */
  readonly running: number;
}

/** One request from `submit` to its reply. It is a class, so that no function is made for its timeout. */
class Entry<Request, Reply> implements Pending, Queued {
  readonly request: Request;
  readonly weight: number;
  readonly client: string;
  readonly caller: Caller;
  readonly sinceMs: number;
  deadlineMs: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
  /** `claimed` from its claim until its batch ends, is split or was rolled back. */
  state: 'waiting' | 'claimed' | 'timed out' = 'waiting';
  queued = false;
  /** The batch that runs it, or ran it last. */
  batch: Batch | undefined = undefined;
  previous: Pending | undefined = undefined;
  next: Pending | undefined = undefined;
  readonly #timeOut: (entry: Entry<Request, Reply>) => void;

  constructor(
    request: Request,
    weight: number,
    caller: Caller,
    sinceMs: number,
    resolve: (reply: Reply) => void,
    reject: (error: unknown) => void,
    timeOut: (entry: Entry<Request, Reply>) => void,
  ) {
    this.request = request;
    this.weight = weight;
    this.client = caller.client;
    this.caller = caller;
    this.sinceMs = sinceMs;
    this.deadlineMs = caller.deadlineMs;
    this.resolve = resolve;
    this.reject = reject;
    this.#timeOut = timeOut;
  }

  onTimeout(): void {
    this.#timeOut(this);
  }
}

/** A batch that runs: what it claimed last, and what is known of it. */
class RunningBatch<Request, Reply> implements Batch {
  static #last = 0;
  readonly number = ++RunningBatch.#last;
  readonly sinceMs: number;
  readonly beganMs: number;
  readonly trace = new TransactionTrace();
  /** The requests of the last claim, or all. */
  live: readonly Entry<Request, Reply>[];

  constructor(entries: readonly Entry<Request, Reply>[], nowMs: number) {
    this.live = entries;
    this.beganMs = nowMs;
    this.sinceMs = entries.reduce((oldestMs, { sinceMs }) => Math.min(oldestMs, sinceMs), nowMs);
    for (const entry of entries) entry.batch = this;
  }

  get size(): number {
    return this.live.length;
  }

  callers(): readonly Caller[] {
    return this.live.map(({ caller }) => caller);
  }

  rolledBack(): void {
    for (const entry of this.live) if (entry.state === 'claimed') entry.state = 'waiting';
  }
}

export class Batcher<Request, Reply> {
  readonly #options: BatcherOptions<Request, Reply>;
  readonly #queue: FairQueue<Entry<Request, Reply>>;
  readonly #running = { any: 0, spread: 0 };
  readonly #locked = new LockedSkus();
  #scheduled = false;
  #drained: (() => void)[] = [];

  constructor(options: BatcherOptions<Request, Reply>) {
    this.#options = options;
    this.#queue = new FairQueue(options);
  }

  /**
   * Hands a request to the next batch.
   *
   * @throws QueueFull at once; DeadlinePassed at the deadline when the request had no effect; OutcomeUnknown
   * at the deadline when a batch that writes was running; or what the batch threw.
   */
  submit(request: Request, caller: Caller): Promise<Reply> {
    const { weigh, deadlines } = this.#options;
    return new Promise((resolve, reject) => {
      const weight = weigh(request);
      const entry = new Entry(request, weight, caller, deadlines.now(), resolve, reject, this.#timeOut);
      if (!this.#queue.add(entry)) {
        this.#fail(entry, queueFull);
        return;
      }
      deadlines.add(entry);
      this.#schedule();
    });
  }

  /** What waits and runs now. */
  get state(): BatcherState {
    const nowMs = this.#options.deadlines.now();
    const sinceMs = this.#queue.firsts.reduce((oldestMs, each) => Math.min(oldestMs, each.sinceMs), nowMs);
    return {
      waiting: this.#queue.size,
      oldestMs: nowMs - sinceMs,
      running: this.#running.any + this.#running.spread,
    };
  }

  /** Resolves when the queue is empty and no batch runs. */
  drain(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  get #isIdle(): boolean {
    return this.#queue.size === 0 && this.#running.any === 0 && this.#running.spread === 0;
  }

  /** The lane of the next batch: one for any requests, if there is one. Undefined while all are busy. */
  get #freeLane(): Lane | undefined {
    const { lanes, spread } = this.#options;
    if (this.#running.any < lanes) return 'any';
    return spread !== undefined && this.#running.spread < spread.lanes ? 'spread' : undefined;
  }

  /** Starts batches after this turn of the event loop, so that all requests of the turn go together. */
  #schedule(): void {
    if (this.#scheduled || this.#freeLane === undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#queue.size > 0 && this.#startNext());
      this.#checkDrained();
    });
  }

  /** Starts a batch. Returns false when no lane is free that may take what waits. */
  #startNext(): boolean {
    const lane = this.#freeLane;
    const batch = lane === undefined ? [] : this.#take(lane);
    if (lane === undefined || batch.length === 0) return false;
    void this.#runOn(lane, batch);
    return true;
  }

  /** Runs a batch in a lane. Its skus count as locked until it, with all its parts if split, has ended. */
  async #runOn(lane: Lane, batch: readonly Entry<Request, Reply>[]): Promise<void> {
    const { spread } = this.#options;
    this.#running[lane]++;
    if (spread !== undefined) for (const { request } of batch) this.#locked.lock(spread.linesOf(request));
    await this.#run(batch);
    if (spread !== undefined) for (const { request } of batch) this.#locked.unlock(spread.linesOf(request));
    this.#running[lane]--;
    if (this.#queue.size > 0) this.#schedule();
    else this.#checkDrained();
  }

  #checkDrained(): void {
    if (!this.#isIdle) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Takes the next batch off the queue. That of a spread lane may be empty. */
  #take(lane: Lane): readonly Entry<Request, Reply>[] {
    const { batchMax, lanes, weightMax, spread } = this.#options;
    const sizeMax = Math.min(batchMax, Math.max(SHARE_MIN, Math.ceil(this.#queue.size / lanes)));
    if (lane === 'any' || spread === undefined) return this.#queue.take(sizeMax, weightMax);
    const isFree = this.#locked.filter();
    return this.#queue.take(sizeMax, weightMax, ({ request }) => isFree(spread.linesOf(request)));
  }

  /** Runs a batch and replies. One that fails for its own reason is split until only the culprit fails. */
  async #run(entries: readonly Entry<Request, Reply>[]): Promise<void> {
    const { run, deadlines, onFailure, replyTo } = this.#options;
    const batch = new RunningBatch(entries, deadlines.now());
    const claim = () => {
      const nowMs = deadlines.now();
      batch.live = batch.live.filter((entry) => this.#claim(entry, nowMs));
      if (batch.size === 0) throw expired;
      return batch.live.map((entry) => entry.request);
    };
    try {
      const replies = await run(claim, batch);
      for (const [index, entry] of batch.live.entries()) {
        deadlines.delete(entry);
        entry.resolve(replies[index] as Reply);
      }
    } catch (error) {
      const { live } = batch;
      if (live.length === 0) return;
      if (!(error instanceof MustSplit) || live.length === 1) onFailure(error, batch);
      if (isOutage(error) || live.length === 1) {
        const reply = replyTo?.(error, batch);
        for (const entry of live) {
          deadlines.delete(entry);
          settle(entry, reply, error);
        }
        return;
      }
      batch.rolledBack();
      for (const part of partsOf(live, error)) await this.#run(part);
    }
  }

  /** Claims a request for an attempt. Rejects it when it expired or its client disconnected. */
  #claim(entry: Entry<Request, Reply>, nowMs: number): boolean {
    const isExpired = entry.state === 'timed out' || entry.deadlineMs <= nowMs;
    const isLive = !isExpired && !entry.caller.disconnected?.();
    if (isLive) entry.state = 'claimed';
    else {
      this.#options.deadlines.delete(entry);
      this.#fail(entry, expired);
    }
    return isLive;
  }

  #fail(entry: Entry<Request, Reply>, error: unknown): void {
    settle(entry, this.#options.replyTo?.(error, entry.batch), error);
  }

  /** Rejects a request at its deadline, and frees its place in the queue. A later result is ignored. */
  readonly #timeOut = (entry: Entry<Request, Reply>): void => {
    const timedOut = this.#options.writes ? timedOutWrite : timedOutRead;
    this.#fail(entry, entry.state === 'claimed' ? timedOut : expired);
    entry.state = 'timed out';
    if (this.#queue.remove(entry)) this.#checkDrained();
  };
}

/** Splits a batch: by what must run last, if that is known, or in halves. */
function partsOf<Request, Reply>(
  entries: readonly Entry<Request, Reply>[],
  error: unknown,
): readonly (readonly Entry<Request, Reply>[])[] {
  const half = entries.length >> 1;
  const isLast = error instanceof MustSplit ? error.isLast : undefined;
  if (isLast === undefined) return [entries.slice(0, half), entries.slice(half)];
  return [
    entries.filter(({ request }) => !isLast(request)),
    entries.filter(({ request }) => isLast(request)),
  ];
}

/** Ends a request without a reply of its batch: with this one, or by an error. */
function settle<Reply>(
  entry: Pick<Entry<unknown, Reply>, 'resolve' | 'reject'>,
  reply: Reply | undefined,
  error: unknown,
): void {
  if (reply === undefined) entry.reject(error);
  else entry.resolve(reply);
}
