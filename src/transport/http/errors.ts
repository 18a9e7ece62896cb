/** Refusals over REST: the table from code to HTTP status, and the body (`google.rpc.Status` in JSON). */
import { type CodeName, codeOf, ERROR_DOMAIN, type Reason, reasons } from '../../domain/errors.ts';
import { formatInstant } from '../../domain/instant.ts';
import { NO_ORDER } from '../../domain/orders/order.ts';
import type { Detail, Refusal } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import type { Shortage } from '../../domain/stock/allocation.ts';
import { TRACEPARENT } from '../traceparent.ts';
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
 * The headers of every JSON answer to a request. Answers change with every order, so nobody may keep them,
 * and pages of other sites may not load them. It is one literal: to spread these names costs more than all
 * the rest.
 */
export function jsonHeadersOf(requestId: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    traceparent: requestId,
  };
}

const { [TRACEPARENT]: _none, ...withoutRequest } = jsonHeadersOf('');

/** The same without a request, such as of a probe. */
export const jsonHeaders = withoutRequest;

/** An answer in JSON, with these headers and no others. */
export function jsonResponse(status: number, body: string, headers = jsonHeaders): Response {
  return new Response(body, { status, headers });
}

/** The HTTP status of a refusal: its reason's own, or that of its code. */
export function httpStatusOf({ reason }: Refusal): number {
  return ownStatuses[reason] ?? httpStatuses[reasons[reason]];
}

/** What a refusal may have besides the headers of every answer. */
export type RefusalHeader = 'retry-after' | 'www-authenticate' | 'accept-encoding';

/** The headers of a refusal. */
export function headersOf(refusal: Refusal): Partial<Record<RefusalHeader, string>> {
  const { detail } = refusal;
  if (detail?.type === 'RetryInfo') return { 'retry-after': String(detail.retryDelaySeconds) };
  if (refusal.reason === 'CONTENT_ENCODING_UNSUPPORTED') return { 'accept-encoding': 'identity' };
  const challenge = challengeOf(refusal);
  return challenge === undefined ? {} : { 'www-authenticate': challenge };
}

export interface ErrorBody {
  readonly code: number;
  readonly message: string;
  readonly details: readonly unknown[];
}

/** The error body as a value: what `printError` prints and what the OpenAPI document shows as examples. */
export function errorBody(refusal: Refusal, requestId: string): ErrorBody {
  const body = bodyOf(refusal);
  return { ...body, details: [...body.details, requestInfo(requestId)] };
}

function requestInfo(requestId: string): unknown {
  return { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId };
}

/** The body without the id of its request. */
function bodyOf(refusal: Refusal): ErrorBody {
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
  Object.values<Refusal>(fixedRefusals).map((refusal) => [refusal, stringifyJson(bodyOf(refusal))]),
);

/** The error body as it is sent: RequestInfo is the last of its details. */
export function printError(refusal: Refusal, requestId: string): string {
  const body = fixedBodies.get(refusal) ?? stringifyJson(bodyOf(refusal));
  return `${body.slice(0, -DETAILS_END.length)},${stringifyJson(requestInfo(requestId))}${DETAILS_END}`;
}

/** How a body ends: its list of details, which is never empty, and itself. */
const DETAILS_END = ']}';

/** The value of `WWW-Authenticate` for a refusal for its credentials (RFC 6750). */
function challengeOf({ reason, metadata }: Refusal): string | undefined {
  if (reason === 'CREDENTIALS_MISSING') return 'Bearer';
  if (reason === 'CREDENTIALS_INVALID') return 'Bearer error="invalid_token"';
  if (reason === 'SCOPE_MISSING') return `Bearer error="insufficient_scope", scope="${metadata.scope}"`;
  return undefined;
}

/** Answers with a refusal. `headers` come on top of its own (`Allow`). */
export function errorResponse(
  refusal: Refusal,
  requestId: string,
  headers: Record<string, string> = {},
  status = httpStatusOf(refusal),
): Response {
  const all = Object.assign(jsonHeadersOf(requestId), headersOf(refusal), headers);
  return jsonResponse(status, printError(refusal, requestId), all);
}
