/**
 * One database node as the router sees it: its connections, and whether it is fit to be asked.
 */
import type pg from 'pg';
import type { Logger } from 'pino';
import { nodeCommitsHang, nodeState, nodeSynchronousSlots } from '../generated/sql/nodes.ts';
import { type ConnectionLimits, openPool, poolReader, type Queryable } from './connection.ts';
import { ReplayLag } from './lag.ts';

export type Role = 'primary' | 'replica';

/** What an operator is shown of a node. */
export interface NodeStatus {
  readonly name: string;
  readonly role: Role;
  readonly fit: boolean;
  /** Why it is not fit; empty when it is. */
  readonly reason: string;
  /** How many reads it has answered. */
  readonly reads: number;
}

export class DatabaseNode {
  readonly name: string;
  readonly role: Role;
  readonly pool: pg.Pool;
  /** Runs reads on this node, each with its time limit. */
  readonly reader: Queryable;
  readonly lag = new ReplayLag();
  reads = 0;
  #reason = 'not checked yet';
  readonly #log: Logger;

  /**
   * @param url the node's connection string; what is told of the node is its host and port only.
   * @param role what the configuration says that it is, which every check compares with what it says itself.
   */
  constructor(url: string, role: Role, limits: ConnectionLimits, log: Logger) {
    const { hostname, port } = new URL(url);
    this.name = `${hostname}:${port || 5432}`;
    this.role = role;
    this.#log = log.child({ node: this.name, role });
    this.pool = openPool(url, limits, (error) => this.#log.debug({ err: error }, 'connection lost'));
    this.reader = poolReader(this.pool, limits.readTimeoutMs);
  }

  get fit(): boolean {
    return this.#reason === '';
  }

  get status(): NodeStatus {
    return { name: this.name, role: this.role, fit: this.fit, reason: this.#reason, reads: this.reads };
  }

  /** Puts the node back among those that are asked. */
  putBack(): void {
    if (!this.fit) this.#log.info('node is fit');
    this.#reason = '';
  }

  /** Takes the node out until a check finds it fit again. The log hears of it once for each reason. */
  takeOut(reason: string, cause?: unknown): void {
    if (this.#reason !== reason) this.#log.warn({ err: cause, reason }, 'node is not fit');
    this.#reason = reason;
  }

  /** Asks the node for its role and, of a replica, its slot and progress. Throws when it does not answer. */
  async ask() {
    const [state] = await nodeState.run(undefined, this.reader);
    if (state === undefined) throw new Error('the node told no state');
    return state;
  }

  /** Asks a primary whether commits wait in vain; `timeoutMs` is how long one may take. */
  async commitsHang(timeoutMs: number): Promise<boolean> {
    const [row] = await nodeCommitsHang.run({ timeoutMs }, this.reader);
    return row?.hang ?? false;
  }

  /** Asks a primary for the slots of the replicas that every commit waits for. */
  async synchronousSlots(): Promise<string[]> {
    const rows = await nodeSynchronousSlots.run(undefined, this.reader);
    return rows.map((row) => row.slot_name);
  }
}
