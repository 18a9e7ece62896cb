/**
 * The connection router: finds the primary among the nodes, sends writes to it, and reads to every fit node in
 * turn, the primary included.
 *
 * The primary is the node that is not in recovery on the highest timeline that any node has ever shown. A
 * promotion raises the timeline, so a promoted replica takes over, and an old primary that comes back is told
 * by its lower one and used for nothing. See docs/decisions/timeline-check.md.
 *
 * A replica is fit while it is reachable, not behind, and one that every commit waits for (`sync` in the
 * primary's `pg_stat_replication`, applied there before the write is acknowledged). So a read after an
 * acknowledged write sees it, whichever node answers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PeriodicTask } from '../../timing/periodic.ts';
import { DatabaseUnavailable, isRetryable, OutcomeUnknown, saysUnavailable } from '../errors.ts';
import type { ConnectionLimits } from '../pool.ts';
import { inTransaction } from '../transaction.ts';
import type { Database, Queryable, Work } from '../types.ts';
import { askInTurn, silentLast } from './hedged-read.ts';
import { DatabaseNode, type NodeState, type NodeStatus } from './node.ts';

export interface RouterOptions extends ConnectionLimits {
  /** The nodes, in any order; which of them is the primary is found out. */
  readonly urls: readonly string[];
  /** The time between two checks of the nodes. After a failure they are checked sooner. */
  readonly checkIntervalMs: number;
  /** A replica whose replay is further behind than this is taken out. */
  readonly replicaLagMaxMs: number;
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

type Answer = NodeState | Error;

const PRIMARY_POLL_INTERVAL_MS = 100;

/** A node that is silent for this part of a read's time is no longer waited for alone. */
const PATIENCE_DIVISOR = 10;

/** A replica also cancels a read that stands in the way of its replay (40001): the next node has it. */
const isOfNode = (error: unknown) => saysUnavailable(error) || isRetryable(error);

export class Router implements Database {
  readonly #nodes: readonly DatabaseNode[];
  readonly #options: RouterOptions;
  readonly #checks: PeriodicTask;
  /** The cluster that this service works on: that of its first primary. */
  #system: string | undefined;
  /** The primary in force. It stays so while it only does not answer. */
  #primary: DatabaseNode | undefined;
  /** The highest timeline that any node has ever shown. */
  #timeline = 0;
  /** The slots of the replicas that commits waited for when the primary was last asked. */
  #synchronousSlots = new Set<string>();
  /** Whether a commit would wait in vain, with its locks and its connection. */
  #commitsHang = false;
  #turn = 0;
  /** The check under way: one runs after the other, so that what is decided last was also asked last. */
  #checking: Promise<void> = Promise.resolve();

  constructor(options: RouterOptions) {
    const { urls, logger, checkIntervalMs } = options;
    this.#options = options;
    this.#checks = new PeriodicTask({
      run: () => this.check().then(() => undefined),
      intervalMs: checkIntervalMs,
      minGapMs: Math.ceil(checkIntervalMs / 4),
      onError: (error) => logger.error({ err: error }, 'the check of the database nodes failed'),
    });
    this.#nodes = urls.map((url) => new DatabaseNode(url, options, logger, () => this.#checks.trigger()));
  }

  /** Checks every node, and goes on to do so until `stop`. */
  async start(): Promise<void> {
    await this.#checks.start();
  }

  /** Closes all connections; statements under way are finished first. */
  async stop(): Promise<void> {
    await Promise.allSettled([this.#checks.stop(), ...this.#nodes.map((node) => node.close())]);
  }

  /** The primary in force, fit or not. */
  get primary(): DatabaseNode | undefined {
    return this.#primary;
  }

  /** What each node is and whether it is fit. */
  status(): NodeStatus[] {
    return this.#nodes.map((node) => node.status);
  }

  /** Whether reads are answered: there is a fit node. */
  get readable(): boolean {
    return this.#nodes.some((node) => node.fit);
  }

  /** Whether writes are taken: the primary is fit, and who must confirm a commit is there. */
  get writable(): boolean {
    return this.#primary?.fit === true && !this.#commitsHang;
  }

  /**
   * Waits until there is a primary to read, or one that also takes writes.
   *
   * @throws when there is none within the time, with what each node is instead; or what the signal says.
   */
  async waitForPrimary(
    limitMs: number,
    { signal, writable = false }: { signal?: AbortSignal | undefined; writable?: boolean } = {},
  ): Promise<DatabaseNode> {
    const deadlineMs = this.#options.now() + limitMs;
    for (;;) {
      await this.check();
      signal?.throwIfAborted();
      if (this.#primary?.fit && (this.writable || !writable)) return this.#primary;
      if (this.#options.now() > deadlineMs) break;
      await sleep(PRIMARY_POLL_INTERVAL_MS);
    }
    const found = this.status().map(({ name, role, reason }) => `${name}: ${role}, ${reason || 'fit'}`);
    const sought = writable ? 'primary whose commits are confirmed' : 'primary';
    throw new DatabaseUnavailable(`no ${sought} after ${limitMs} ms (${found.join('; ')})`);
  }

  async write<T>(work: Work<T>): Promise<T> {
    try {
      if (this.#primary === undefined) throw new DatabaseUnavailable('no node is the primary');
      // Begun all the same, each such transaction would end unknown and leave a connection waiting on the
      // primary, until that has none left for anybody.
      if (this.#commitsHang) throw new DatabaseUnavailable('no replica is there to confirm a commit');
      return await inTransaction(this.#primary.pool, this.#options.writeTimeoutMs, work);
    } catch (error) {
      if (error instanceof DatabaseUnavailable || error instanceof OutcomeUnknown) this.#checks.trigger();
      throw error;
    }
  }

  async read<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    const [first, ...others] = this.#inTurn();
    if (first === undefined) throw new DatabaseUnavailable('no node is fit to be read');
    const ask = async (node: DatabaseNode) => {
      try {
        const result = await work(node.reader);
        node.reads++;
        return result;
      } catch (error) {
        if (saysUnavailable(error)) this.#readFailed(node, error);
        throw error;
      }
    };
    const patienceMs = this.#options.readTimeoutMs / PATIENCE_DIVISOR;
    return askInTurn([first, ...others], { ask, patienceMs, isOfNode }).catch((error) => {
      throw isOfNode(error) ? new DatabaseUnavailable('no node answered the read', { cause: error }) : error;
    });
  }

  /** Asks every node how it is, finds the primary, takes out those that are not fit, puts back those that are. */
  check(): Promise<void> {
    this.#checking = this.#checking.then(() => this.#checkOnce());
    return this.#checking;
  }

  /** The fit nodes, starting each time with the next one that is not silent; the primary when none is known to be fit. */
  #inTurn(): readonly DatabaseNode[] {
    const fit = this.#nodes.filter((node) => node.fit);
    if (fit.length === 0) return this.#primary === undefined ? [] : [this.#primary];
    const first = this.#turn++ % fit.length;
    return silentLast([...fit.slice(first), ...fit.slice(0, first)]);
  }

  #readFailed(node: DatabaseNode, error: unknown): void {
    if (node.fit) node.takeOut('a read failed', error);
    this.#checks.trigger();
  }

  /** From the answers on nothing waits, so what is decided begins to hold for all nodes at once. */
  async #checkOnce(): Promise<void> {
    const answers = await this.#askAll();
    this.#timeline = Math.max(...this.#ours().map((node) => node.timeline), this.#timeline);
    this.#setPrimary(this.#findPrimary());
    this.#system ??= this.#primary?.system;
    const primaryAnswer = this.#primary && answers.get(this.#primary);
    const primaryState = primaryAnswer instanceof Error ? undefined : primaryAnswer;
    if (primaryState !== undefined) this.#listen(primaryState);
    for (const [node, answer] of answers) this.#judge(node, answer, primaryState !== undefined);
  }

  /**
   * Asks all nodes at once; and again when a primary answers that was started since it was last asked. It may be
   * an old one that came up after a replica had answered, which was promoted in between. The second answers are
   * all given after it was there. Each turn needs a server's start, so there are few.
   */
  async #askAll(): Promise<ReadonlyMap<DatabaseNode, Answer>> {
    for (;;) {
      const before = new Map(this.#nodes.map((node) => [node, node.lastStarted]));
      const ask = async (node: DatabaseNode) => [node, await node.ask()] as const;
      const answers = new Map(await Promise.all(this.#nodes.map(ask)));
      const isNew = (node: DatabaseNode) => node.lastStarted !== before.get(node);
      if (!this.#nodes.some((node) => node.role === 'primary' && isNew(node))) return answers;
    }
  }

  /**
   * The nodes of our cluster. A wrong address may lead to another one, whose timeline says nothing about ours; while
   * none is chosen and they are of several, none can be told to be right.
   */
  #ours(): DatabaseNode[] {
    const systems = new Set(this.#nodes.flatMap(({ system }) => system ?? []));
    const system = this.#system ?? (systems.size === 1 ? [...systems][0] : undefined);
    return this.#nodes.filter((node) => node.system === system);
  }

  /**
   * Who is the primary by what all nodes said last. The one in force stays it as long as nobody has shown a
   * higher timeline. Where two claim the same one, neither can be told to be right.
   */
  #findPrimary(): DatabaseNode | undefined {
    const able = this.#ours().filter((node) => node.role === 'primary' && node.timeline === this.#timeline);
    if (this.#primary !== undefined && able.includes(this.#primary)) return this.#primary;
    return able.length === 1 ? able[0] : undefined;
  }

  #setPrimary(node: DatabaseNode | undefined): void {
    if (node === this.#primary) return;
    const log = this.#options.logger;
    if (node === undefined) log.error('no node is the primary: writes are refused');
    else log.warn({ node: node.name, timeline: node.timeline }, 'writes go to this primary');
    this.#primary = node;
    // What the last one said of its replicas says nothing about those of this one.
    this.#synchronousSlots.clear();
  }

  /** Takes over what the primary says of its commits. */
  #listen(state: NodeState): void {
    const log = this.#options.logger;
    const hang = state.commits_hang;
    if (hang && !this.#commitsHang) log.error('no replica confirms commits: writes are refused');
    if (!hang && this.#commitsHang) log.info('a replica confirms commits: writes are taken');
    this.#commitsHang = hang;
    this.#synchronousSlots = new Set(state.synchronous_slots);
  }

  #judge(node: DatabaseNode, answer: Answer, primaryAnswers: boolean): void {
    if (this.#isOtherPrimary(node)) node.shut();
    else if (!(answer instanceof Error)) node.admit(answer.started);
    const reason = this.#whyNotFit(node, answer, primaryAnswers);
    if (reason === undefined) node.putBack();
    else node.takeOut(reason, answer instanceof Error ? answer : undefined);
  }

  /** A node that takes itself for the primary and is not the one in force. */
  #isOtherPrimary(node: DatabaseNode): boolean {
    return node.role === 'primary' && node !== this.#primary;
  }

  #whyNotFit(node: DatabaseNode, answer: Answer, primaryAnswers: boolean): string | undefined {
    if (answer instanceof Error) return 'not reachable';
    if (node === this.#primary) return undefined;
    if (!this.#ours().includes(node)) return 'of another cluster';
    if (!this.#isOtherPrimary(node)) return this.#whyNotRead(node, answer, primaryAnswers);
    return node.timeline < this.#timeline ? 'an old primary' : 'one of two primaries';
  }

  /** Why a replica must not be read, if it must not. */
  #whyNotRead(node: DatabaseNode, state: NodeState, primaryAnswers: boolean): string | undefined {
    const slot = state.slot_name;
    const lagMs = node.lag.look(state.received, state.replayed, this.#options.now());
    if (lagMs > this.#options.replicaLagMaxMs) return 'replay lag';
    if (this.#primary === undefined) return 'no node is the primary';
    if (slot !== null && state.timeline !== this.#primary.timeline) return 'another timeline';
    if (slot !== null) node.slot = slot;
    // While the primary is away no commit is acknowledged without this replica, so one that was synchronous before,
    // and streams from nobody now, still has all that ever was. An operator who lets the primary go on without it
    // has to stop it first (docs/replication.md, part 5): we may be cut off from the primary alone.
    const mayFollow = slot !== null || !primaryAnswers;
    return mayFollow && this.#synchronousSlots.has(node.slot ?? '') ? undefined : 'no commit waits for it';
  }
}
