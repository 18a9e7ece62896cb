/**
 * The load: lanes, each of which lives through one order after the other, and lanes that only read. What an
 * order is, and what is tried with it, comes from the seed, the lane's number and the order's. How often a call
 * is repeated and which orders of others a lane comes across depends on how things go, and so does what follows.
 */
import type { Line } from '../../src/domain/orders/order.ts';
import type { Operation, Transport } from '../../test/support/client.ts';
import { isDecided } from './checks/answers.ts';
import type { FaultClient } from './client.ts';
import type { Answer, Call, History, Manner, Request } from './history.ts';
import { Random } from './random.ts';
import { pickLines } from './stock.ts';

/** How the load behaves. A fault may change it while the load runs. */
export interface Behaviour {
  lanes: number;
  /** Lanes that only read, at a steady pace, so that it shows whether reads go on while writes do not. */
  readers: number;
  /** The longest pause between two calls of a lane. */
  pauseMaxMs: number;
  /** What callers are willing to wait; one of these. */
  deadlinesMs: readonly number[];
  /** The share of calls whose caller goes away. */
  abandonShare: number;
  /** The share of creates that are sent several times at once. */
  duplicateShare: number;
  /** The share of creates whose key is then sent with another request. */
  misuseShare: number;
}

export const usualBehaviour: Readonly<Behaviour> = {
  lanes: 48,
  readers: 8,
  pauseMaxMs: 60,
  deadlinesMs: [1_000, 2_000, 5_000],
  abandonShare: 0,
  duplicateShare: 0.02,
  misuseShare: 0.03,
};

export interface LoadOptions {
  readonly seed: number;
  readonly behaviour: Behaviour;
  readonly history: History;
  /** The clients of each process of the service. */
  readonly services: readonly Readonly<Record<Transport, FaultClient>>[];
}

/** Orders of one lane: more than any run reaches. */
const USERS_PER_LANE = 100_000;
/** Who uses the key of another's order is that one plus this, so that such an order would be found. */
const MISUSERS = 1_000_000_000;
const READ_INTERVAL_MS = 50;
const STEPS_MAX = 5;
const ABANDON_MAX_MS = 40;
const RETRY_PAUSE_MAX_MS = 150;
/** How long after the load was stopped it is still tried to find out what became of something. */
const RESOLVE_LIMIT_MS = 10_000;
/** How many orders of others a lane may come across. */
const KNOWN_MAX = 200;

export class Load {
  readonly #options: LoadOptions;
  readonly #lanes: Promise<void>[];
  /** Orders that exist, the latest ones. */
  readonly #known: number[] = [];
  #stopping = false;
  #giveUpMs = Number.POSITIVE_INFINITY;

  /** Starts the load. */
  constructor(options: LoadOptions) {
    this.#options = options;
    const { lanes, readers } = options.behaviour;
    this.#lanes = Array.from({ length: lanes + readers }, (_, lane) =>
      lane < lanes ? this.#runLane(lane) : this.#runReader(lane),
    );
  }

  /** Begins no more orders, finds out what is unknown, and resolves when all lanes have ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#giveUpMs = this.#options.history.now() + RESOLVE_LIMIT_MS;
    await Promise.all(this.#lanes);
  }

  /** Ends as soon as the calls under way have ended, whatever is unknown. */
  abandon(): void {
    this.#stopping = true;
    this.#giveUpMs = 0;
  }

  async #runLane(lane: number): Promise<void> {
    for (let life = 1; !this.#stopping && life < USERS_PER_LANE; life++) {
      const random = new Random(this.#options.seed, 'lane', lane, life);
      await this.#live(lane, random, lane * USERS_PER_LANE + life);
    }
  }

  /** Reads what others have written. Who waits for an answer skips its turns. */
  async #runReader(lane: number): Promise<void> {
    const random = new Random(this.#options.seed, 'reader', lane);
    while (!this.#stopping) {
      const next = new Promise((resolve) => setTimeout(resolve, READ_INTERVAL_MS));
      const [line] = pickLines(random);
      const ofStock = random.chance(0.3) || this.#known.length === 0;
      await this.#ask(
        lane,
        random,
        ofStock
          ? { operation: 'getStock', sku: line?.sku ?? 0 }
          : { operation: 'getOrder', orderId: random.pick(this.#known) },
      );
      await next;
    }
  }

  /** One order from its creation to wherever it gets. */
  async #live(lane: number, random: Random, user: number): Promise<void> {
    const lines = pickLines(random);
    const request: Request = { operation: 'createOrder', user, lines, key: `order ${user}` };
    const orderId = await this.#create(lane, random, request);
    if (orderId === undefined) return;
    if (random.chance(this.#options.behaviour.misuseShare)) {
      await this.#create(lane, random, { ...request, user: user + MISUSERS });
    }
    this.#known.push(orderId);
    if (this.#known.length > KNOWN_MAX) this.#known.shift();
    for (let steps = random.between(0, STEPS_MAX); steps > 0 && !this.#stopping; steps--) {
      await this.#pause(random, this.#options.behaviour.pauseMaxMs);
      await this.#step(lane, random, orderId, lines);
    }
  }

  async #step(lane: number, random: Random, ownId: number, lines: readonly Line[]): Promise<void> {
    const orderId = random.chance(0.1) ? random.pick(this.#known) : ownId;
    const move = (operation: Operation) => this.#move(lane, random, { operation, orderId });
    const choice = random.share();
    if (choice < 0.4) await this.#ask(lane, random, { operation: 'getOrder', orderId });
    else if (choice < 0.55)
      await this.#ask(lane, random, { operation: 'getStock', sku: random.pick(lines).sku });
    else if (choice < 0.75) await move('payOrder');
    else if (choice < 0.93) await move('cancelOrder');
    else await Promise.all([move('payOrder'), move('cancelOrder')]);
  }

  /**
   * Creates an order and repeats that, with the same key, until it is known what became of it.
   *
   * @returns its id, or undefined where there is none or it cannot be known.
   */
  async #create(lane: number, random: Random, request: Request) {
    const copies = random.chance(this.#options.behaviour.duplicateShare) ? random.between(2, 4) : 1;
    let isUnknown = false;
    while (this.#options.history.now() < this.#giveUpMs) {
      const asked = Array.from({ length: copies }, () => this.#ask(lane, random, request));
      const calls = await Promise.all(asked);
      const decided = calls.find(isDecided);
      if (decided) return decided.answeredId;
      isUnknown ||= calls.some(({ outcome }) => outcome === 'unknown');
      // Who knows that nothing was done may leave it at that.
      if (!isUnknown && (this.#stopping || random.chance(0.3))) return undefined;
      await this.#pause(random, RETRY_PAUSE_MAX_MS);
    }
    return undefined;
  }

  /** Pays or cancels, which may be repeated without harm, until it is known what became of it. */
  async #move(lane: number, random: Random, request: Request): Promise<void> {
    let isUnknown = false;
    while (this.#options.history.now() < this.#giveUpMs) {
      const call = await this.#ask(lane, random, request);
      if (isDecided(call)) return;
      isUnknown ||= call.outcome === 'unknown';
      if (!isUnknown && (this.#stopping || random.chance(0.3))) return;
      await this.#pause(random, RETRY_PAUSE_MAX_MS);
    }
  }

  /** Makes one call and writes it down. */
  async #ask(lane: number, random: Random, request: Request): Promise<Call> {
    const { history, services } = this.#options;
    const manner = this.#pickManner(random);
    const startMs = history.now();
    const answer = await this.#send(services, request, manner);
    const call = { lane, ...request, ...manner, ...answer, startMs, endMs: history.now() };
    history.calls.push(call);
    return call;
  }

  #send(services: LoadOptions['services'], request: Request, manner: Manner): Promise<Answer> {
    const service = services[manner.service];
    if (service === undefined) throw new Error(`there is no service ${manner.service}`);
    return service[manner.transport].call(request, manner);
  }

  #pickManner(random: Random): Manner {
    const { behaviour, services } = this.#options;
    const manner = {
      transport: random.pick(['REST', 'gRPC'] as const),
      service: random.between(0, services.length - 1),
      deadlineMs: random.pick(behaviour.deadlinesMs),
    };
    // When the load ends, callers are patient: then it shows what can be found out at all.
    if (this.#stopping) return { ...manner, deadlineMs: Math.max(...usualBehaviour.deadlinesMs) };
    const leaves = random.chance(behaviour.abandonShare);
    return leaves ? { ...manner, abandonMs: random.share() * ABANDON_MAX_MS } : manner;
  }

  #pause(random: Random, maxMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, random.share() * maxMs));
  }
}
