/**
 * The workload: lanes that create one order after the other and work with it, lanes that change stock by
 * hand, and lanes that only read. The seed, the lane's number and that of the order or change decide what it
 * is and what is tried with it. How often a call is repeated, which orders of others a lane uses, and which
 * total a change of stock expects, depends on the answers, and so does what follows.
 */
import type { Line } from '../../src/domain/orders/order.ts';
import type { Operation, Transport } from '../../test/support/client.ts';
import { isDecided } from './checks/answers.ts';
import type { FaultClient } from './client.ts';
import type { Call, CallSettings, History, Request } from './history.ts';
import { Random } from './random.ts';
import { initialStock, pickChanges, pickCounts, pickLines } from './stock.ts';

/** How the workload behaves. A fault may change it while the workload runs. */
export interface Behaviour {
  lanes: number;
  /** Lanes that change stock by hand. */
  stockWriters: number;
  /** Lanes that only read, at a steady rate, so that it shows whether reads go on while writes do not. */
  readers: number;
  /** The longest pause between two calls of a lane. */
  pauseMaxMs: number;
  /** Each call has one of these deadlines. */
  deadlinesMs: readonly number[];
  /** The share of calls whose caller disconnects. */
  abandonShare: number;
  /** The share of creates and changes of stock that are sent several times at once. */
  duplicateShare: number;
  /** The share of creates and adjustments whose key is then sent with another request. */
  misuseShare: number;
}

export const normalBehaviour: Readonly<Behaviour> = {
  lanes: 48,
  stockWriters: 4,
  readers: 8,
  pauseMaxMs: 60,
  deadlinesMs: [1_000, 2_000, 5_000],
  abandonShare: 0,
  duplicateShare: 0.02,
  misuseShare: 0.03,
};

export interface WorkloadOptions {
  readonly seed: number;
  readonly behaviour: Behaviour;
  readonly history: History;
  /** The clients of each process of the service. */
  readonly services: readonly Readonly<Record<Transport, FaultClient>>[];
}

/** Orders of one lane: more than any run reaches. */
const USERS_PER_LANE = 100_000;
/** Added to the user of calls that misuse a key, so that an order they create can be recognised. */
const MISUSE_USER_OFFSET = 1_000_000_000;
const READ_INTERVAL_MS = 50;
const STOCK_PAUSE_MAX_MS = 150;
/** The share of changes of stock that are counts, and how long ago these were taken. */
const COUNT_SHARE = 0.4;
const COUNT_AGE_MIN_MS = 100;
const COUNT_AGE_MAX_MS = 800;
/** The share of counts that are sent with a key, which has no effect. */
const COUNT_KEY_SHARE = 0.3;
const STEPS_MAX = 5;
/** The share of orders whose reservations end during the run, and how long those last. */
const SHORT_SHARE = 0.25;
const SHORT_SECONDS_MAX = 2;
const LONG_SECONDS = 600;
/** How many ended orders wait for what callers still try with them. */
const ENDED_MAX = 500;
const ABANDON_MAX_MS = 40;
const RETRY_PAUSE_MAX_MS = 150;
/** How long unknown outcomes are retried after the workload was stopped. */
const RESOLVE_LIMIT_MS = 10_000;
/** How many orders are known to all lanes. */
const KNOWN_MAX = 200;

export class Workload {
  readonly #options: WorkloadOptions;
  readonly #lanes: Promise<void>[];
  /** The latest orders. */
  readonly #known: number[] = [];
  /** The total of each sku as a change of stock has shown it last. */
  readonly #totals = new Map(initialStock);
  /** Orders with short reservations, and when these end. */
  readonly #short: { readonly orderId: number; readonly endMs: number }[] = [];
  #stopping = false;
  #resolveUntilMs = Number.POSITIVE_INFINITY;

  /** Starts the workload. */
  constructor(options: WorkloadOptions) {
    this.#options = options;
    const { lanes, readers, stockWriters } = options.behaviour;
    this.#lanes = Array.from({ length: lanes + readers + stockWriters }, (_, lane) => {
      if (lane < lanes) return this.#runLane(lane);
      return lane < lanes + readers ? this.#runReader(lane) : this.#runStockWriter(lane);
    });
  }

  /** Starts no more orders, resolves unknown outcomes, and waits until all lanes have ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#resolveUntilMs = this.#options.history.now() + RESOLVE_LIMIT_MS;
    await Promise.all(this.#lanes);
  }

  /** Ends with the calls under way, and leaves unknown outcomes unresolved. */
  abandon(): void {
    this.#stopping = true;
    this.#resolveUntilMs = 0;
  }

  async #runLane(lane: number): Promise<void> {
    for (let order = 1; !this.#stopping && order < USERS_PER_LANE; order++) {
      const random = new Random(this.#options.seed, 'lane', lane, order);
      await this.#runOrder(lane, random, lane * USERS_PER_LANE + order);
    }
  }

  /** Reads what others have written. While an answer is late it skips its turns. */
  async #runReader(lane: number): Promise<void> {
    const random = new Random(this.#options.seed, 'reader', lane);
    while (!this.#stopping) {
      const next = new Promise((resolve) => setTimeout(resolve, READ_INTERVAL_MS));
      const [line] = pickLines(random);
      const ofStock = random.chance(0.3) || this.#known.length === 0;
      await this.#call(
        lane,
        random,
        ofStock
          ? { operation: 'getStock', sku: line?.sku ?? 0 }
          : { operation: 'getOrder', orderId: random.pick(this.#known) },
      );
      await next;
    }
  }

  async #runStockWriter(lane: number): Promise<void> {
    for (let change = 1; !this.#stopping; change++) {
      const random = new Random(this.#options.seed, 'stock', lane, change);
      const reference = `stock ${lane}/${change}`;
      if (random.chance(COUNT_SHARE)) await this.#countStock(lane, random, reference);
      else await this.#adjustStock(lane, random, reference);
      await this.#pause(random, STOCK_PAUSE_MAX_MS);
    }
  }

  async #adjustStock(lane: number, random: Random, reference: string): Promise<void> {
    const pick = () => pickChanges(random, (sku) => this.#totals.get(sku) ?? 0);
    const request = { operation: 'adjustStock', reference, key: reference, changes: pick() } as const;
    const decided = await this.#resolve(lane, random, request, this.#pickCopies(random));
    if (decided === undefined || !random.chance(this.#options.behaviour.misuseShare)) return;
    await this.#resolve(lane, random, { ...request, reference: `${reference} misuse`, changes: pick() });
  }

  async #countStock(lane: number, random: Random, reference: string): Promise<void> {
    const key = random.chance(COUNT_KEY_SHARE) ? { key: reference } : {};
    // By the clock of this machine, which the database has too, whatever the clock of the service shows.
    const countedAtMs = Date.now() - random.between(COUNT_AGE_MIN_MS, COUNT_AGE_MAX_MS);
    const counts = pickCounts(random);
    const request = { operation: 'countStock', reference, ...key, counts, countedAtMs } as const;
    await this.#resolve(lane, random, request, this.#pickCopies(random));
  }

  /** One order, from its creation through a few steps. */
  async #runOrder(lane: number, random: Random, user: number): Promise<void> {
    const lines = pickLines(random);
    const ttlSeconds = random.chance(SHORT_SHARE) ? random.between(1, SHORT_SECONDS_MAX) : LONG_SECONDS;
    const request: Request = { operation: 'createOrder', user, lines, ttlSeconds, key: `order ${user}` };
    const orderId = await this.#create(lane, random, request);
    if (orderId === undefined) return;
    if (random.chance(this.#options.behaviour.misuseShare)) {
      await this.#create(lane, random, { ...request, user: user + MISUSE_USER_OFFSET });
    }
    if (ttlSeconds !== LONG_SECONDS && this.#short.length < ENDED_MAX) {
      this.#short.push({ orderId, endMs: this.#options.history.now() + ttlSeconds * 1_000 });
    }
    this.#known.push(orderId);
    if (this.#known.length > KNOWN_MAX) this.#known.shift();
    for (let steps = random.between(0, STEPS_MAX); steps > 0 && !this.#stopping; steps--) {
      await this.#pause(random, this.#options.behaviour.pauseMaxMs);
      await this.#step(lane, random, orderId, lines);
    }
  }

  async #step(lane: number, random: Random, ownId: number, lines: readonly Line[]): Promise<void> {
    const orderId = this.#takeEnded() ?? (random.chance(0.1) ? random.pick(this.#known) : ownId);
    const transition = (operation: Operation, more: Partial<Request> = {}) =>
      this.#resolve(lane, random, { operation, orderId, ...more });
    const payLate = () => transition('payOrder', { acceptLate: true });
    const extend = () => transition('extendOrder', { ttlSeconds: random.between(1, SHORT_SECONDS_MAX) });
    if (orderId !== ownId && random.chance(0.3)) {
      await (random.chance(0.7) ? payLate() : extend());
      return;
    }
    const choice = random.share();
    if (choice < 0.4) await this.#call(lane, random, { operation: 'getOrder', orderId });
    else if (choice < 0.55)
      await this.#call(lane, random, { operation: 'getStock', sku: random.pick(lines).sku });
    else if (choice < 0.65) await extend();
    else if (choice < 0.77) await transition('payOrder');
    else if (choice < 0.93) await transition('cancelOrder');
    else await Promise.all([transition('payOrder'), transition('cancelOrder'), payLate(), extend()]);
  }

  /** The next order whose reservation should have ended about now. */
  #takeEnded(): number | undefined {
    const now = this.#options.history.now();
    const at = this.#short.findIndex(({ endMs }) => endMs <= now);
    return at === -1 ? undefined : this.#short.splice(at, 1)[0]?.orderId;
  }

  /** Creates an order. Returns its id, or undefined when there is none or its outcome stays unknown. */
  async #create(lane: number, random: Random, request: Request): Promise<number | undefined> {
    return (await this.#resolve(lane, random, request, this.#pickCopies(random)))?.answeredId;
  }

  #pickCopies(random: Random): number {
    return random.chance(this.#options.behaviour.duplicateShare) ? random.between(2, 4) : 1;
  }

  /**
   * Sends a request that may be repeated. Retries until its outcome is known.
   *
   * @param copies that are sent at once.
   * @returns the call that shows the outcome, or undefined when nothing was done or it stays unknown.
   */
  async #resolve(lane: number, random: Random, request: Request, copies = 1): Promise<Call | undefined> {
    let isUnknown = false;
    while (this.#options.history.now() < this.#resolveUntilMs) {
      const sent = Array.from({ length: copies }, () => this.#call(lane, random, request));
      const calls = await Promise.all(sent);
      const decided = calls.find(isDecided);
      if (decided) return decided;
      isUnknown ||= calls.some(({ outcome }) => outcome === 'unknown');
      // When it is known that nothing was done, a retry is optional.
      if (!isUnknown && (this.#stopping || random.chance(0.3))) return undefined;
      await this.#pause(random, RETRY_PAUSE_MAX_MS);
    }
    return undefined;
  }

  /** Makes one call and records it. */
  async #call(lane: number, random: Random, request: Request): Promise<Call> {
    const { history, services } = this.#options;
    const settings = this.#pickSettings(random);
    const client = services[settings.service]?.[settings.transport];
    if (client === undefined) throw new Error(`there is no service ${settings.service}`);
    const startMs = history.now();
    const answer = await client.call(request, settings);
    const call = { lane, ...request, ...settings, ...answer, startMs, endMs: history.now() };
    history.calls.push(call);
    for (const { sku, total } of answer.stocks ?? []) if (total !== undefined) this.#totals.set(sku, total);
    return call;
  }

  #pickSettings(random: Random): CallSettings {
    const { behaviour, services } = this.#options;
    const settings = {
      transport: random.pick(['REST', 'gRPC'] as const),
      service: random.between(0, services.length - 1),
      deadlineMs: random.pick(behaviour.deadlinesMs),
    };
    // At the end callers are patient, so that unknown outcomes are resolved wherever they can be.
    if (this.#stopping) return { ...settings, deadlineMs: Math.max(...normalBehaviour.deadlinesMs) };
    const disconnects = random.chance(behaviour.abandonShare);
    return disconnects ? { ...settings, abandonMs: random.share() * ABANDON_MAX_MS } : settings;
  }

  #pause(random: Random, maxMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, random.share() * maxMs));
  }
}
