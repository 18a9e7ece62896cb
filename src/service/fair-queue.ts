/**
 * A bounded queue that its clients share: they are served in turn, and none of them can fill it.
 *
 * - **Turns**: deficit round robin. In its turn a client gets `TURN_WEIGHT` of its requests into the batch,
 *   and what is too heavy for one turn saves up for it. So a small order waits for one batch, however many
 *   large orders another client has in the queue.
 * - **Shares**: a client may hold up to `FREE_MULTIPLE` times what is free. One that is alone may use nine
 *   tenths of the queue. The more clients hold much, the less each may hold, which leaves room for others. No
 *   client needs to be configured, and nothing that was accepted is dropped for another.
 *
 * An array holds a client's requests, not a set: what passes through a set lives until its table is
 * collected, which costs the garbage collector a tenth of the throughput.
 */

/** What the queue knows of a request. */
export interface Queued {
  readonly weight: number;
  /** Whose share it takes. */
  readonly client: string;
  /** Whether it is in the queue. Only the queue sets it. */
  queued: boolean;
}

export interface QueueLimits {
  /** The most requests in the queue, and their greatest total weight. */
  readonly queueMax: number;
  readonly queueWeightMax: number;
}

const TURN_WEIGHT = 100;
export const FREE_MULTIPLE = 9;

/** The requests of one client, in the order of their arrival. */
interface Share<Request> {
  readonly client: string;
  /** Requests that left before their turn stay in it until a turn or a sweep passes them. */
  requests: Request[];
  size: number;
  weight: number;
  /** The weight that it may still take in this turn. */
  credit: number;
}

export class FairQueue<Request extends Queued> {
  readonly #limits: QueueLimits;
  readonly #shares = new Map<string, Share<Request>>();
  /** The clients that have requests in the queue; `#turn` is the place of the one whose turn it is. */
  readonly #waiting: Share<Request>[] = [];
  #turn = 0;
  #size = 0;
  #weight = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** The number of requests in the queue. */
  get size(): number {
    return this.#size;
  }

  /** Adds a request. Returns false when the queue, or the share of its client, has no room for it. */
  add(request: Request): boolean {
    const { client, weight } = request;
    const { queueMax, queueWeightMax } = this.#limits;
    const free = queueMax - this.#size;
    const freeWeight = queueWeightMax - this.#weight;
    if (free <= 0 || weight > freeWeight) return false;
    const known = this.#shares.get(client);
    if (known !== undefined) {
      const isOverShare =
        known.size >= FREE_MULTIPLE * free || known.weight + weight > FREE_MULTIPLE * freeWeight;
      if (isOverShare) return false;
    }
    const share = known ?? this.#open(client);
    share.requests.push(request);
    share.size++;
    share.weight += weight;
    this.#size++;
    this.#weight += weight;
    request.queued = true;
    return true;
  }

  /** Removes a request before its turn. Returns whether it was in the queue. */
  remove(request: Request): boolean {
    if (!request.queued) return false;
    const share = this.#shares.get(request.client) as Share<Request>;
    this.#leave(share, request);
    if (share.size === 0) this.#close(share);
    // So a share is never more than half empty places, and a removal stays cheap in a queue of any length.
    else if (share.requests.length > 2 * share.size) {
      share.requests = share.requests.filter(({ queued }) => queued);
    }
    return true;
  }

  /** Takes the next batch: at most this number of requests and this weight, or a single request. */
  take(sizeMax: number, weightMax: number): Request[] {
    const batch: Request[] = [];
    let weight = 0;
    for (let share = this.#inTurn(); share !== undefined; share = this.#inTurn()) {
      let passed = 0;
      let isFull = false;
      for (const request of share.requests) {
        if (request.queued) {
          isFull = batch.length > 0 && (batch.length === sizeMax || weight + request.weight > weightMax);
          if (isFull || request.weight > share.credit) break;
          share.credit -= request.weight;
          weight += request.weight;
          batch.push(request);
          this.#leave(share, request);
        }
        passed++;
      }
      share.requests.splice(0, passed);
      if (share.size === 0) this.#close(share);
      else if (!isFull) this.#pass(share);
      if (isFull) break;
    }
    return batch;
  }

  #inTurn(): Share<Request> | undefined {
    return this.#waiting[this.#turn];
  }

  /** Ends the turn of a client, and gives it the weight of its next one. */
  #pass(share: Share<Request>): void {
    share.credit += TURN_WEIGHT;
    this.#turn = (this.#turn + 1) % this.#waiting.length;
  }

  #leave(share: Share<Request>, request: Request): void {
    request.queued = false;
    share.size--;
    share.weight -= request.weight;
    this.#size--;
    this.#weight -= request.weight;
  }

  #open(client: string): Share<Request> {
    const share: Share<Request> = { client, requests: [], size: 0, weight: 0, credit: TURN_WEIGHT };
    this.#shares.set(client, share);
    this.#waiting.push(share);
    return share;
  }

  #close(share: Share<Request>): void {
    this.#shares.delete(share.client);
    const place = this.#waiting.indexOf(share);
    this.#waiting.splice(place, 1);
    if (place < this.#turn) this.#turn--;
    if (this.#turn === this.#waiting.length) this.#turn = 0;
  }
}
