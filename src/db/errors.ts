/**
 * What can go wrong between the service and the database, told apart by what it means for the caller.
 *
 * Everything that is none of these classes is a bug, or the fault of one request in a batch.
 */

/** The work was not done, and doing it again later may succeed. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** COMMIT was sent and its answer was lost: the work may or may not have been done. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** Deadlock and serialisation failure: the transaction was rolled back for no fault of its own. */
const retryable = new Set(['40P01', '40001']);

/**
 * SQLSTATEs that speak of the server and not of the statement: connection exceptions, too few resources,
 * shutdown and start, a time limit, a lock that was not got in time, a node that takes no writes.
 */
const unavailable = /^(08...|53...|57P0[1-5]|57014|55P03|25006|25P03|25P04|58030)$/;

/** The error's SQLSTATE, or undefined when it does not come from the server. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in (error as object)
    ? code
    : undefined;
}

/** Whether the same transaction may be tried again at once. */
export function isRetryable(error: unknown): boolean {
  return retryable.has(sqlStateOf(error) ?? '');
}

/**
 * Whether an error that a query gave says that the node cannot serve now. An error without an SQLSTATE comes
 * from the connection: refused, reset, timed out, closed.
 */
export function saysUnavailable(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || unavailable.test(state);
}
