/**
 * The natural batcher: takes what waits, runs it as one, answers all, takes what has gathered meanwhile.
 *
 * No timer starts a batch. An idle batcher runs a lone request at once, and batches grow by themselves with load.
 * The one timer that there is answers callers whose deadline passes while they wait, or while their batch runs.
 */

import { DatabaseUnavailable, DeadlinePassed, OutcomeUnknown, QueueFull } from '../db/errors.ts';
import { Alarm, type SetTimer, setNodeTimer } from '../timing/alarm.ts';

/**
 * Says whose work is begun now: those of the batch who are still in time and there. The others hear that nothing was
 * done. Called again, it begins anew, without those who are late by then; whatever was done before must have been
 * taken back.
 *
 * @throws when nobody is left to work for.
 */
export type Begin<Request> = () => readonly Request[];

export interface BatcherOptions<Request, Reply> {
  /**
   * Runs a batch. It calls `begin` at the last moment, when all is there that the work needs: whose deadline passes
   * before that is told that nothing was done.
   *
   * @returns a reply for each request that `begin` gave last, in their order. When it throws, nothing of the batch
   * was done, unless it throws OutcomeUnknown.
   */
  readonly run: (begin: Begin<Request>) => Promise<readonly Reply[]>;
  /** The most requests in one batch. */
  readonly batchMax: number;
  /** Whether a batch changes anything, so that a caller who does not hear its end knows nothing. */
  readonly writes: boolean;
  /** The most requests that wait, and the most that they weigh; past it `submit` refuses at once. */
  readonly queueMax: number;
  readonly queueWeightMax: number;
  /** How many batches run side by side. */
  readonly lanes: number;
  /** What a request weighs; a batch's weight stays within `weightMax`, or it is a single request. */
  readonly weigh: (request: Request) => number;
  readonly weightMax: number;
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** The timer, a parameter for tests. */
  readonly setTimer?: SetTimer;
  /** Told of every batch that failed as a whole, with how many requests it had. */
  readonly onFailure: (error: unknown, size: number) => void;
}

/**
 * Lanes share what waits: one takes its part and leaves the rest to the next, so that the database writes one
 * batch while the service answers another. If one lane took all, each would wait for the other. Below this many
 * requests there is nothing to gain from sharing.
 */
const SHARE_MIN = 128;

/** Who waits for an answer, and for how long. */
export interface Caller {
  /** When the caller stops waiting, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** Whether the caller went away; asked when the request is about to be begun. */
  gone?(): boolean;
}

interface Waiting<Request, Reply> {
  readonly request: Request;
  readonly weight: number;
  readonly caller: Caller;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
  /** Whether its work was begun, and is not known to have been taken back. */
  begun: boolean;
  /** Whether it was answered at its deadline. By a clock that is set back it would seem to be in time again. */
  answered: boolean;
}

/** Made once, because under overload they are most of the answers. */
const queueFull = new QueueFull('queue full');
const notBegun = new DeadlinePassed(
  'the deadline passed, or the caller went away, before the work was begun',
);
const readUnheard = new DeadlinePassed('the deadline passed while the read ran');
const writeUnheard = new OutcomeUnknown('the deadline passed while the write ran');

export class Batcher<Request, Reply> {
  readonly #options: BatcherOptions<Request, Reply>;
  readonly #alarm: Alarm;
  /** What those hear at their deadline whose work was begun. */
  readonly #unheard: Error;
  #queue: Waiting<Request, Reply>[] = [];
  #queueWeight = 0;
  readonly #running = new Set<readonly Waiting<Request, Reply>[]>();
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(options: BatcherOptions<Request, Reply>) {
    this.#options = options;
    this.#unheard = options.writes ? writeUnheard : readUnheard;
    this.#alarm = new Alarm(() => this.#answerLate(), options.now, options.setTimer ?? setNodeTimer);
  }

  /**
   * Hands a request to the next batch. It is answered by its caller's deadline, whatever becomes of the batch.
   *
   * @throws QueueFull at once; DeadlinePassed when the deadline passed and nothing was changed; OutcomeUnknown
   * when it passed after the work was begun, in a batch that writes; or what the batch threw.
   */
  submit(request: Request, caller: Caller): Promise<Reply> {
    const { queueMax, queueWeightMax, weigh } = this.#options;
    const weight = weigh(request);
    if (this.#queue.length >= queueMax || this.#queueWeight + weight > queueWeightMax) {
      return Promise.reject(queueFull);
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, weight, caller, resolve, reject, begun: false, answered: false });
      this.#queueWeight += weight;
      this.#alarm.ringBy(caller.deadlineMs);
      this.#schedule();
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  drain(): Promise<void> {
    if (this.#running.size === 0 && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Starts batches after this turn of the event loop, so that all requests that came in it go together. */
  #schedule(): void {
    if (this.#scheduled || this.#running.size >= this.#options.lanes) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#running.size < this.#options.lanes && this.#queue.length > 0) void this.#runNext();
      this.#tellIdle();
    });
  }

  async #runNext(): Promise<void> {
    const batch = this.#take();
    this.#running.add(batch);
    await this.#run(batch);
    this.#running.delete(batch);
    if (this.#queue.length > 0) this.#schedule();
    else this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#running.size > 0 || this.#queue.length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Takes the next batch off the queue. */
  #take(): readonly Waiting<Request, Reply>[] {
    const { batchMax, lanes, weightMax } = this.#options;
    const sizeMax = Math.min(batchMax, Math.max(SHARE_MIN, Math.ceil(this.#queue.length / lanes)));
    let size = 0;
    let weight = 0;
    for (const waiting of this.#queue) {
      if (size > 0 && (size === sizeMax || weight + waiting.weight > weightMax)) break;
      weight += waiting.weight;
      size++;
    }
    this.#queueWeight -= weight;
    return this.#queue.splice(0, size);
  }

  /**
   * Runs a batch and answers its requests. A batch that fails for a reason of its own is split, halves and
   * then singles, so that only the culprit is told of the failure.
   */
  async #run(batch: readonly Waiting<Request, Reply>[]): Promise<void> {
    let left = batch;
    const begin = () => {
      left = this.#begin(left);
      if (left.length === 0) throw notBegun;
      return left.map((waiting) => waiting.request);
    };
    try {
      const replies = await this.#options.run(begin);
      for (const [index, waiting] of left.entries()) waiting.resolve(replies[index] as Reply);
    } catch (error) {
      if (left.length === 0) return;
      this.#options.onFailure(error, left.length);
      const shared = error instanceof DatabaseUnavailable || error instanceof OutcomeUnknown;
      if (shared || left.length === 1) {
        for (const waiting of left) waiting.reject(error);
        return;
      }
      for (const waiting of left) waiting.begun = false;
      const half = left.length >> 1;
      await this.#run(left.slice(0, half));
      await this.#run(left.slice(half));
    }
  }

  /** Begins those who are in time and there. For the others nothing was done: an attempt before was taken back. */
  #begin(batch: readonly Waiting<Request, Reply>[]): readonly Waiting<Request, Reply>[] {
    const nowMs = this.#options.now();
    return batch.filter((waiting) => {
      const inTime = !waiting.answered && waiting.caller.deadlineMs > nowMs;
      waiting.begun = inTime && !waiting.caller.gone?.();
      if (!waiting.begun) waiting.reject(notBegun);
      return waiting.begun;
    });
  }

  /** Answers all whose deadline has passed. What their batches bring later finds nobody who waits. */
  #answerLate(): void {
    // Those that run came first and so are mostly the first whose deadline passes: the alarm is set once.
    for (const batch of this.#running) this.#inTime(batch);
    this.#queue = this.#inTime(this.#queue);
    this.#queueWeight = this.#queue.reduce((sum, waiting) => sum + waiting.weight, 0);
    this.#tellIdle();
  }

  /** Answers those whose deadline has passed, and gives the others, for the first of whom the alarm is set. */
  #inTime(all: readonly Waiting<Request, Reply>[]): Waiting<Request, Reply>[] {
    const nowMs = this.#options.now();
    return all.filter((waiting) => {
      if (waiting.caller.deadlineMs > nowMs) {
        this.#alarm.ringBy(waiting.caller.deadlineMs);
        return true;
      }
      waiting.answered = true;
      waiting.reject(waiting.begun ? this.#unheard : notBegun);
      return false;
    });
  }
}
