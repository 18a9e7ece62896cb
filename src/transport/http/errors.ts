/** Refusals over REST: the table from code to HTTP status, and the body (`google.rpc.Status` in JSON). */
import { type CodeName, codeOf, ERROR_DOMAIN, type Reason, reasons } from '../../domain/errors.ts';
import { formatInstant } from '../../domain/instant.ts';
import { NO_ORDER } from '../../domain/orders/order.ts';
import type { Detail, Refusal } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import type { Shortage } from '../../domain/stock/allocation.ts';
import { stringifyJson } from './json.ts';

const httpStatuses: Record<CodeName, number> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 410,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  UNIMPLEMENTED: 405,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** Reasons for which HTTP has a status of its own. */
const ownStatuses: Partial<Record<Reason, number>> = {
  REQUEST_TOO_LARGE: 413,
  CONTENT_ENCODING_UNSUPPORTED: 415,
};

/**
 * The headers of every JSON answer. Answers change with every order, so nobody may keep them, and pages of
 * other sites may not load them.
 */
export const jsonHeaders: Record<string, string> = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/** An answer in JSON. `headers` come on top of those that every JSON answer has. */
export function jsonResponse(status: number, body: string, headers?: Record<string, string>): Response {
  return new Response(body, { status, headers: headers ? { ...jsonHeaders, ...headers } : jsonHeaders });
}

/** The HTTP status of a refusal: its reason's own, or that of its code. */
export function httpStatusOf({ reason }: Refusal): number {
  return ownStatuses[reason] ?? httpStatuses[reasons[reason]];
}

/** The headers of a refusal: `Retry-After`, `WWW-Authenticate`, `Accept-Encoding`. */
export function headersOf(refusal: Refusal): Record<string, string> {
  const { detail } = refusal;
  if (detail?.type === 'RetryInfo') return { 'retry-after': String(detail.retryDelaySeconds) };
  if (refusal.reason === 'CONTENT_ENCODING_UNSUPPORTED') return { 'accept-encoding': 'identity' };
  const challenge = challengeOf(refusal);
  return challenge === undefined ? {} : { 'www-authenticate': challenge };
}

/** The error body as a value: what `errorResponse` prints and what the OpenAPI document shows as examples. */
export function errorBody(refusal: Refusal): { code: number; message: string; details: unknown[] } {
  const { reason, message, metadata, detail } = refusal;
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: ERROR_DOMAIN,
    metadata,
  };
  return { code: codeOf(reason), message, details: detail ? [info, detailBody(detail)] : [info] };
}

function detailBody(detail: Detail): unknown {
  switch (detail.type) {
    case 'BadRequest':
      return {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: detail.fieldViolations,
      };
    case 'RetryInfo':
      return {
        '@type': 'type.googleapis.com/google.rpc.RetryInfo',
        retryDelay: `${detail.retryDelaySeconds}s`,
      };
    case 'InsufficientStock':
      return {
        '@type': 'type.googleapis.com/loms.order.v1.InsufficientStock',
        ...(detail.orderId === NO_ORDER ? {} : { orderID: detail.orderId }),
        shortages: detail.shortages.map(shortageBody),
      };
    case 'StockChanged':
    case 'StockBelowReserved':
      return { '@type': `type.googleapis.com/loms.stock.v1.${detail.type}`, stocks: detail.stocks };
    case 'CountStale':
      return {
        '@type': 'type.googleapis.com/loms.stock.v1.CountStale',
        stocks: detail.stocks.map(({ sku, countedAt }) => ({ sku, countedAt: formatInstant(countedAt) })),
      };
  }
}

function shortageBody({ sku, requested, available, availableAt }: Shortage) {
  const line = { sku, requested, available };
  return availableAt === undefined ? line : { ...line, availableAt: formatInstant(availableAt) };
}

/** The bodies of fixed refusals, printed once: under overload most replies are one of them. */
const fixedBodies = new Map(
  Object.values(fixedRefusals).map((refusal) => [refusal as Refusal, stringifyJson(errorBody(refusal))]),
);

/** What `WWW-Authenticate` says to a refusal for its credentials (RFC 6750). */
function challengeOf({ reason, metadata }: Refusal): string | undefined {
  if (reason === 'CREDENTIALS_MISSING') return 'Bearer';
  if (reason === 'CREDENTIALS_INVALID') return 'Bearer error="invalid_token"';
  if (reason === 'SCOPE_MISSING') return `Bearer error="insufficient_scope", scope="${metadata.scope}"`;
  return undefined;
}

/** Answers with a refusal. `headers` come on top of its own (`Allow`). */
export function errorResponse(
  refusal: Refusal,
  headers: Record<string, string> = {},
  status = httpStatusOf(refusal),
): Response {
  const body = fixedBodies.get(refusal) ?? stringifyJson(errorBody(refusal));
  return jsonResponse(status, body, { ...headersOf(refusal), ...headers });
}
