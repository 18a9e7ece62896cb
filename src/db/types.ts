/** The domain's view of the database: a connection to run queries on, and how transactions end. */
import type { IDatabaseConnection } from '@pgtyped/runtime';

/** Anything that a generated query can run on. */
export type Queryable = Pick<IDatabaseConnection, 'query'>;

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

/** Runs once for each attempt, on its connection. When it throws before its first statement, none is sent. */
export type Work<T, R = never> = (tx: Queryable) => Promise<Plan<T> | Rollback<R>>;

/** The database as a whole: its primary for writes, any healthy node for reads. */
export interface Database {
  /** Runs a transaction on the primary; see `inTransaction`. */
  write<T, R = never>(work: Work<T, R>): Promise<T | R>;
  /** Runs a read on a healthy node, and on the next one when that node is slow or cannot serve. */
  read<T>(work: (db: Queryable) => Promise<T>): Promise<T>;
}
