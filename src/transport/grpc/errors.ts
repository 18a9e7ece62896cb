/**
 * Refusals as gRPC statuses. A status travels twice: as code and message, and once more as a
 * `google.rpc.Status` with its details in the trailer `grpc-status-details-bin`, where clients of all
 * languages look for them.
 */
import type { OutgoingHttpHeaders } from 'node:http2';
import { status as codes, Metadata, type StatusObject } from '@grpc/grpc-js';
import { codeOf, ERROR_DOMAIN } from '../../domain/errors.ts';
import { optionalTimestamp, timestampOf } from '../../domain/instant.ts';
import type { Detail, Refusal } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import type { Any } from '../../generated/proto/google/protobuf/any.ts';
import {
  BadRequest,
  ErrorInfo,
  RequestInfo,
  RetryInfo,
} from '../../generated/proto/google/rpc/error_details.ts';
import { Status } from '../../generated/proto/google/rpc/status.ts';
import { InsufficientStock } from '../../generated/proto/loms/order/v1/order.ts';
import { CountStale, StockBelowReserved, StockChanged } from '../../generated/proto/loms/stock/v1/errors.ts';
import { malformedRequest } from '../refusals.ts';
import { requestIdOf, TRACEPARENT, TRACEPARENT_CHARS } from '../traceparent.ts';
import type { BareStatus } from './internals.ts';

/** The trailer that carries the encoded `google.rpc.Status`. */
export const DETAILS_TRAILER = 'grpc-status-details-bin';

/**
 * The trailer by which a server directs the automatic retries of a client library (gRFC A6): the delay before
 * the next one in milliseconds, or -1 to forbid them.
 */
export const RETRY_TRAILER = 'grpc-retry-pushback-ms';

/** The statuses of refusals without parameters, encoded once: under overload most replies are one of them. */
const fixedStatuses = new Map(
  [...Object.values<Refusal>(fixedRefusals), malformedRequest].map((refusal) => [refusal, encode(refusal)]),
);

/**
 * The detail RequestInfo, as a status holds it, up to the request id. That is the end of it and has a fixed
 * length; and fields of a protobuf message may come one after the other, so behind an encoded status this is
 * one more detail.
 */
const requestInfo = encodeRequestInfo('0'.repeat(TRACEPARENT_CHARS)).subarray(0, -TRACEPARENT_CHARS);

function encodeRequestInfo(requestId: string): Buffer {
  const info = any('google.rpc.RequestInfo', RequestInfo.encode({ requestId, servingData: '' }));
  return Buffer.from(Status.encode({ code: 0, message: '', details: [info] }).finish());
}

/**
 * The gRPC status of a refusal: its code, its message and the trailer with all details, ErrorInfo first and
 * RequestInfo last.
 *
 * @param requestId which the refusal carries, also as the trailer `traceparent`.
 * @param isRepeatable whether the call may run twice without harm. If not, and it may have run, the status
 * forbids automatic retries.
 */
export function statusOf(refusal: Refusal, requestId: string, isRepeatable = true): StatusObject {
  const { code, message, trailer } = fixedStatuses.get(refusal) ?? encode(refusal);
  const metadata = new Metadata();
  metadata.set(DETAILS_TRAILER, withRequestInfo(trailer, requestId));
  metadata.set(TRACEPARENT, requestId);
  if (refusal.detail?.type === 'RetryInfo')
    metadata.set(RETRY_TRAILER, String(refusal.detail.retryDelaySeconds * 1_000));
  else if (!isRepeatable && mayHaveRun(refusal)) metadata.set(RETRY_TRAILER, '-1');
  return { code, details: message, metadata };
}

/** Behind a status its detail RequestInfo. */
function withRequestInfo(status: Buffer, requestId: string): Buffer {
  const bytes = Buffer.allocUnsafe(status.length + requestInfo.length + TRACEPARENT_CHARS);
  status.copy(bytes);
  requestInfo.copy(bytes, status.length);
  bytes.write(requestId, status.length + requestInfo.length, 'latin1');
  return bytes;
}

function mayHaveRun({ reason }: Refusal): boolean {
  return reason === 'OUTCOME_UNKNOWN' || reason === 'INTERNAL';
}

/** The request id of a call that is refused before it reaches an operation. */
export function requestIdIn(metadata: Metadata | undefined): string {
  return requestIdOf(metadata?.get(TRACEPARENT)[0]?.toString());
}

/** The response of a stream that is refused before grpc-js has it: the status alone, without a message. */
export function responseOf(refusal: Refusal, requestId: string): OutgoingHttpHeaders {
  const { code, details, metadata } = statusOf(refusal, requestId);
  return {
    ':status': 200,
    'content-type': 'application/grpc+proto',
    'grpc-status': code,
    'grpc-message': encodeURI(details),
    ...metadata.toHttp2Headers(),
  };
}

function encode(refusal: Refusal): { code: number; message: string; trailer: Buffer } {
  const { reason, message } = refusal;
  const code = codeOf(reason);
  const info = ErrorInfo.encode({ reason, domain: ERROR_DOMAIN, metadata: { ...refusal.metadata } });
  const details = [any('google.rpc.ErrorInfo', info)];
  if (refusal.detail !== undefined) details.push(detailOf(refusal.detail));
  return { code, message, trailer: Buffer.from(Status.encode({ code, message, details }).finish()) };
}

function detailOf(detail: Detail): Any {
  switch (detail.type) {
    case 'BadRequest': {
      const fieldViolations = detail.fieldViolations.map(({ field, description }) => ({
        field,
        description,
        reason: '',
        localizedMessage: undefined,
      }));
      return any('google.rpc.BadRequest', BadRequest.encode({ fieldViolations }));
    }
    case 'RetryInfo': {
      const retryDelay = { seconds: BigInt(detail.retryDelaySeconds), nanos: 0 };
      return any('google.rpc.RetryInfo', RetryInfo.encode({ retryDelay }));
    }
    case 'InsufficientStock': {
      const shortages = detail.shortages.map(({ sku, requested, available, availableAt }) => {
        return { sku, requested, available, availableAt: optionalTimestamp(availableAt) };
      });
      const message = InsufficientStock.encode({ orderId: detail.orderId, shortages });
      return any('loms.order.v1.InsufficientStock', message);
    }
    case 'StockChanged':
      return any('loms.stock.v1.StockChanged', StockChanged.encode({ stocks: [...detail.stocks] }));
    case 'StockBelowReserved':
      return any(
        'loms.stock.v1.StockBelowReserved',
        StockBelowReserved.encode({ stocks: [...detail.stocks] }),
      );
    case 'CountStale': {
      const stocks = detail.stocks.map(({ sku, countedAt }) => ({ sku, countedAt: timestampOf(countedAt) }));
      return any('loms.stock.v1.CountStale', CountStale.encode({ stocks }));
    }
  }
}

function any(type: string, message: { finish(): Uint8Array }): Any {
  return { typeUrl: `type.googleapis.com/${type}`, value: Buffer.from(message.finish()) };
}

/** What grpc-js answers with the code INTERNAL although the client is at fault. */
const clientFault = /^(Invalid grpc-timeout|Failed to decompress|Error deserializing request)/;

/**
 * Adds details to a status that grpc-js sends by itself, perhaps before the handler runs.
 *
 * @param metadata of its call.
 */
export function detailed(status: BareStatus, metadata: Metadata | undefined): BareStatus {
  if (status.code === codes.OK || (status.metadata?.get(DETAILS_TRAILER).length ?? 0) > 0) return status;
  const refusal = refusalOf(status);
  return refusal === undefined ? status : statusOf(refusal, requestIdIn(metadata));
}

/** What a bare status means. Statuses of health and reflection are not ours and stay as they are. */
function refusalOf({ code, details = '' }: BareStatus): Refusal | undefined {
  switch (code) {
    case codes.RESOURCE_EXHAUSTED:
      return fixedRefusals.requestTooLarge;
    case codes.UNIMPLEMENTED:
      // The method exists, but the call has no message or several, or is compressed in an unknown way.
      return malformedRequest;
    case codes.INTERNAL:
      return clientFault.test(details) ? malformedRequest : fixedRefusals.internal;
    case codes.UNKNOWN:
      return fixedRefusals.internal;
    default:
      return undefined;
  }
}
