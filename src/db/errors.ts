/**
 * Errors between the service and the database, classified by what they mean for the caller.
 *
 * An error of neither class is a bug, or the fault of one request in a batch.
 */

/** Nothing was done; a retry may succeed. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** COMMIT was sent and its answer was lost: the work may or may not be done. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** Deadlock and serialisation failure: the server rolled the transaction back through no fault of its own. */
const retryable = new Set(['40P01', '40001']);

const RETRYABLE_ATTEMPTS_MAX = 4;

/** Something inside the server failed: of a sharded database perhaps another machine, for a moment. */
const INTERNAL_ERROR = 'XX000';
const INTERNAL_ATTEMPTS_MAX = 2;

/**
 * SQLSTATEs about the server, not the statement: connection exceptions, insufficient resources, shutdown and
 * start, a time limit, a lock timeout, a node that accepts no writes.
 */
const unavailable = /^(08...|53...|57P0[1-5]|57014|55P03|25006|25P03|25P04|58030)$/;

/** The error's SQLSTATE; undefined when it does not come from the server. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in (error as object)
    ? code
    : undefined;
}

/** Whether the same transaction may be retried at once. */
export function isRetryable(error: unknown): boolean {
  return retryable.has(sqlStateOf(error) ?? '');
}

/** How often a transaction that fails with this error is attempted, the attempt that has failed included. */
export function attemptsMaxFor(error: unknown): number {
  if (isRetryable(error)) return RETRYABLE_ATTEMPTS_MAX;
  return sqlStateOf(error) === INTERNAL_ERROR ? INTERNAL_ATTEMPTS_MAX : 1;
}

/** Whether a query's error means that the node cannot serve now. Without SQLSTATE the connection failed. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || unavailable.test(state);
}
