/**
 * One database node as the router sees it: its connections, and the verdict of the last round (topology.ts).
 *
 * A verdict holds for one server only. When a server dies its connections break, and the server that is later
 * at its address has another start time: the same data after a restart, or an old primary. So every new
 * connection first queries the start time, and is used only when that is the server that the last round
 * accepted.
 */
import type pg from 'pg';
import type { Logger } from 'pino';
import { nodeState } from '../../generated/sql/cluster.ts';
import type { Clock } from '../../timing/clock.ts';
import { causeOf, DatabaseUnavailable, isRefused } from '../errors.ts';
import { type ConnectionLimits, destroy, openClient, openPool, readerOf } from '../pool.ts';
import type { Queryable } from '../types.ts';
import { hostOf } from '../urls.ts';
import { type ClockDifference, ClockWatch, clockDifference } from './clock-difference.ts';
import { type Backlog, replayLagMs } from './replay-lag.ts';
import {
  checkOwnSession,
  checkServer,
  isUntested,
  majorOf,
  type ServerSeen,
  supportedVersions,
} from './server-check.ts';
import { type Answer, type Role, type TopologyNode, unknownNode } from './topology.ts';

/** A node as `/readyz` shows it to an operator. */
export interface NodeStatus {
  /** Its host and port. */
  readonly name: string;
  readonly role: Role;
  /** The timeline that it writes or follows; 0 until it has answered once. */
  readonly timeline: number;
  readonly healthy: boolean;
  /** Why it is unhealthy; empty when it is healthy. */
  readonly reason: string;
  /** The error behind the reason, in one line; empty when there is none. */
  readonly cause: string;
  /** How far its clock is ahead of this instance's, in milliseconds; undefined until it has answered once. */
  readonly clockAheadMs: number | undefined;
  /** For how long WAL that it has received waits for its replay, in milliseconds. */
  readonly replayLagMs: number;
  /** The number of reads that it has answered. */
  readonly reads: number;
  /** The number of its reads that another node got too, because it was slow. */
  readonly hedges: number;
  /** Its connections, and how much work waits for one. */
  readonly pool: { readonly used: number; readonly idle: number; readonly waiting: number };
}

export interface NodeClocks {
  /** For how long a query takes, and for the comparison of the nodes' clocks. */
  readonly now: Clock;
  /** For the comparison with the clock of the node that operators see, in milliseconds since the epoch. */
  readonly wallClock: () => number;
}

export class DatabaseNode {
  readonly url: string;
  /** Its host and port: all that logs and `/readyz` show of the URL. */
  readonly name: string;
  /** The connections for the service's work, each to the accepted server. */
  readonly pool: pg.Pool;
  /** Runs reads on this node, each with its time limit. */
  readonly reader: Queryable;
  /** How far its clock is ahead of the primary's, in milliseconds; 0 where they may agree. */
  clockLeadMs = 0;
  reads = 0;
  slowReads = 0;
  hedges = 0;
  #role: Role = unknownNode.role;
  #timeline = unknownNode.timeline;
  #reason: string | undefined = unknownNode.reason;
  /** The error behind the reason. */
  #cause: Error | undefined;
  #backlog: Backlog | undefined;
  #isVersionLogged = false;
  /** The start time of the server that connections may be used to; undefined while the node is fenced. */
  #accepted: string | undefined;
  readonly #limits: ConnectionLimits;
  readonly #clocks: NodeClocks;
  readonly #log: Logger;
  readonly #clockWatch: ClockWatch;
  #clock: ClockDifference | undefined;
  readonly #onUnknownServer: () => void;
  readonly #clients = new Set<pg.ClientBase>();
  /** A connection for `queryState` alone: it never queues behind work, and reaches any server there. */
  readonly #statePool: pg.Pool;

  /** @param onUnknownServer called when a new connection reached a server that was not accepted. */
  constructor(
    url: string,
    limits: ConnectionLimits,
    clocks: NodeClocks,
    log: Logger,
    onUnknownServer: () => void,
  ) {
    this.url = url;
    this.name = hostOf(url);
    this.#limits = limits;
    this.#clocks = clocks;
    this.#log = log.child({ node: this.name });
    this.#clockWatch = new ClockWatch(this.#log);
    this.#onUnknownServer = onUnknownServer;
    const onError = (error: Error) => this.#log.debug({ err: error }, 'connection lost');
    this.pool = openPool(url, limits, onError, (client) => this.#verifyServer(client));
    this.pool.on('connect', (client) => this.#clients.add(client));
    this.pool.on('remove', (client) => this.#clients.delete(client));
    const stateLimits = { ...limits, poolSize: 1 };
    const openSecond = () => openClient(url, limits, onError);
    this.#statePool = openPool(url, stateLimits, onError, (client) => this.#checkState(client, openSecond));
    this.reader = readerOf(this.pool, limits.readTimeoutMs);
  }

  get healthy(): boolean {
    return this.#reason === undefined;
  }

  /**
   * Its clock, compared with our monotonic one, which nobody sets: by it the nodes' clocks are compared with
   * each other. Undefined until it has answered once.
   */
  get clock(): ClockDifference | undefined {
    return this.#clock;
  }

  get status(): NodeStatus {
    const { name, healthy, reads, hedges } = this;
    const { totalCount, idleCount: idle, waitingCount: waiting } = this.pool;
    const cause = this.#cause === undefined ? '' : causeOf(this.#cause);
    return {
      name,
      role: this.#role,
      timeline: this.#timeline,
      healthy,
      reason: this.#reason ?? '',
      cause,
      clockAheadMs: this.#clockWatch.aheadMs,
      replayLagMs: Math.round(replayLagMs(this.#backlog, this.#clocks.now())),
      reads,
      hedges,
      pool: { used: totalCount - idle, idle, waiting },
    };
  }

  /** Whether the server refuses this service for a cause that waiting does not remove. */
  get isRefused(): boolean {
    return this.#cause !== undefined && isRefused(this.#cause);
  }

  /** Queries the node's state. Never throws: the error is the answer of a node that is not reachable. */
  async queryState(): Promise<Answer> {
    const { readTimeoutMs, writeTimeoutMs: timeoutMs } = this.#limits;
    const { now, wallClock } = this.#clocks;
    const sentMs = now();
    try {
      const [state] = await nodeState.run({ timeoutMs }, readerOf(this.#statePool, readTimeoutMs));
      if (state === undefined) return new Error('the node returned no state');
      const repliedMs = now();
      this.#clock = clockDifference(state.clock_ms, repliedMs, repliedMs - sentMs);
      this.#clockWatch.observe(clockDifference(state.clock_ms, wallClock(), repliedMs - sentMs));
      return state;
    } catch (error) {
      return error as Error;
    }
  }

  /**
   * Applies the verdict of a round.
   *
   * @param answer what the node answered in it, for the log.
   */
  apply({ role, timeline, accepted, reason }: TopologyNode, answer?: Answer): void {
    this.#role = role;
    this.#timeline = timeline;
    this.#backlog = accepted?.backlog;
    if (accepted === undefined) this.#fence();
    else this.#acceptServer(accepted.started);
    if (reason === undefined) this.#markHealthy();
    else this.markUnhealthy(reason, answer instanceof Error ? answer : undefined);
  }

  /** Stops the use of the node until a round finds it healthy. Logged once for each reason and cause. */
  markUnhealthy(reason: string, error?: unknown): void {
    const node = { role: this.#role, timeline: this.#timeline };
    const cause = error instanceof Error ? error : undefined;
    const isNew = this.#reason !== reason || this.#cause?.message !== cause?.message;
    // To catch up is what each replica does that becomes synchronous: no fault.
    const level = reason === 'catching up' ? 'info' : 'warn';
    if (isNew) this.#log[level]({ ...node, err: error, reason }, 'node is unhealthy');
    this.#reason = reason;
    this.#cause = cause;
  }

  /** Closes all connections; statements in flight are finished first. */
  async close(): Promise<void> {
    await Promise.allSettled([this.pool.end(), this.#statePool.end()]);
  }

  #markHealthy(): void {
    const node = { role: this.#role, timeline: this.#timeline };
    if (!this.healthy) this.#log.info(node, 'node is healthy');
    this.#reason = undefined;
    this.#cause = undefined;
  }

  /** Closes all connections, those in use too, and accepts no new one: nothing may come from this server. */
  #fence(): void {
    this.#accepted = undefined;
    this.#disconnect();
  }

  /** Lets connections to this server be used, and closes those to another one. */
  #acceptServer(started: string): void {
    if (this.#accepted === started) return;
    this.#disconnect();
    this.#accepted = started;
  }

  /** Checks what a new connection has reached, and closes the connection when it must not be used. */
  async #check(client: pg.ClientBase): Promise<ServerSeen> {
    try {
      const server = await checkServer(client, this.#limits);
      this.#warnOfVersion(server.version);
      return server;
    } catch (error) {
      destroy(client);
      throw error;
    }
  }

  /** Checks a new connection, and for all connections to this node that each has a session of its own. */
  async #checkState(client: pg.ClientBase, openSecond: () => pg.Client): Promise<void> {
    const server = await this.#check(client);
    await checkOwnSession(client, server, this.#limits, openSecond).catch((error) => {
      destroy(client);
      throw error;
    });
  }

  async #verifyServer(client: pg.ClientBase): Promise<void> {
    const { started } = await this.#check(client);
    if (started === this.#accepted) return;
    destroy(client);
    if (this.healthy) this.markUnhealthy('server changed since the last check');
    this.#onUnknownServer();
    throw new DatabaseUnavailable('the server has not been checked yet');
  }

  #warnOfVersion(version: number): void {
    if (this.#isVersionLogged || !isUntested(version)) return;
    this.#isVersionLogged = true;
    const message = `loms is tested with PostgreSQL ${supportedVersions.min} to ${supportedVersions.max}`;
    this.#log.warn({ major: majorOf(version) }, message);
  }

  #disconnect(): void {
    for (const client of this.#clients) destroy(client);
  }
}
