/** What the domain knows of the database: a connection to run queries on, and transactions that end in a plan. */
import type { IDatabaseConnection } from '@pgtyped/runtime';

/** What a generated query runs on: it is called with the statement and its values. */
export type Queryable = Pick<IDatabaseConnection, 'query'>;

export type Rows = Awaited<ReturnType<Queryable['query']>>;

/** What the work of a transaction hands over to be committed. */
export interface Plan<T> {
  /** The last statements, already sent. COMMIT goes out behind them without waiting for their replies. */
  readonly writes: readonly Promise<unknown>[];
  /** What the transaction returns once it is committed; no code of the caller runs after COMMIT. */
  readonly result: T;
}

/** Called for each attempt, when it has its connection. If it throws before its first statement, none was sent. */
export type Work<T> = (tx: Queryable) => Promise<Plan<T>>;

/** The database as a whole: its primary for writes, any healthy node for reads. */
export interface Database {
  /** Runs a transaction on the primary; see `inTransaction`. */
  write<T>(work: Work<T>): Promise<T>;
  /** Runs a read on a healthy node, and again on the next one when that node cannot serve. */
  read<T>(work: (db: Queryable) => Promise<T>): Promise<T>;
}
