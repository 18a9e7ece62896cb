/**
 * The closed list of errors: every reason that a refusal can have, and the code it travels under.
 *
 * `transport/http/errors.ts` maps codes to HTTP statuses; over gRPC they are the status codes themselves.
 * `docs/errors.md` lists the same reasons for clients; a test compares the two.
 */

/** The codes of `google.rpc.Code` that loms uses. */
export const codes = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

export type CodeName = keyof typeof codes;

/** The codes by which a request counts as failed by the service, not by its caller. */
export const failureCodes: ReadonlySet<CodeName> = new Set(['UNAVAILABLE', 'INTERNAL', 'DEADLINE_EXCEEDED']);

/** Every reason and its code. Reasons are stable: clients branch on them. */
export const reasons = {
  INVALID_REQUEST: 'INVALID_ARGUMENT',
  CONTENT_ENCODING_UNSUPPORTED: 'INVALID_ARGUMENT',
  IDEMPOTENCY_KEY_REUSED: 'INVALID_ARGUMENT',
  INSUFFICIENT_STOCK: 'FAILED_PRECONDITION',
  ORDER_NOT_PAYABLE: 'FAILED_PRECONDITION',
  ORDER_NOT_CANCELLABLE: 'FAILED_PRECONDITION',
  ORDER_NOT_EXTENDABLE: 'FAILED_PRECONDITION',
  ORDER_EXPIRED: 'FAILED_PRECONDITION',
  STOCK_CHANGED: 'ABORTED',
  STOCK_BELOW_RESERVED: 'FAILED_PRECONDITION',
  COUNT_STALE: 'FAILED_PRECONDITION',
  CURSOR_EXPIRED: 'OUT_OF_RANGE',
  ORDER_NOT_FOUND: 'NOT_FOUND',
  STOCK_NOT_FOUND: 'NOT_FOUND',
  CREDENTIALS_MISSING: 'UNAUTHENTICATED',
  CREDENTIALS_INVALID: 'UNAUTHENTICATED',
  SCOPE_MISSING: 'PERMISSION_DENIED',
  HOST_NOT_ALLOWED: 'PERMISSION_DENIED',
  ORIGIN_NOT_ALLOWED: 'PERMISSION_DENIED',
  PATH_NOT_FOUND: 'NOT_FOUND',
  METHOD_NOT_ALLOWED: 'UNIMPLEMENTED',
  REQUEST_TOO_LARGE: 'RESOURCE_EXHAUSTED',
  HELD_PIECES_EXCEEDED: 'RESOURCE_EXHAUSTED',
  QUEUE_FULL: 'RESOURCE_EXHAUSTED',
  READER_TOO_SLOW: 'RESOURCE_EXHAUSTED',
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  KEYS_UNAVAILABLE: 'UNAVAILABLE',
  DATABASE_UNAVAILABLE: 'UNAVAILABLE',
  SHUTTING_DOWN: 'UNAVAILABLE',
  OUTCOME_UNKNOWN: 'UNAVAILABLE',
  INTERNAL: 'INTERNAL',
} as const satisfies Record<string, CodeName>;

export type Reason = keyof typeof reasons;

/** The `ErrorInfo.domain` of every refusal. */
export const ERROR_DOMAIN = 'loms';

/** The numeric code of a reason: the gRPC status code, which REST bodies carry too. */
export function codeOf(reason: Reason): number {
  return codes[reasons[reason]];
}
