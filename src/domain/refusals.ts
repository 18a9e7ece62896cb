/** The refusals except those of bad fields (`violations.ts`). Messages hold no internals. */
import type { Reason } from './errors.ts';
import { IDEMPOTENCY_KEY_FIELD } from './idempotency/key.ts';
import { formatInstant, type Instant } from './instant.ts';
import { REQUEST_MAX_BYTES } from './limits.ts';
import type { OrderStatus } from './orders/order.ts';
import type { ChangedStock, HeldStock, LastCount, Refusal } from './outcome.ts';
import type { Shortage } from './stock/allocation.ts';

/** The delay before a retry that refusals suggest. By then most queues are empty again. */
const RETRY_DELAY_SECONDS = 1;

function refusal(reason: Reason, message: string, metadata: Record<string, string> = {}): Refusal {
  return { reason, message, metadata };
}

/**
 * Nothing was done, and a retry helps. OUTCOME_UNKNOWN is not built by this, although its code is
 * UNAVAILABLE: it would invite clients to retry automatically what may have been done already.
 */
function retrySafe(reason: Reason, message: string): Refusal {
  return {
    ...refusal(reason, message),
    detail: { type: 'RetryInfo', retryDelaySeconds: RETRY_DELAY_SECONDS },
  };
}

/**
 * Not enough stock: every short line is named.
 *
 * @param orderId of the order that is kept as failed, or `NO_ORDER`.
 */
export function insufficientStock(orderId: bigint, shortages: readonly Shortage[]): Refusal {
  return {
    ...refusal('INSUFFICIENT_STOCK', `not enough stock for ${skusOf(shortages)}`),
    detail: { type: 'InsufficientStock', orderId, shortages },
  };
}

/**
 * The open orders of the user would hold too many pieces.
 *
 * @param held what they hold.
 * @param requested what the order would hold.
 */
export function heldPiecesExceeded({ user, max, held, requested }: HeldPiecesExcess): Refusal {
  const metadata = { user, limit: max, held, requested };
  const text = Object.entries(metadata).map(([name, value]) => [name, String(value)]);
  const message = `the open orders of user ${user} hold ${held} pieces, ${requested} more would be`;
  return refusal('HELD_PIECES_EXCEEDED', `${message} over ${max}`, Object.fromEntries(text));
}

interface HeldPiecesExcess {
  readonly user: bigint;
  readonly max: number;
  readonly held: bigint;
  readonly requested: number;
}

/** A change was made for other totals than these skus have. */
export function stockChanged(stocks: readonly ChangedStock[]): Refusal {
  const message = `the total of ${skusOf(stocks)} is not as expected`;
  return { ...refusal('STOCK_CHANGED', message), detail: { type: 'StockChanged', stocks } };
}

/** A change would leave less than open orders hold. */
export function stockBelowReserved(all: readonly HeldStock[]): Refusal {
  const stocks = all.map(({ sku, reserved, total }) => ({ sku, reserved, total }));
  const message = `the total of ${skusOf(stocks)} would be less than what open orders hold`;
  return { ...refusal('STOCK_BELOW_RESERVED', message), detail: { type: 'StockBelowReserved', stocks } };
}

/** These skus were counted later. */
export function countStale(stocks: readonly LastCount[]): Refusal {
  const message = `a later count of ${skusOf(stocks)} is known`;
  return { ...refusal('COUNT_STALE', message), detail: { type: 'CountStale', stocks } };
}

function skusOf(stocks: readonly { readonly sku: number }[]): string {
  return stocks.length === 1 ? `sku ${stocks[0]?.sku}` : `${stocks.length} skus`;
}

export function orderNotFound(orderId: bigint): Refusal {
  return refusal('ORDER_NOT_FOUND', `no order ${orderId}`, { orderID: String(orderId) });
}

export function stockNotFound(sku: number): Refusal {
  return refusal('STOCK_NOT_FOUND', `no stock of sku ${sku}`, { sku: String(sku) });
}

export function orderNotPayable(orderId: bigint, status: OrderStatus): Refusal {
  const metadata = { orderID: String(orderId), status };
  return refusal('ORDER_NOT_PAYABLE', `order ${orderId} is ${status} and cannot be payed`, metadata);
}

export function orderNotCancellable(orderId: bigint, status: OrderStatus): Refusal {
  const metadata = { orderID: String(orderId), status };
  return refusal('ORDER_NOT_CANCELLABLE', `order ${orderId} is ${status} and cannot be cancelled`, metadata);
}

/**
 * The reservation ended before the order was payed.
 *
 * @param shortages what a late payment lacks: without them it is not possible at all.
 */
export function orderExpired(
  orderId: bigint,
  expiredAt: Instant,
  shortages: readonly Shortage[] = [],
): Refusal {
  const metadata = { orderID: String(orderId), expiredAt: formatInstant(expiredAt) };
  const expired = refusal('ORDER_EXPIRED', `the reservation of order ${orderId} has ended`, metadata);
  if (shortages.length === 0) return expired;
  return { ...expired, detail: { type: 'InsufficientStock', orderId, shortages } };
}

export function orderNotExtendable(orderId: bigint, status: OrderStatus): Refusal {
  const metadata = { orderID: String(orderId), status };
  return refusal('ORDER_NOT_EXTENDABLE', `order ${orderId} is ${status} and cannot be extended`, metadata);
}

/** The caller is known, and its credentials lack this scope. */
export function scopeMissing(scope: string): Refusal {
  return refusal('SCOPE_MISSING', `this needs the scope ${scope}`, { scope });
}

/** The key was used with another request. The violation is the key's: the request may be valid. */
const idempotencyKeyReused: Refusal = {
  ...refusal('IDEMPOTENCY_KEY_REUSED', 'the idempotency key was used with another request'),
  detail: {
    type: 'BadRequest',
    fieldViolations: [
      { field: IDEMPOTENCY_KEY_FIELD, description: 'must be a new one for each different request' },
    ],
  },
};

/** The refusals without parameters. Each is one object, so that transports can encode it once. */
export const fixedRefusals = {
  idempotencyKeyReused,
  credentialsMissing: refusal('CREDENTIALS_MISSING', 'a bearer token is needed'),
  // The log has the cause; in a reply it would help an attacker to forge credentials.
  credentialsInvalid: refusal('CREDENTIALS_INVALID', 'the credentials are not valid'),
  keysUnavailable: retrySafe('KEYS_UNAVAILABLE', 'credentials cannot be checked now, nothing was done'),
  pathNotFound: refusal('PATH_NOT_FOUND', 'no such path'),
  methodNotAllowed: refusal('METHOD_NOT_ALLOWED', 'no such method'),
  requestTooLarge: refusal('REQUEST_TOO_LARGE', `the request is larger than ${REQUEST_MAX_BYTES} bytes`),
  queueFull: retrySafe('QUEUE_FULL', 'too many requests are waiting, try again later'),
  readerTooSlow: refusal('READER_TOO_SLOW', 'the stream was not read in time: go on with the last token'),
  deadlineExceeded: refusal('DEADLINE_EXCEEDED', 'the deadline passed, nothing was done'),
  cursorExpired: refusal(
    'CURSOR_EXPIRED',
    'events behind this token were removed, or it comes from another database: begin again',
  ),
  databaseUnavailable: retrySafe('DATABASE_UNAVAILABLE', 'the database cannot be reached, nothing was done'),
  shuttingDown: retrySafe('SHUTTING_DOWN', 'the service is shutting down, nothing was done'),
  outcomeUnknown: refusal('OUTCOME_UNKNOWN', 'the outcome is unknown: it may or may not have been done'),
  internal: refusal('INTERNAL', 'internal error'),
} as const satisfies Record<string, Refusal>;
