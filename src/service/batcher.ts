/**
 * The natural batcher: takes the waiting requests, runs them as one batch, replies, takes what has gathered
 * meanwhile.
 *
 * No timer starts a batch. An idle batcher runs a lone request at once, and batches grow by themselves with
 * load. Every request gets its reply by its deadline, whether it waits, runs or its batch was retried.
 */
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';
import type { Deadlines, Pending } from '../timing/deadlines.ts';

/** The queue is full; the request was not accepted. */
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

export interface BatcherOptions<Request, Reply> {
  /**
   * Runs a batch. It calls `claim` at the last moment, when it has all that the work needs.
   *
   * @returns a reply for each request of the last claim, in order. When it throws, the batch had no effect,
   * unless it throws OutcomeUnknown.
   */
  readonly run: (claim: Claim<Request>) => Promise<readonly Reply[]>;
  /** Whether a batch writes: a request that times out while it runs then has an unknown outcome. */
  readonly writes: boolean;
  /** The most requests in one batch. */
  readonly batchMax: number;
  /** The most requests in the queue, and their greatest total weight; past either `submit` rejects. */
  readonly queueMax: number;
  readonly queueWeightMax: number;
  /** How many batches run side by side. */
  readonly lanes: number;
  /** The weight of a request. A batch weighs at most `weightMax`, or is a single request. */
  readonly weigh: (request: Request) => number;
  readonly weightMax: number;
  readonly deadlines: Deadlines;
  /** Called with every batch that failed as a whole, and its number of requests. */
  readonly onFailure: (error: unknown, size: number) => void;
}

/**
 * Lanes share the queue: one takes its part and leaves the rest to the next, so that the database writes one
 * batch while the service replies to another. If one lane took all, each would wait for the other. Below this
 * number of requests there is nothing to gain from sharing.
 */
const SHARE_MIN = 128;

/** The client of a request. */
export interface Caller {
  /** On the clock of `deadlines`, in milliseconds. */
  readonly deadlineMs: number;
  /** Whether the client disconnected, where that is known. */
  disconnected?(): boolean;
}

/** Made once: under overload most requests end with one of them. */
const queueFull = new QueueFull('queue full');
const expired = new DeadlinePassed(
  'the deadline passed, or the client disconnected, before the work started',
);
const timedOutRead = new DeadlinePassed('the deadline passed while the read ran');
const timedOutWrite = new OutcomeUnknown('the deadline passed while the write ran');

/** One request from `submit` to its reply. */
interface Entry<Request, Reply> extends Pending {
  readonly request: Request;
  readonly weight: number;
  readonly caller: Caller;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
  /** `taken` by a batch; `claimed` from the batch's first claim until it ends or is split. */
  state: 'queued' | 'taken' | 'claimed' | 'timed out';
}

export class Batcher<Request, Reply> {
  readonly #options: BatcherOptions<Request, Reply>;
  /**
   * In the order of arrival. A request that times out stays until a batch or a sweep passes it: the queue may
   * hold a million, and finding one in their middle is slow. A set would find it, but costs the garbage
   * collector a tenth of the throughput: what passes through a set lives until its table is collected.
   */
  #queue: Entry<Request, Reply>[] = [];
  /** Requests in the queue that have not timed out, and their total weight. */
  #queued = 0;
  #queueWeight = 0;
  #running = 0;
  #scheduled = false;
  #drained: (() => void)[] = [];

  constructor(options: BatcherOptions<Request, Reply>) {
    this.#options = options;
  }

  /**
   * Hands a request to the next batch.
   *
   * @throws QueueFull at once; DeadlinePassed at the deadline when the request had no effect; OutcomeUnknown
   * at the deadline when a batch that writes was running; or what the batch threw.
   */
  submit(request: Request, caller: Caller): Promise<Reply> {
    const { queueMax, queueWeightMax, weigh, deadlines } = this.#options;
    const weight = weigh(request);
    if (this.#queued >= queueMax || this.#queueWeight + weight > queueWeightMax) {
      return Promise.reject(queueFull);
    }
    return new Promise((resolve, reject) => {
      const entry: Entry<Request, Reply> = {
        request,
        weight,
        caller,
        deadlineMs: caller.deadlineMs,
        resolve,
        reject,
        onTimeout: () => this.#timeOut(entry),
        state: 'queued',
        previous: undefined,
        next: undefined,
      };
      this.#queue.push(entry);
      this.#queued++;
      this.#queueWeight += weight;
      deadlines.add(entry);
      this.#schedule();
    });
  }

  /** Resolves when the queue is empty and no batch runs. */
  drain(): Promise<void> {
    if (this.#running === 0 && this.#queued === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Starts batches after this turn of the event loop, so that all requests of the turn go together. */
  #schedule(): void {
    if (this.#scheduled || this.#running >= this.#options.lanes) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#running < this.#options.lanes && this.#queued > 0) void this.#runNext();
      this.#checkDrained();
    });
  }

  async #runNext(): Promise<void> {
    const batch = this.#take();
    this.#running++;
    await this.#run(batch);
    this.#running--;
    if (this.#queued > 0) this.#schedule();
    else this.#checkDrained();
  }

  #checkDrained(): void {
    if (this.#running > 0 || this.#queued > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Takes the next batch off the queue. */
  #take(): readonly Entry<Request, Reply>[] {
    const { batchMax, lanes, weightMax } = this.#options;
    const sizeMax = Math.min(batchMax, Math.max(SHARE_MIN, Math.ceil(this.#queued / lanes)));
    const batch: Entry<Request, Reply>[] = [];
    let passed = 0;
    let weight = 0;
    for (const entry of this.#queue) {
      if (entry.state === 'queued') {
        if (batch.length > 0 && (batch.length === sizeMax || weight + entry.weight > weightMax)) break;
        entry.state = 'taken';
        weight += entry.weight;
        batch.push(entry);
      }
      passed++;
    }
    this.#queue.splice(0, passed);
    this.#queued -= batch.length;
    this.#queueWeight -= weight;
    return batch;
  }

  /** Runs a batch and replies. One that fails for its own reason is split until only the culprit fails. */
  async #run(batch: readonly Entry<Request, Reply>[]): Promise<void> {
    const { run, deadlines, onFailure } = this.#options;
    let live = batch;
    const claim = () => {
      const nowMs = deadlines.now();
      live = live.filter((entry) => this.#claim(entry, nowMs));
      if (live.length === 0) throw expired;
      return live.map((entry) => entry.request);
    };
    try {
      const replies = await run(claim);
      for (const [index, entry] of live.entries()) {
        deadlines.delete(entry);
        entry.resolve(replies[index] as Reply);
      }
    } catch (error) {
      if (live.length === 0) return;
      onFailure(error, live.length);
      const isShared = error instanceof DatabaseUnavailable || error instanceof OutcomeUnknown;
      if (isShared || live.length === 1) {
        for (const entry of live) this.#reject(entry, error);
        return;
      }
      for (const entry of live) if (entry.state === 'claimed') entry.state = 'taken';
      const half = live.length >> 1;
      await this.#run(live.slice(0, half));
      await this.#run(live.slice(half));
    }
  }

  /** Claims a request for an attempt. Rejects it when it expired or its client disconnected. */
  #claim(entry: Entry<Request, Reply>, nowMs: number): boolean {
    const isExpired = entry.state === 'timed out' || entry.deadlineMs <= nowMs;
    const isLive = !isExpired && !entry.caller.disconnected?.();
    if (isLive) entry.state = 'claimed';
    else this.#reject(entry, expired);
    return isLive;
  }

  #reject(entry: Entry<Request, Reply>, error: unknown): void {
    this.#options.deadlines.delete(entry);
    entry.reject(error);
  }

  /** Rejects a request at its deadline, and frees its place in the queue. A later result is ignored. */
  #timeOut(entry: Entry<Request, Reply>): void {
    const timedOut = this.#options.writes ? timedOutWrite : timedOutRead;
    const { state } = entry;
    entry.reject(state === 'claimed' ? timedOut : expired);
    entry.state = 'timed out';
    if (state !== 'queued') return;
    this.#queued--;
    this.#queueWeight -= entry.weight;
    // So the queue is never more than half dead, and each request is copied only once on average.
    if (this.#queue.length > 2 * this.#queued) {
      this.#queue = this.#queue.filter((each) => each.state === 'queued');
    }
    this.#checkDrained();
  }
}
