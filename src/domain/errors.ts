/**
 * The closed list of refusals: everything that loms answers instead of a result.
 *
 * A refusal is a value, never a throw. Each reason has one code; `http/errors.ts` turns codes into HTTP
 * statuses and `grpc/errors.ts` into gRPC statuses. `docs/errors.md` is the same list for callers.
 */
import type { Scope } from './access.ts';
import {
  COUNT_MAX,
  IDEMPOTENCY_KEY_MAX,
  INT64_MAX,
  LINES_MAX,
  REQUEST_MAX_BYTES,
  UINT32_MAX,
  VIOLATIONS_MAX,
} from './limits.ts';
import type { OrderStatus } from './orders/order.ts';

/** The codes of `google.rpc.Code` that loms uses. */
export const codes = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

export type CodeName = keyof typeof codes;

/** Every reason and the code that it travels under. Reasons are stable: clients branch on them. */
export const reasons = {
  INVALID_REQUEST: 'INVALID_ARGUMENT',
  IDEMPOTENCY_KEY_REUSED: 'INVALID_ARGUMENT',
  INSUFFICIENT_STOCK: 'FAILED_PRECONDITION',
  ORDER_NOT_PAYABLE: 'FAILED_PRECONDITION',
  ORDER_NOT_CANCELLABLE: 'FAILED_PRECONDITION',
  ORDER_NOT_FOUND: 'NOT_FOUND',
  STOCK_NOT_FOUND: 'NOT_FOUND',
  CREDENTIALS_MISSING: 'UNAUTHENTICATED',
  CREDENTIALS_INVALID: 'UNAUTHENTICATED',
  SCOPE_MISSING: 'PERMISSION_DENIED',
  PATH_NOT_FOUND: 'NOT_FOUND',
  METHOD_NOT_ALLOWED: 'UNIMPLEMENTED',
  REQUEST_TOO_LARGE: 'RESOURCE_EXHAUSTED',
  QUEUE_FULL: 'RESOURCE_EXHAUSTED',
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  KEYS_UNAVAILABLE: 'UNAVAILABLE',
  DATABASE_UNAVAILABLE: 'UNAVAILABLE',
  SHUTTING_DOWN: 'UNAVAILABLE',
  OUTCOME_UNKNOWN: 'UNAVAILABLE',
  INTERNAL: 'INTERNAL',
} as const satisfies Record<string, CodeName>;

export type Reason = keyof typeof reasons;

/** One bad field: its path as a caller writes it in JSON (`items[1].count`) and what it must be. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** One line of an order that the stock could not serve. `available` is what could be had at that moment. */
export interface Shortage {
  readonly sku: number;
  readonly requested: number;
  readonly available: bigint;
}

/** What a refusal carries besides its `ErrorInfo`: at most one of these. */
export type Detail =
  | { readonly type: 'BadRequest'; readonly fieldViolations: readonly FieldViolation[] }
  | { readonly type: 'RetryInfo'; readonly retryDelaySeconds: number }
  | { readonly type: 'InsufficientStock'; readonly orderId: bigint; readonly shortages: readonly Shortage[] };

/** An answer that is not a result. `message` and `metadata` are for the caller and hold no internals. */
export interface Refusal {
  readonly reason: Reason;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly detail?: Detail;
}

/** A use case's answer: its value, or why it was refused. */
export type Outcome<T> = (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal }
) & {
  /** Set when this is what an earlier request with the same idempotency key was answered. */
  readonly replayed?: true;
};

/** The `ErrorInfo.domain` of every refusal. */
export const ERROR_DOMAIN = 'loms';

/** The gRPC code of a refusal, which REST bodies carry too. */
export function codeOf(refusal: Refusal): number {
  return codes[reasons[refusal.reason]];
}

/** Wraps a use case's value. */
export function accepted<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

/** Wraps a refusal. */
export function refused(refusal: Refusal): Outcome<never> {
  return { ok: false, refusal };
}

/** Marks an outcome as the answer to an earlier request. */
export function replayed<T>(outcome: Outcome<T>): Outcome<T> {
  return { ...outcome, replayed: true };
}

function refusal(reason: Reason, message: string, metadata: Record<string, string> = {}): Refusal {
  return { reason, message, metadata };
}

/** How violations name the idempotency key, which is a header in REST and metadata in gRPC. */
export const IDEMPOTENCY_KEY_FIELD = 'idempotency-key';

/** How long a caller who is told to try again should wait. By then most queues are empty again. */
const RETRY_DELAY_SECONDS = 1;

/**
 * Nothing was done, and trying again helps. OUTCOME_UNKNOWN is no such refusal, although its code is
 * UNAVAILABLE: it would invite clients to repeat by themselves what may have been done already.
 */
function retrySafe(reason: Reason, message: string): Refusal {
  return {
    ...refusal(reason, message),
    detail: { type: 'RetryInfo', retryDelaySeconds: RETRY_DELAY_SECONDS },
  };
}

/** What a field must be, by the last name in its path. The empty path is the request as a whole. */
const fieldRules: Record<string, string> = {
  '': 'must be a well-formed request; over REST a JSON object, sent as application/json',
  user: `must be a whole number from 1 to ${INT64_MAX}`,
  orderID: `must be a whole number from 1 to ${INT64_MAX}`,
  sku: `must be a whole number from 1 to ${UINT32_MAX}`,
  count: `must be a whole number from 1 to ${COUNT_MAX}, also when summed over lines with the same sku`,
  items: `must be a list of 1 to ${LINES_MAX} lines, each with sku and count`,
  [IDEMPOTENCY_KEY_FIELD]: `must be 1 to ${IDEMPOTENCY_KEY_MAX} printable ASCII characters, sent once`,
  'request-timeout': 'must be a number of seconds above 0, such as 5 or 0.5',
};

/** Sorts `items[2]` before `items[10]`. One for all, because making a collator is slow. */
const byPath = new Intl.Collator('en', { numeric: true });

/**
 * Refuses a request for its fields.
 *
 * @param paths the bad fields, each as its JSON path (`items[1].count`); repeats and order do not matter,
 * so that two validators that find the same fields give the same refusal.
 */
export function invalidRequest(paths: Iterable<string>): Refusal {
  const sorted = [...new Set(paths)].sort(byPath.compare);
  const fieldViolations = sorted
    .slice(0, VIOLATIONS_MAX)
    .map((field) => ({ field, description: ruleOf(field) }));
  const names = fieldViolations.map((violation) => violation.field || 'request').join(', ');
  const more = sorted.length > VIOLATIONS_MAX ? ` and ${sorted.length - VIOLATIONS_MAX} more` : '';
  return {
    ...refusal('INVALID_REQUEST', `invalid request: ${names}${more}`),
    detail: { type: 'BadRequest', fieldViolations },
  };
}

function ruleOf(path: string): string {
  const name =
    path
      .replace(/\[\d+\]$/, '')
      .split('.')
      .at(-1) ?? '';
  return fieldRules[name] ?? 'is not valid';
}

/** The stock does not suffice: the order is kept as failed and every short line is named. */
export function insufficientStock(orderId: bigint, shortages: readonly Shortage[]): Refusal {
  const skus = shortages.length === 1 ? `sku ${shortages[0]?.sku}` : `${shortages.length} skus`;
  return {
    ...refusal('INSUFFICIENT_STOCK', `not enough stock for ${skus}`),
    detail: { type: 'InsufficientStock', orderId, shortages },
  };
}

export function orderNotFound(orderId: bigint): Refusal {
  return refusal('ORDER_NOT_FOUND', `no order ${orderId}`, { orderID: String(orderId) });
}

export function stockNotFound(sku: number): Refusal {
  return refusal('STOCK_NOT_FOUND', `no stock of sku ${sku}`, { sku: String(sku) });
}

/** The order's status does not allow to pay it. */
export function orderNotPayable(orderId: bigint, status: OrderStatus): Refusal {
  const metadata = { orderID: String(orderId), status };
  return refusal('ORDER_NOT_PAYABLE', `order ${orderId} is ${status} and cannot be payed`, metadata);
}

/** The order's status does not allow to cancel it. */
export function orderNotCancellable(orderId: bigint, status: OrderStatus): Refusal {
  const metadata = { orderID: String(orderId), status };
  return refusal('ORDER_NOT_CANCELLABLE', `order ${orderId} is ${status} and cannot be cancelled`, metadata);
}

/** The key came with another request before. The violation is the key's: the request may be good with another. */
const idempotencyKeyReused: Refusal = {
  ...refusal('IDEMPOTENCY_KEY_REUSED', 'the idempotency key was used with another request'),
  detail: {
    type: 'BadRequest',
    fieldViolations: [
      { field: IDEMPOTENCY_KEY_FIELD, description: 'must be a new one for each different request' },
    ],
  },
};

/** The caller is known and may not do this. */
export function scopeMissing(scope: Scope): Refusal {
  return refusal('SCOPE_MISSING', `this needs the scope ${scope}`, { scope });
}

/** The refusals that say nothing of one order: always the same words. */
export const standing = {
  idempotencyKeyReused,
  credentialsMissing: refusal('CREDENTIALS_MISSING', 'a bearer token is needed'),
  // Why they are not valid is for the log: it would help whoever tries to make some.
  credentialsInvalid: refusal('CREDENTIALS_INVALID', 'the credentials are not valid'),
  keysUnavailable: retrySafe('KEYS_UNAVAILABLE', 'credentials cannot be checked now, nothing was done'),
  pathNotFound: refusal('PATH_NOT_FOUND', 'no such path'),
  methodNotAllowed: refusal('METHOD_NOT_ALLOWED', 'no such method'),
  requestTooLarge: refusal('REQUEST_TOO_LARGE', `the request is larger than ${REQUEST_MAX_BYTES} bytes`),
  queueFull: retrySafe('QUEUE_FULL', 'too many requests are waiting, try again later'),
  deadlineExceeded: refusal('DEADLINE_EXCEEDED', 'the deadline passed, nothing was done'),
  databaseUnavailable: retrySafe('DATABASE_UNAVAILABLE', 'the database cannot be reached, nothing was done'),
  shuttingDown: retrySafe('SHUTTING_DOWN', 'the service is shutting down, nothing was done'),
  outcomeUnknown: refusal('OUTCOME_UNKNOWN', 'the outcome is unknown: it may or may not have been done'),
  internal: refusal('INTERNAL', 'internal error'),
} as const satisfies Record<string, Refusal>;
