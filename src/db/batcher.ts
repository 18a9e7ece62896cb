/**
 * The natural batcher: takes what waits, runs it as one, answers all, takes what has gathered meanwhile.
 *
 * There is no timer. An idle batcher runs a lone request at once, and batches grow by themselves with load.
 */
import { DatabaseUnavailable, DeadlinePassed, OutcomeUnknown, QueueFull } from './errors.ts';

export interface BatcherOptions<Request, Reply> {
  /**
   * Runs a batch.
   *
   * @returns a reply for each request, in their order. When it throws, nothing of the batch was done, unless
   * it throws OutcomeUnknown.
   */
  readonly run: (requests: readonly Request[]) => Promise<readonly Reply[]>;
  /** The most requests in one batch. */
  readonly batchMax: number;
  /** The most requests that wait; past it `submit` refuses at once. */
  readonly queueMax: number;
  /** How many batches run side by side. */
  readonly lanes: number;
  /** What a request weighs; a batch's weight stays within `weightMax`, or it is a single request. */
  readonly weigh: (request: Request) => number;
  readonly weightMax: number;
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of every batch that failed as a whole, with how many requests it had. */
  readonly onFailure: (error: unknown, size: number) => void;
}

/**
 * Lanes share what waits: one takes its part and leaves the rest to the next, so that the database writes one
 * batch while the service answers another. If one lane took all, each would wait for the other. Below this many
 * requests there is nothing to gain from sharing.
 */
const SHARE_MIN = 128;

interface Waiting<Request, Reply> {
  readonly request: Request;
  readonly deadlineMs: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

export class Batcher<Request, Reply> {
  readonly #options: BatcherOptions<Request, Reply>;
  #queue: Waiting<Request, Reply>[] = [];
  #running = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(options: BatcherOptions<Request, Reply>) {
    this.#options = options;
  }

  /**
   * Hands a request to the next batch.
   *
   * @param deadlineMs when its caller stops waiting, in milliseconds since the epoch.
   * @throws QueueFull at once, DeadlinePassed when it was not begun in time, or what its batch threw.
   */
  submit(request: Request, deadlineMs: number): Promise<Reply> {
    if (this.#queue.length >= this.#options.queueMax) return Promise.reject(new QueueFull('queue full'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, deadlineMs, resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  drain(): Promise<void> {
    if (this.#running === 0 && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Starts batches after this turn of the event loop, so that all requests that came in it go together. */
  #schedule(): void {
    if (this.#scheduled || this.#running >= this.#options.lanes) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#running < this.#options.lanes && this.#queue.length > 0) void this.#runNext();
      this.#tellIdle();
    });
  }

  async #runNext(): Promise<void> {
    const batch = this.#take();
    if (batch.length === 0) return;
    this.#running++;
    await this.#run(batch);
    this.#running--;
    if (this.#queue.length > 0) this.#schedule();
    else this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#running > 0 || this.#queue.length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Takes the next batch off the queue, and answers those whose deadline has passed. */
  #take(): Waiting<Request, Reply>[] {
    const { batchMax, lanes, weightMax, weigh, now } = this.#options;
    const sizeMax = Math.min(batchMax, Math.max(SHARE_MIN, Math.ceil(this.#queue.length / lanes)));
    const nowMs = now();
    const batch: Waiting<Request, Reply>[] = [];
    let taken = 0;
    let weight = 0;
    for (const waiting of this.#queue) {
      if (waiting.deadlineMs <= nowMs) {
        waiting.reject(new DeadlinePassed('deadline passed in the queue'));
      } else {
        weight += weigh(waiting.request);
        if (batch.length > 0 && (batch.length === sizeMax || weight > weightMax)) break;
        batch.push(waiting);
      }
      taken++;
    }
    this.#queue.splice(0, taken);
    return batch;
  }

  /**
   * Runs a batch and answers its requests. A batch that fails for a reason of its own is split, halves and
   * then singles, so that only the culprit is told of the failure.
   */
  async #run(batch: readonly Waiting<Request, Reply>[]): Promise<void> {
    try {
      const replies = await this.#options.run(batch.map((waiting) => waiting.request));
      for (const [index, waiting] of batch.entries()) waiting.resolve(replies[index] as Reply);
    } catch (error) {
      this.#options.onFailure(error, batch.length);
      const shared = error instanceof DatabaseUnavailable || error instanceof OutcomeUnknown;
      if (shared || batch.length === 1) {
        for (const waiting of batch) waiting.reject(error);
        return;
      }
      const half = batch.length >> 1;
      await this.#run(batch.slice(0, half));
      await this.#run(batch.slice(half));
    }
  }
}
