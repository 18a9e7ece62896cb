/**
 * The connection router: writes go to the primary, reads to every fit node in turn, the primary included.
 *
 * A replica is fit while it is reachable, in recovery, not behind, and one that every commit waits for
 * (`sync` in the primary's `pg_stat_replication`, applied there before the write is acknowledged). So a read
 * after an acknowledged write sees it, whichever node answers.
 */
import type { Logger } from 'pino';
import type { ConnectionLimits, Queryable } from './connection.ts';
import { DatabaseUnavailable, isRetryable, saysUnavailable } from './errors.ts';
import { DatabaseNode, type NodeStatus } from './node.ts';
import { inTransaction, type Work } from './transaction.ts';

export interface RouterOptions extends ConnectionLimits {
  readonly primaryUrl: string;
  readonly replicaUrls: readonly string[];
  /** The pause between two checks of the nodes. */
  readonly checkIntervalMs: number;
  /** A replica whose replay is further behind than this is taken out. */
  readonly replicaLagMaxMs: number;
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** What the domain needs of the database. */
export interface Database {
  /** Runs a transaction on the primary; see `inTransaction`. */
  write<T>(work: Work<T>): Promise<T>;
  /** Runs a read on a fit node, and again on the next one when that node cannot serve. */
  read<T>(work: (db: Queryable) => Promise<T>): Promise<T>;
}

export class Router implements Database {
  readonly primary: DatabaseNode;
  readonly #replicas: readonly DatabaseNode[];
  readonly #options: RouterOptions;
  /** The slots of the replicas that commits waited for when the primary was last asked. */
  #synchronousSlots = new Set<string>();
  readonly #slotOf = new Map<DatabaseNode, string>();
  /** Whether a commit would wait in vain, with its locks and its connection. */
  #commitsHang = false;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: RouterOptions) {
    const { primaryUrl, replicaUrls, logger } = options;
    this.#options = options;
    this.primary = new DatabaseNode(primaryUrl, 'primary', options, logger);
    this.#replicas = replicaUrls.map((url) => new DatabaseNode(url, 'replica', options, logger));
  }

  /** Checks every node, and goes on to do so at the configured interval until `stop`. */
  async start(): Promise<void> {
    await this.check();
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.start(), this.#options.checkIntervalMs);
  }

  /** Closes all connections; statements under way are finished first. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.allSettled(this.#nodes.map((node) => node.pool.end()));
  }

  /** What each node is and whether it is fit. */
  status(): NodeStatus[] {
    return this.#nodes.map((node) => node.status);
  }

  /** Whether writes are taken: the primary is fit, and who must confirm a commit is there. */
  get writable(): boolean {
    return this.primary.fit && !this.#commitsHang;
  }

  async write<T>(work: Work<T>): Promise<T> {
    // Begun all the same, each such transaction would end unknown and leave a connection waiting on the
    // primary, until that has none left for anybody.
    if (this.#commitsHang) throw new DatabaseUnavailable('no replica is there to confirm a commit');
    return inTransaction(this.primary.pool, this.#options.writeTimeoutMs, work);
  }

  async read<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    let cause: unknown;
    for (const node of this.#inTurn()) {
      try {
        const result = await work(node.reader);
        node.reads++;
        return result;
      } catch (error) {
        // A replica cancels a read that stands in the way of its replay (40001): the next node has it.
        if (!saysUnavailable(error) && !isRetryable(error)) throw error;
        if (saysUnavailable(error)) node.takeOut('a read failed', error);
        cause = error;
      }
    }
    throw new DatabaseUnavailable('no node answered the read', { cause });
  }

  /** Asks every node how it is, takes out those that are not fit and puts back those that are again. */
  async check(): Promise<void> {
    await this.#checkPrimary();
    await Promise.all(this.#replicas.map((node) => this.#checkReplica(node)));
  }

  get #nodes(): DatabaseNode[] {
    return [this.primary, ...this.#replicas];
  }

  /** The fit nodes, starting each time with the next one; the primary when none is known to be fit. */
  #inTurn(): DatabaseNode[] {
    const fit = this.#nodes.filter((node) => node.fit);
    if (fit.length === 0) return [this.primary];
    const first = this.#turn++ % fit.length;
    return [...fit.slice(first), ...fit.slice(0, first)];
  }

  async #checkPrimary(): Promise<void> {
    const node = this.primary;
    try {
      const state = await node.ask();
      if (state.in_recovery) return node.takeOut('the primary is in recovery');
      this.#synchronousSlots = new Set(await node.synchronousSlots());
      this.#setCommitsHang(await node.commitsHang(this.#options.writeTimeoutMs));
      node.putBack();
    } catch (error) {
      node.takeOut('not reachable', error);
    }
  }

  #setCommitsHang(hang: boolean): void {
    if (hang && !this.#commitsHang)
      this.#options.logger.error('no replica confirms commits: writes are refused');
    if (!hang && this.#commitsHang) this.#options.logger.info('a replica confirms commits: writes are taken');
    this.#commitsHang = hang;
  }

  async #checkReplica(node: DatabaseNode): Promise<void> {
    try {
      const state = await node.ask();
      if (!state.in_recovery) return node.takeOut('the replica is not in recovery');
      const lagMs = node.lag.look(state.received, state.replayed, this.#options.now());
      if (lagMs > this.#options.replicaLagMaxMs) return node.takeOut('replay lag');
      if (!this.#isSynchronous(node, state.slot_name)) return node.takeOut('no commit waits for it');
      node.putBack();
    } catch (error) {
      node.takeOut('not reachable', error);
    }
  }

  /**
   * Whether commits wait for this replica. While the primary is away nothing is committed, so a replica that
   * was synchronous before, and streams from nobody now, still has all that was ever acknowledged.
   */
  #isSynchronous(node: DatabaseNode, slot: string | null): boolean {
    if (slot !== null) this.#slotOf.set(node, slot);
    else if (this.primary.fit) return false;
    return this.#synchronousSlots.has(this.#slotOf.get(node) ?? '');
  }
}
