/**
 * The connection router: sends writes to the primary, and reads to every healthy node in turn, the primary
 * included.
 *
 * It queries the state of all nodes in rounds. Which node is the primary, and which nodes are healthy, is
 * decided by `judge` (topology.ts); the router applies that to its nodes and logs what has changed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Clock, wallClockMs } from '../../timing/clock.ts';
import { Deadlines } from '../../timing/deadlines.ts';
import { PeriodicTask } from '../../timing/periodic.ts';
import { passwordOf } from '../connection.ts';
import { DatabaseUnavailable, isOutage, isRetryable, isUnavailable, isWriteFailure } from '../errors.ts';
import type { ConnectionLimits } from '../pool.ts';
import { inTransaction } from '../transaction.ts';
import type { Database, Reader, ReadOptions, TransactionTrace, Work } from '../types.ts';
import { leadOver } from './clock-difference.ts';
import { hedgedRead, slowLast } from './hedged-read.ts';
import { DatabaseNode, type NodeStatus } from './node.ts';
import { type Answer, judge, mustRepeat, observe, type Topology, unknownTopology } from './topology.ts';

export interface RouterOptions extends ConnectionLimits {
  /** The nodes, in any order; the router finds out which of them is the primary. */
  readonly urls: readonly string[];
  /** The time between two checks of the nodes, in milliseconds. A failure brings the next check forward. */
  readonly checkIntervalMs: number;
  /** A replica whose replay is further behind is not read. */
  readonly replicaLagMaxMs: number;
  readonly now?: Clock | undefined;
  /** The clock that is compared with those of the nodes, in milliseconds since the epoch. */
  readonly wallClock?: () => number;
  readonly logger: Logger;
}

const PRIMARY_POLL_INTERVAL_MS = 100;

/** For how long a write that failed by itself counts, unless one succeeds before. */
const WRITE_FAILURE_MS = 10_000;

/** A read that has taken this part of its time limit is hedged. */
const HEDGE_DELAY_DIVISOR = 10;

/** A read failed because its node cannot serve it; the next one may. */
class NodeFailure extends Error {}

const isNodeError = (error: unknown) => error instanceof NodeFailure;

/** How often a round is repeated while a replica lacks what was acknowledged before, and after what time. */
const CATCH_UP_ROUNDS = 5;
const CATCH_UP_PAUSE_MS = 10;

export class Router implements Database {
  readonly #nodes: readonly DatabaseNode[];
  readonly #options: RouterOptions;
  /** The clock, and the timer of transactions and hedged reads. */
  readonly #deadlines: Deadlines;
  readonly #checks: PeriodicTask;
  #topology: Topology;
  #turn = 0;
  /** When a write last failed because the server cannot write; undefined after one that succeeded. */
  #writeFailedMs: number | undefined;
  /** The current check. One runs after the other, so the latest verdicts rest on the latest answers. */
  #checking: Promise<void> = Promise.resolve();

  constructor(options: RouterOptions) {
    const { urls, logger, checkIntervalMs, now, wallClock = wallClockMs } = options;
    this.#options = options;
    this.#deadlines = new Deadlines(now);
    this.#checks = new PeriodicTask({
      run: () => this.check().then(() => ({ more: isCatchingUp(this.#topology) })),
      intervalMs: checkIntervalMs,
      minGapMs: Math.ceil(checkIntervalMs / 4),
      onError: (error) => logger.error({ err: error }, 'the check of the database nodes failed'),
    });
    const clocks = { now: this.#deadlines.now, wallClock };
    const onUnknownServer = () => this.#checks.trigger();
    this.#nodes = urls.map((url) => new DatabaseNode(url, options, clocks, logger, onUnknownServer));
    this.#topology = unknownTopology(urls.length);
  }

  /**
   * Checks every node, and goes on to do so until `stop`.
   *
   * @throws DatabaseUnavailable when every node refuses the service for a cause that waiting does not remove.
   */
  async start(): Promise<void> {
    await this.#checks.start();
    this.#throwIfRefused();
  }

  /** Closes all connections; statements in flight are finished first. */
  async stop(): Promise<void> {
    // A query that meets the end of its pool may never be answered, so a check that runs is finished first.
    await this.#checks.stop();
    await this.#checking.catch(() => {});
    await Promise.allSettled(this.#nodes.map((node) => node.close()));
  }

  /** The password of the first node that has one, which all instances share. */
  get password(): string | undefined {
    return this.#options.urls.map(passwordOf).find((each) => each !== undefined);
  }

  /** The primary in force, healthy or not. */
  get primary(): DatabaseNode | undefined {
    const { primary } = this.#topology;
    return primary === undefined ? undefined : this.#nodes[primary];
  }

  /** Each node's role and health. */
  status(): NodeStatus[] {
    return this.#nodes.map((node) => node.status);
  }

  /** Whether there is a healthy node, and so reads are answered. */
  get readable(): boolean {
    return this.#nodes.some((node) => node.healthy);
  }

  /** Whether writes succeed: the primary is healthy and can write, and its commits are confirmed. */
  get writable(): boolean {
    const { commitsHang } = this.#topology;
    return this.primary?.healthy === true && !commitsHang && !this.#writesFail;
  }

  /** How many replicas confirm each commit, as the primary is configured; undefined before that is known. */
  get confirmedBy(): number | undefined {
    return this.#topology.confirmedBy;
  }

  get #writesFail(): boolean {
    const failedMs = this.#writeFailedMs;
    return failedMs !== undefined && this.#deadlines.now() - failedMs < WRITE_FAILURE_MS;
  }

  /**
   * Waits until there is a healthy primary.
   *
   * @param limitMs for how long.
   * @param options.writable whether it must also accept writes.
   * @throws DatabaseUnavailable when there is none in time, or at once when every node refuses the service
   * for a cause that waiting does not remove, with the status of each node; or the signal's reason.
   */
  async waitForPrimary(
    limitMs: number,
    { signal, writable = false }: { signal?: AbortSignal | undefined; writable?: boolean } = {},
  ): Promise<DatabaseNode> {
    const deadlineMs = this.#deadlines.now() + limitMs;
    for (;;) {
      await this.check();
      signal?.throwIfAborted();
      const { primary } = this;
      if (primary?.healthy && (this.writable || !writable)) return primary;
      this.#throwIfRefused();
      if (this.#deadlines.now() > deadlineMs) break;
      await sleep(PRIMARY_POLL_INTERVAL_MS);
    }
    const missing = writable ? 'primary whose commits are confirmed' : 'primary';
    throw new DatabaseUnavailable(`no ${missing} after ${limitMs} ms (${this.#describe()})`);
  }

  #throwIfRefused(): void {
    if (!this.#nodes.every((node) => node.isRefused)) return;
    throw new DatabaseUnavailable(`no database node accepts this service (${this.#describe()})`);
  }

  /** Each node with its role and the best that is known of why it is not healthy. */
  #describe(): string {
    const nodes = this.status();
    return nodes
      .map(({ name, role, reason, cause }) => `${name}: ${role}, ${cause || reason || 'healthy'}`)
      .join('; ');
  }

  async write<T, R = never>(work: Work<T, R>, trace?: TransactionTrace): Promise<T | R> {
    try {
      const { primary } = this;
      if (primary === undefined) throw new DatabaseUnavailable('no primary');
      // Fail fast: a transaction started now would hang in COMMIT with an unknown outcome, and hanging
      // transactions exhaust the primary's connections.
      if (this.#topology.commitsHang) throw new DatabaseUnavailable('commits are not confirmed');
      const limits = { timeoutMs: this.#options.writeTimeoutMs, deadlines: this.#deadlines };
      const result = await inTransaction(primary.pool, limits, work, trace);
      this.#writeFailedMs = undefined;
      return result;
    } catch (error) {
      if (isWriteFailure(error)) this.#writeFailedMs = this.#deadlines.now();
      if (isOutage(error)) this.#checks.trigger();
      throw error;
    }
  }

  async read<T>(work: (db: Reader) => Promise<T>, { primaryFirst = false }: ReadOptions = {}): Promise<T> {
    const [first, ...others] = this.#readOrder(primaryFirst);
    if (first === undefined) throw new DatabaseUnavailable('no node is healthy');
    const read = (node: DatabaseNode) => this.#readFrom(node, work);
    const hedgeDelayMs = this.#options.readTimeoutMs / HEDGE_DELAY_DIVISOR;
    const options = { read, hedgeDelayMs, isNodeError, deadlines: this.#deadlines };
    return hedgedRead([first, ...others], options).catch((error) => {
      if (!(error instanceof NodeFailure)) throw error;
      throw new DatabaseUnavailable('the read failed on every node', { cause: error.cause });
    });
  }

  /**
   * Reads from one node. Only an error of its statements can be the node's: what else the work throws would
   * fail on the next one too.
   *
   * @throws NodeFailure
   */
  async #readFrom<T>(node: DatabaseNode, work: (db: Reader) => Promise<T>): Promise<T> {
    let failure: unknown;
    const query: Reader['query'] = (text, values) =>
      node.reader.query(text, values).catch((error) => {
        failure ??= error;
        throw error;
      });
    try {
      const result = await work({ query, clockAheadMs: node.clockLeadMs });
      node.reads++;
      return result;
    } catch (error) {
      if (failure === undefined) throw error;
      if (isUnavailable(failure)) this.#onReadFailed(node, failure);
      // A replica cancels reads that block its replay (40001): the next node can serve them.
      else if (!isRetryable(failure)) throw error;
      throw new NodeFailure('the node failed', { cause: failure });
    }
  }

  /** Queries every node, elects the primary, and marks each node healthy or unhealthy. */
  check(): Promise<void> {
    // One that failed, by a bug, must not keep the next from running.
    this.#checking = this.#checking.catch(() => {}).then(() => this.#checkOnce());
    return this.#checking;
  }

  /** The healthy nodes in turn, or from the primary on, slow ones last; the primary when there are none. */
  #readOrder(primaryFirst: boolean): readonly DatabaseNode[] {
    const { primary } = this;
    const healthy = this.#nodes.filter((node) => node.healthy);
    if (healthy.length === 0) return primary === undefined ? [] : [primary];
    const isFirst = primaryFirst && primary?.healthy;
    const first = isFirst ? healthy.indexOf(primary) : this.#turn++ % healthy.length;
    return slowLast([...healthy.slice(first), ...healthy.slice(0, first)]);
  }

  #onReadFailed(node: DatabaseNode, error: unknown): void {
    if (node.healthy) node.markUnhealthy('read failed', error);
    this.#checks.trigger();
  }

  async #checkOnce(): Promise<void> {
    let round = await this.#judge(this.#topology);
    // The WAL that a replica lacks, at the first sight of it, mostly is what was written a moment ago.
    for (let repeated = 0; repeated < CATCH_UP_ROUNDS && isCatchingUp(round.topology); repeated++) {
      await sleep(CATCH_UP_PAUSE_MS);
      round = await this.#judge(round.topology);
    }
    // Nothing is awaited from here on, so the verdicts take effect on all nodes at once.
    this.#apply(round.topology, round.answers);
  }

  async #judge(before: Topology): Promise<{ readonly topology: Topology; readonly answers: Answer[] }> {
    let observed = before;
    let answers = await this.#queryAll();
    while (mustRepeat(observed, answers)) {
      observed = observe(observed, answers);
      answers = await this.#queryAll();
    }
    const { replicaLagMaxMs } = this.#options;
    const round = { answers, nowMs: this.#deadlines.now(), replicaLagMaxMs };
    return { topology: judge(observed, round), answers };
  }

  #queryAll(): Promise<Answer[]> {
    return Promise.all(this.#nodes.map((node) => node.queryState()));
  }

  #apply(topology: Topology, answers: readonly Answer[]): void {
    const before = this.#topology;
    this.#topology = topology;
    this.#logChanges(before, topology);
    for (const [index, node] of this.#nodes.entries()) {
      const verdict = topology.nodes[index];
      if (verdict !== undefined) node.apply(verdict, answers[index]);
    }
    this.#compareClocks(this.#nodes.filter((_, index) => !(answers[index] instanceof Error)));
  }

  /** Compares the clocks of those that answered in one round with the primary's, if it is one of them. */
  #compareClocks(answering: readonly DatabaseNode[]): void {
    const reference = answering.find((node) => node === this.primary)?.clock;
    if (reference === undefined) return;
    for (const node of answering) node.clockLeadMs = leadOver(node.clock ?? reference, reference);
  }

  #logChanges(before: Topology, { primary, timeline, confirmedBy, commitsHang }: Topology): void {
    const { logger } = this.#options;
    const isFirst = before.timeline === 0;
    if (primary !== before.primary) {
      const level = isFirst ? 'info' : 'warn';
      if (primary === undefined) logger.error('no primary: writes are rejected');
      else logger[level]({ node: this.primary?.name, timeline }, 'writes go to this primary');
    }
    if (confirmedBy === 0 && before.confirmedBy !== 0) {
      logger.warn('no replica confirms commits, as the primary is configured: its disk alone has them');
    }
    if (commitsHang && !before.commitsHang) logger.error('commits are not confirmed: writes are rejected');
    if (!commitsHang && before.commitsHang) logger.info('commits are confirmed: writes are accepted');
  }
}

function isCatchingUp({ nodes }: Topology): boolean {
  return nodes.some(({ reason }) => reason === 'catching up');
}
