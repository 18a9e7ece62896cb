/**
 * Errors between the service and the database, classified by what they mean for the caller.
 *
 * An error of neither class is a bug, or the fault of one request in a batch.
 */

/** Nothing was done; a retry may succeed. */
export class DatabaseUnavailable extends Error {
  override readonly name: string = 'DatabaseUnavailable';
}

/** This server cannot be used as it and the service are configured. Waiting does not help. */
export class UnusableServer extends DatabaseUnavailable {
  override readonly name: string = 'UnusableServer';
}

/** COMMIT was sent and its answer was lost: the work may or may not be done. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** Whether the database was out of reach: a failure of all requests alike, which needs no repair of ours. */
export function isOutage(error: unknown): boolean {
  return error instanceof DatabaseUnavailable || error instanceof OutcomeUnknown;
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

/** Another transaction has inserted the row first: this one finds it when it runs again. */
const UNIQUE_VIOLATION = '23505';
const UNIQUE_VIOLATION_ATTEMPTS_MAX = 3;

/** Whether the same transaction may be retried at once. */
export function isRetryable(error: unknown): boolean {
  return retryable.has(sqlStateOf(error) ?? '');
}

/** How often a transaction that fails with this error is attempted, the attempt that has failed included. */
export function attemptsMaxFor(error: unknown): number {
  if (isRetryable(error)) return RETRYABLE_ATTEMPTS_MAX;
  const state = sqlStateOf(error);
  if (state === UNIQUE_VIOLATION) return UNIQUE_VIOLATION_ATTEMPTS_MAX;
  return state === INTERNAL_ERROR ? INTERNAL_ATTEMPTS_MAX : 1;
}

/** Whether a query's error means that the node cannot serve now. Without SQLSTATE the connection failed. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || unavailable.test(state);
}

/** SQLSTATEs by which a server refuses this service: login, password, database, the right to connect. */
const refused = /^(28...|3D000|42501)$/;

/** Codes of Node.js and OpenSSL: a certificate that is not accepted, on either side. */
const badCertificate = /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA)/;

/** PgBouncer refuses a parameter with the SQLSTATE that most of its errors have. */
const REFUSED_PARAMETER = /^unsupported startup parameter/;

/** `pg` reports a server without TLS by this text alone. */
const NO_TLS = 'The server does not support SSL connections';

/** Whether an error in connecting is one that waiting does not remove. */
export function isRefused(error: unknown): boolean {
  if (error instanceof UnusableServer) return true;
  const { code, message } = error as NodeJS.ErrnoException;
  if (REFUSED_PARAMETER.test(message) || message === NO_TLS) return true;
  return refused.test(sqlStateOf(error) ?? '') || badCertificate.test(code ?? '');
}

/** SQLSTATEs of a server that cannot write: its disk is full, its memory exhausted, its files broken. */
const cannotWrite = /^(53100|53200|58...|XX00[12])$/;

/** Whether a transaction failed because the server cannot write at all. */
export function isWriteFailure(error: unknown): boolean {
  const cause = error instanceof DatabaseUnavailable ? error.cause : error;
  return cannotWrite.test(sqlStateOf(cause) ?? '');
}

/** An error's cause in one line, for operators. */
export function causeOf(error: Error): string {
  // Node.js tries each address of a name, and puts what failed into an error without a text.
  const { message, errors = [], code = '' } = error as Error & { errors?: Error[]; code?: string };
  const text = message || errors.map((each) => each.message).join(', ') || code;
  if (!REFUSED_PARAMETER.test(text)) return text;
  return `${text} (a pooler between loms and PostgreSQL drops its settings: connect directly)`;
}
