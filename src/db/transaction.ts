/**
 * The only place where transactions begin and end.
 *
 * A transaction takes two round trips: BEGIN is sent with the first statements, COMMIT with the last. It has
 * one of three outcomes: done (the server answered COMMIT), not done (an error is thrown), or unknown
 * (`OutcomeUnknown` is thrown: COMMIT was sent and its answer was lost).
 */
import type pg from 'pg';
import type { Clock } from '../timing/clock.ts';
import type { Deadlines } from '../timing/deadlines.ts';
import { attemptsMaxFor, DatabaseUnavailable, isRetryable, isUnavailable, OutcomeUnknown } from './errors.ts';
import { destroy, encodeValues } from './pool.ts';
import { statementName } from './statements.ts';
import { MustSplit, type Queryable, type Rows, TransactionTrace, type Work } from './types.ts';

const RETRY_DELAY_MAX_MS = 20;

/** The SQLSTATE of a notice that is no warning. */
const NO_WARNING = '00000';

export interface TransactionLimits {
  /** The time of each attempt, in milliseconds, counted from when it has its connection. */
  readonly timeoutMs: number;
  readonly deadlines: Deadlines;
}

/**
 * Runs work in a transaction at READ COMMITTED on a connection of its own. Retries it, a bounded number of
 * times, when the server rolled it back because of a deadlock or a row that another one inserted first, and
 * once when the server failed inside.
 *
 * @param trace is filled in.
 * @throws DatabaseUnavailable when nothing was done, OutcomeUnknown when that is not known, and otherwise
 * what the work or its statements threw (nothing was done then either).
 */
export async function inTransaction<T, R = never>(
  pool: pg.Pool,
  limits: TransactionLimits,
  work: Work<T, R>,
  trace = new TransactionTrace(),
): Promise<T | R> {
  for (let attempt = 1; ; attempt++) {
    try {
      trace.begin();
      return await runOnce(pool, limits, work, trace);
    } catch (error) {
      if (attempt >= attemptsMaxFor(error)) {
        throw isRetryable(error) ? new DatabaseUnavailable('deadlocked too often', { cause: error }) : error;
      }
      const delayMs = Math.random() * RETRY_DELAY_MAX_MS * attempt;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

async function runOnce<T, R>(
  pool: pg.Pool,
  { timeoutMs, deadlines }: TransactionLimits,
  work: Work<T, R>,
  trace: TransactionTrace,
): Promise<T | R> {
  const client = await pool.connect().catch((cause) => {
    throw new DatabaseUnavailable('no connection to the primary', { cause });
  });
  trace.connectedMs = deadlines.now();
  const transaction = new Transaction(client, trace, deadlines.now);
  const limit = { deadlineMs: deadlines.now() + timeoutMs, onTimeout: () => destroy(client) };
  deadlines.add(limit);
  try {
    const plan = await work(transaction);
    if ('rollback' in plan) {
      await transaction.rollBack();
      return plan.rollback;
    }
    await transaction.commit(plan.writes);
    return plan.result;
  } catch (error) {
    if (error instanceof MustSplit) await transaction.rollBack().catch(() => {});
    throw transaction.classify(error);
  } finally {
    deadlines.delete(limit);
    // A connection whose transaction may still be open is closed: the server then rolls back what was not
    // committed.
    client.release(transaction.open);
  }
}

class Transaction implements Queryable {
  /** Whether the server may be inside it: from BEGIN until its end is answered. */
  open = false;
  #begin: Promise<unknown> | undefined;
  #commitSent = false;
  #failure: unknown;
  readonly #client: pg.PoolClient;
  readonly #trace: TransactionTrace;
  readonly #now: Clock;

  constructor(client: pg.PoolClient, trace: TransactionTrace, now: Clock) {
    this.#client = client;
    this.#trace = trace;
    this.#now = now;
  }

  async query(text: string, values: unknown[]): Promise<Rows> {
    this.#begin ??= this.#sendBegin();
    const name = statementName(text);
    this.#trace.statements.push(name);
    const config = { name, text, values: encodeValues(values) };
    try {
      const [, result] = await Promise.all([this.#begin, this.#client.query(config)]);
      this.#trace[this.#commitSent ? 'writtenMs' : 'lockedMs'] = this.#now();
      return result as pg.QueryResult & Rows;
    } catch (error) {
      // The statements behind a failed one fail too; the first failure is the cause.
      this.#failure ??= error;
      this.#trace.failed ??= name;
      throw error;
    }
  }

  /**
   * READ WRITE makes a node that accepts no writes fail here. The first statements are pipelined behind it;
   * when it fails they run outside of a transaction, where sessions are read-only (pool.ts).
   */
  #sendBegin(): Promise<unknown> {
    this.open = true;
    return this.#client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE').catch((cause) => {
      this.#trace.failed ??= 'BEGIN';
      throw new DatabaseUnavailable('BEGIN failed', { cause });
    });
  }

  /**
   * Sends COMMIT and waits for the answers to it and to the last statements.
   *
   * A COMMIT behind a failed statement answers ROLLBACK without an error, so only its tag counts. A COMMIT
   * whose wait for the replica was cancelled answers COMMIT with a warning: its outcome is unknown.
   */
  async commit(writes: readonly Promise<unknown>[]): Promise<void> {
    let warning: unknown;
    // The server may translate the word WARNING.
    const onNotice = (notice: { code?: string | undefined }) => {
      if (notice.code !== NO_WARNING) warning = notice;
    };
    this.#client.on('notice', onNotice);
    this.#commitSent = true;
    this.#trace.decidedMs = this.#now();
    const answer = this.#client.query('COMMIT');
    const [begin, end, ...rest] = await Promise.allSettled([this.#begin, answer, ...writes]);
    this.#client.off('notice', onNotice);
    if (end?.status !== 'fulfilled') {
      // The server answers COMMIT with ERROR only before the commit is written, and rolls back. Anything else
      // (FATAL, no answer) may come after that.
      if ((end?.reason as { severity?: unknown } | undefined)?.severity === 'ERROR') this.#commitSent = false;
      this.#failure ??= end?.reason;
      throw end?.reason;
    }
    this.open = false;
    this.#trace.committedMs = this.#now();
    if (begin?.status === 'rejected') {
      this.#commitSent = false;
      throw begin.reason;
    }
    if (warning !== undefined) throw new OutcomeUnknown('not confirmed by the replica', { cause: warning });
    if ((end.value as pg.QueryResult).command === 'COMMIT') return;
    this.#commitSent = false;
    throw rest.find((outcome) => outcome.status === 'rejected')?.reason ?? new Error('rolled back');
  }

  /** Ends the transaction without effect, and keeps its connection. */
  async rollBack(): Promise<void> {
    try {
      await this.#client.query('ROLLBACK');
      this.open = false;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  /** Turns an error into the one for the caller, who must know whether anything was done. */
  classify(error: unknown): unknown {
    if (error instanceof OutcomeUnknown) return error;
    if (this.#commitSent) return new OutcomeUnknown('the answer to COMMIT was lost', { cause: error });
    const first = this.#failure;
    if (first === undefined) return error;
    if (first instanceof DatabaseUnavailable || isRetryable(first) || !isUnavailable(first)) return first;
    return new DatabaseUnavailable('the transaction was not done', { cause: first });
  }
}
