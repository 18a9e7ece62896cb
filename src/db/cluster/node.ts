/**
 * One database node as the router sees it: its connections, what it said of itself when it was last asked, and
 * whether it is fit to be used.
 *
 * The router decides on what a node says; a node sees to it that a decision holds for the server that it was
 * made about. When a server dies its connections break, and whatever stands at its address later was started
 * at another time: the same data after a restart, or an old primary that should no longer be one. So every new
 * connection tells when its server was started, and is used only when that is what the last check saw.
 */
import type pg from 'pg';
import type { Logger } from 'pino';
import { type INodeStateResult, nodeStarted, nodeState } from '../../generated/sql/cluster.ts';
import { DatabaseUnavailable } from '../errors.ts';
import { type ConnectionLimits, destroy, openPool, readerOf } from '../pool.ts';
import type { Queryable } from '../types.ts';
import { ReplayLag } from './replay-lag.ts';

/** What a node says that it is; `unknown` until it has answered once. */
export type Role = 'primary' | 'replica' | 'unknown';

export type NodeState = INodeStateResult;

/** What an operator is shown of a node. */
export interface NodeStatus {
  readonly name: string;
  readonly role: Role;
  /** The timeline that it writes or follows; 0 until it has answered once. */
  readonly timeline: number;
  readonly fit: boolean;
  /** Why it is not fit; empty when it is. */
  readonly reason: string;
  /** How many reads it has answered. */
  readonly reads: number;
}

export class DatabaseNode {
  readonly url: string;
  /** Its host and port, which is all that is told of it. */
  readonly name: string;
  /** The connections for the service's work, each to the server that the last check saw. */
  readonly pool: pg.Pool;
  /** Runs reads on this node, each with its time limit. */
  readonly reader: Queryable;
  readonly lag = new ReplayLag();
  role: Role = 'unknown';
  /** Which cluster the server belongs to that answered last. */
  system: string | undefined;
  timeline = 0;
  /** When the server was started that answered last. */
  lastStarted: string | undefined;
  /** The slot through which this server has streamed when it was last seen to stream. */
  slot: string | undefined;
  reads = 0;
  overdue = 0;
  #reason = 'not checked yet';
  /** When the server was started that may be used; undefined while none may. */
  #started: string | undefined;
  readonly #limits: ConnectionLimits;
  readonly #log: Logger;
  readonly #onStranger: () => void;
  readonly #clients = new Set<pg.ClientBase>();
  /** A connection for checks alone. It never waits behind work, and reaches whatever server is there. */
  readonly #checks: pg.Pool;

  /** @param onStranger is told when a new connection found a server that no check has seen. */
  constructor(url: string, limits: ConnectionLimits, log: Logger, onStranger: () => void) {
    const { hostname, port } = new URL(url);
    this.url = url;
    this.name = `${hostname}:${port || 5432}`;
    this.#limits = limits;
    this.#log = log.child({ node: this.name });
    this.#onStranger = onStranger;
    const onError = (error: Error) => this.#log.debug({ err: error }, 'connection lost');
    this.pool = openPool(url, limits, onError, (client) => this.#verify(client));
    this.pool.on('connect', (client) => this.#clients.add(client));
    this.pool.on('remove', (client) => this.#clients.delete(client));
    this.#checks = openPool(url, { ...limits, poolSize: 1 }, onError);
    this.reader = readerOf(this.pool, limits.readTimeoutMs);
  }

  get fit(): boolean {
    return this.#reason === '';
  }

  get status(): NodeStatus {
    const { name, role, timeline, fit, reads } = this;
    return { name, role, timeline, fit, reason: this.#reason, reads };
  }

  /** Asks the node how it is, and remembers what it says. An error is the answer of one that cannot be reached. */
  async ask(): Promise<NodeState | Error> {
    const { readTimeoutMs, writeTimeoutMs: timeoutMs } = this.#limits;
    try {
      const [state] = await nodeState.run({ timeoutMs }, readerOf(this.#checks, readTimeoutMs));
      if (state === undefined) throw new Error('the node told no state');
      this.role = state.in_recovery ? 'replica' : 'primary';
      this.system = state.system;
      this.timeline = state.timeline;
      this.lastStarted = state.started;
      return state;
    } catch (error) {
      return error as Error;
    }
  }

  /** Lets the server that was started then be used, and forgets what was known of another one in its place. */
  admit(started: string): void {
    if (this.#started === started) return;
    this.#disconnect();
    this.#started = started;
    this.slot = undefined;
    this.lag.forget();
  }

  /** Puts the node back among those that are asked. */
  putBack(): void {
    if (!this.fit) this.#log.info({ role: this.role, timeline: this.timeline }, 'node is fit');
    this.#reason = '';
  }

  /** Takes the node out until a check finds it fit again. The log hears of it once for each reason. */
  takeOut(reason: string, cause?: unknown): void {
    const { role, timeline } = this;
    if (this.#reason !== reason) this.#log.warn({ role, timeline, err: cause, reason }, 'node is not fit');
    this.#reason = reason;
  }

  /** Closes all connections, those in use too, and lets none be made: nothing may come from this server. */
  shut(): void {
    this.#started = undefined;
    this.#disconnect();
  }

  /** Closes all connections; statements under way are finished first. */
  async close(): Promise<void> {
    await Promise.allSettled([this.pool.end(), this.#checks.end()]);
  }

  async #verify(client: pg.ClientBase): Promise<void> {
    try {
      const [server] = await nodeStarted.run(undefined, readerOf(client, this.#limits.connectTimeoutMs));
      if (server?.started === this.#started) return;
    } catch (error) {
      destroy(client);
      throw error;
    }
    destroy(client);
    if (this.fit) this.takeOut('another server than the last check saw');
    this.#onStranger();
    throw new DatabaseUnavailable('no check has seen this server yet');
  }

  #disconnect(): void {
    for (const client of this.#clients) destroy(client);
  }
}
