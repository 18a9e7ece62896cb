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
/** A batch that has passed over more than this is not worth a longer search. It bounds the time of one. */
const PASSED_WEIGHT_MAX = 64;
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

/** A batch that is being taken. */
interface Batch<Request> {
  readonly requests: Request[];
  weight: number;
  readonly sizeMax: number;
  readonly weightMax: number;
  readonly accepts: ((request: Request) => boolean) | undefined;
  /** The weight of the requests that were passed over. */
  passedWeight: number;
}

/** Why a client's turn ended. `done`: each of its requests was taken or passed over. */
type TurnEnd = 'done' | 'short of credit' | 'full';

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

  /** The first request of each client. */
  get firsts(): Request[] {
    return this.#waiting.flatMap(({ requests }) => requests.find(({ queued }) => queued) ?? []);
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

  /**
   * Takes the next batch: at most this number of requests and this weight, or a single request.
   *
   * @param accepts passes a request over where it returns false. That one stays in its place, and a batch
   * that has passed over too much takes no more. Without it every request is taken in its turn.
   */
  take(sizeMax: number, weightMax: number, accepts?: (request: Request) => boolean): Request[] {
    const batch: Batch<Request> = { requests: [], weight: 0, sizeMax, weightMax, accepts, passedWeight: 0 };
    // After a round in which every client has only requests that are passed over, there is nothing to take.
    let blocked = 0;
    for (let share = this.#inTurn(); share !== undefined && blocked < this.#waiting.length; ) {
      const end = this.#serve(share, batch);
      if (end === 'full') break;
      const isBlocked = end === 'done' && share.size > 0;
      blocked = isBlocked ? blocked + 1 : 0;
      if (share.size === 0) this.#close(share);
      else this.#pass(share, isBlocked ? 0 : TURN_WEIGHT);
      share = this.#inTurn();
    }
    return batch.requests;
  }

  /** Takes what a client gets in its turn. Returns why it ended. */
  #serve(share: Share<Request>, batch: Batch<Request>): TurnEnd {
    const { requests, accepts } = batch;
    const passed: Request[] = [];
    let seen = 0;
    let end: TurnEnd = 'done';
    for (const request of share.requests) {
      if (request.queued) {
        const { weight } = request;
        const isFull =
          requests.length === batch.sizeMax ||
          (requests.length > 0 && batch.weight + weight > batch.weightMax);
        if (isFull || batch.passedWeight > PASSED_WEIGHT_MAX) end = 'full';
        else if (weight > share.credit) end = 'short of credit';
        if (end !== 'done') break;
        if (accepts !== undefined && !accepts(request)) {
          batch.passedWeight += weight;
          passed.push(request);
        } else {
          share.credit -= weight;
          batch.weight += weight;
          requests.push(request);
          this.#leave(share, request);
        }
      }
      seen++;
    }
    share.requests.splice(0, seen, ...passed);
    return end;
  }

  #inTurn(): Share<Request> | undefined {
    return this.#waiting[this.#turn];
  }

  /** Ends the turn of a client, and gives it the weight of its next one. */
  #pass(share: Share<Request>, weight: number): void {
    share.credit += weight;
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
