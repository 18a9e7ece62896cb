/**
 * The one place where transactions begin and end.
 *
 * A transaction takes two round trips: BEGIN goes out with the first statements, COMMIT with the last. Its
 * outcome is one of three: done (the server answered COMMIT), not done (it throws), or unknown
 * (`OutcomeUnknown`: COMMIT was sent and its answer was lost).
 */
import type pg from 'pg';
import { DatabaseUnavailable, isRetryable, OutcomeUnknown, saysUnavailable } from './errors.ts';
import { destroy, encodeValues, statementName } from './pool.ts';
import type { Queryable, Rows, Work } from './types.ts';

const ATTEMPTS_MAX = 4;
const RETRY_DELAY_MAX_MS = 20;

/**
 * Runs work in a transaction at READ COMMITTED on a connection of its own, and again, a bounded number of
 * times, when the server rolled it back for a deadlock.
 *
 * @param timeoutMs the time for each attempt, counted from when it has its connection.
 * @throws DatabaseUnavailable when nothing was done, OutcomeUnknown when that cannot be known, and whatever
 * the work or its statements threw otherwise (then, too, nothing was done).
 */
export async function inTransaction<T>(pool: pg.Pool, timeoutMs: number, work: Work<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(pool, timeoutMs, work);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      if (attempt === ATTEMPTS_MAX) throw new DatabaseUnavailable('deadlocked too often', { cause: error });
      const delayMs = Math.random() * RETRY_DELAY_MAX_MS * attempt;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

async function runOnce<T>(pool: pg.Pool, timeoutMs: number, work: Work<T>): Promise<T> {
  const client = await pool.connect().catch((cause) => {
    throw new DatabaseUnavailable('no connection to the primary', { cause });
  });
  const transaction = new Transaction(client);
  const timer = setTimeout(() => destroy(client), timeoutMs);
  try {
    const plan = await work(transaction);
    await transaction.commit(plan.writes);
    return plan.result;
  } catch (error) {
    throw transaction.explain(error);
  } finally {
    clearTimeout(timer);
    // A connection in doubt is closed, not used again: the server then rolls back what was not committed.
    client.release(transaction.open);
  }
}

class Transaction implements Queryable {
  /** Whether the server may be in it: from BEGIN until the end is answered, when its connection can be used again. */
  open = false;
  #begun: Promise<unknown> | undefined;
  #commitSent = false;
  #failure: unknown;
  readonly #client: pg.PoolClient;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async query(text: string, values: unknown[]): Promise<Rows> {
    this.#begun ??= this.#begin();
    const config = { name: statementName(text), text, values: encodeValues(values) };
    try {
      const [, result] = await Promise.all([this.#begun, this.#client.query(config)]);
      return result as pg.QueryResult & Rows;
    } catch (error) {
      // The statements behind a failed one fail as well; the first failure is the one that says why.
      this.#failure ??= error;
      throw error;
    }
  }

  /**
   * READ WRITE makes a node that takes no writes refuse here. Outside of a transaction that was begun so nothing can
   * be written: the first statements are behind this one when it fails.
   */
  #begin(): Promise<unknown> {
    this.open = true;
    return this.#client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE').catch((cause) => {
      throw new DatabaseUnavailable('no transaction was begun', { cause });
    });
  }

  /**
   * Sends COMMIT and waits for the answers to the last statements and to it.
   *
   * A COMMIT behind a failed statement answers ROLLBACK without an error, so only the tag counts. A COMMIT
   * whose wait for the replica was cancelled answers COMMIT with a warning: that is not done but unknown.
   */
  async commit(writes: readonly Promise<unknown>[]): Promise<void> {
    let warning: unknown;
    const onNotice = (notice: { severity?: string | undefined }) => {
      if (notice.severity === 'WARNING') warning = notice;
    };
    this.#client.on('notice', onNotice);
    this.#commitSent = true;
    const answer = this.#client.query('COMMIT');
    const [begin, end, ...rest] = await Promise.allSettled([this.#begun, answer, ...writes]);
    this.#client.off('notice', onNotice);
    if (end?.status !== 'fulfilled') {
      // An ERROR in answer to COMMIT is said before the commit is written, and takes all back. Anything else
      // (FATAL, no answer) may come after.
      if ((end?.reason as { severity?: unknown } | undefined)?.severity === 'ERROR') this.#commitSent = false;
      this.#failure ??= end?.reason;
      throw end?.reason;
    }
    this.open = false;
    if (begin?.status === 'rejected') {
      this.#commitSent = false;
      throw begin.reason;
    }
    if (warning !== undefined) throw new OutcomeUnknown('not confirmed by the replica', { cause: warning });
    if ((end.value as pg.QueryResult).command === 'COMMIT') return;
    this.#commitSent = false;
    throw rest.find((outcome) => outcome.status === 'rejected')?.reason ?? new Error('rolled back');
  }

  /** Says what an error means for the caller, who must know whether anything was done. */
  explain(error: unknown): unknown {
    if (error instanceof OutcomeUnknown) return error;
    if (this.#commitSent) return new OutcomeUnknown('the answer to COMMIT was lost', { cause: error });
    const first = this.#failure;
    if (first === undefined) return error;
    if (first instanceof DatabaseUnavailable || isRetryable(first) || !saysUnavailable(first)) return first;
    return new DatabaseUnavailable('the transaction was not done', { cause: first });
  }
}
