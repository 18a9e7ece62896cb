/** The domain's view of the database: a connection to run queries on, and how transactions end. */
import type { IDatabaseConnection } from '@pgtyped/runtime';

/** Anything that a generated query can run on. */
export type Queryable = Pick<IDatabaseConnection, 'query'>;

/** A connection for reads, to any node. */
export interface Reader extends Queryable {
  /**
   * How far the clock of the node is ahead of the primary's, in milliseconds; 0 where they may agree. What a
   * read compares with the time is compared with the primary's.
   */
  readonly clockAheadMs: number;
}

export type Rows = Awaited<ReturnType<Queryable['query']>>;

/** What the work of a transaction returns. */
export interface Plan<T> {
  /** The last statements, already sent. COMMIT is pipelined behind them. */
  readonly writes: readonly Promise<unknown>[];
  /** The transaction's result once it is committed; no code of the caller runs after COMMIT. */
  readonly result: T;
}

/** The other end of a transaction: it has found out what it needs, and what it wrote is not to stay. */
export interface Rollback<T> {
  readonly rollback: T;
}

/**
 * Thrown by the work of a batch that is too much to run at once, or whose requests cannot run together. It
 * has no effect, and its requests run again in smaller batches. Work for a single request never throws it.
 */
export class MustSplit extends Error {
  override readonly name = 'MustSplit';
  /** Whether a request runs behind the others, with its like. Without it the batch is halved. */
  readonly isLast: ((request: unknown) => boolean) | undefined;

  constructor(message: string, isLast?: (request: unknown) => boolean) {
    super(message);
    this.isLast = isLast;
  }
}

/**
 * What a transaction did and when, in milliseconds on the monotonic clock: of its last attempt. It is filled
 * in as the transaction goes on, also where that fails; 0 is a moment that did not come.
 */
export class TransactionTrace {
  /** How often it ran. */
  attempts = 0;
  /** It has its connection. */
  connectedMs = 0;
  /** The last answer came that its work waited for. */
  lockedMs = 0;
  /** Its work is done, and COMMIT was sent behind the last statements. */
  decidedMs = 0;
  /** The last statement was answered. */
  writtenMs = 0;
  /** COMMIT was answered. */
  committedMs = 0;
  /** The names of the statements that were sent, in order. */
  readonly statements: string[] = [];
  /** The first of them that failed, or BEGIN. */
  failed: string | undefined = undefined;

  /** Begins another attempt. */
  begin(): void {
    this.attempts++;
    this.connectedMs = 0;
    this.lockedMs = 0;
    this.decidedMs = 0;
    this.writtenMs = 0;
    this.committedMs = 0;
    this.statements.length = 0;
    this.failed = undefined;
  }

  /**
   * The statement that failed, or the last one that was sent: what the transaction waits for or ended with.
   */
  get statement(): string | undefined {
    return this.failed ?? (this.decidedMs > 0 ? 'COMMIT' : this.statements.at(-1));
  }
}

/** Runs once for each attempt, on its connection. When it throws before its first statement, none is sent. */
export type Work<T, R = never> = (tx: Queryable) => Promise<Plan<T> | Rollback<R>>;

/** Where a read begins. */
export interface ReadOptions {
  /**
   * On the primary, if it is healthy. Its index skips the entries of rows that are no longer there, once they
   * were met; a replica reads them until the next VACUUM.
   */
  readonly primaryFirst?: boolean;
}

/** The database as a whole: its primary for writes, any healthy node for reads. */
export interface Database {
  /** Runs a transaction on the primary; see `inTransaction`. `trace` is filled in. */
  write<T, R = never>(work: Work<T, R>, trace?: TransactionTrace): Promise<T | R>;
  /** Runs a read on a healthy node, and on the next one when that node is slow or cannot serve. */
  read<T>(work: (db: Reader) => Promise<T>, options?: ReadOptions): Promise<T>;
}
