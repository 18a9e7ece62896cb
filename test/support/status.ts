/** Decodes google.rpc.Status, in which gRPC carries code, message and details of an error. */
import type { ServiceError } from '@grpc/grpc-js';
import {
  BadRequest,
  ErrorInfo,
  RequestInfo,
  RetryInfo,
} from '../../src/generated/proto/google/rpc/error_details.ts';
import { Status } from '../../src/generated/proto/google/rpc/status.ts';
import { InsufficientStock } from '../../src/generated/proto/loms/order/v1/order.ts';
import {
  CountStale,
  StockBelowReserved,
  StockChanged,
} from '../../src/generated/proto/loms/stock/v1/errors.ts';
import { DETAILS_TRAILER } from '../../src/transport/grpc/errors.ts';

const messages = {
  'type.googleapis.com/google.rpc.ErrorInfo': ErrorInfo,
  'type.googleapis.com/google.rpc.BadRequest': BadRequest,
  'type.googleapis.com/google.rpc.RetryInfo': RetryInfo,
  'type.googleapis.com/google.rpc.RequestInfo': RequestInfo,
  'type.googleapis.com/loms.order.v1.InsufficientStock': InsufficientStock,
  'type.googleapis.com/loms.stock.v1.StockChanged': StockChanged,
  'type.googleapis.com/loms.stock.v1.StockBelowReserved': StockBelowReserved,
  'type.googleapis.com/loms.stock.v1.CountStale': CountStale,
};

type TypeUrl = keyof typeof messages;

/** A decoded detail, with the type URL that it was sent under. */
export type Detail = {
  [Url in TypeUrl]: { readonly type: Url } & ReturnType<(typeof messages)[Url]['decode']>;
}[TypeUrl];

export interface DecodedStatus {
  readonly code: number;
  readonly message: string;
  readonly details: readonly Detail[];
}

/**
 * Decodes a status.
 *
 * @param trailer its bytes, or their base64 text as in the HTTP/2 trailers.
 * @throws when a detail is of a type that the contract does not name.
 */
export function decodeStatus(trailer: Uint8Array | string): DecodedStatus {
  const bytes = typeof trailer === 'string' ? Buffer.from(trailer, 'base64') : trailer;
  const { code, message, details } = Status.decode(bytes);
  return { code, message, details: details.map(({ typeUrl, value }) => decodeDetail(typeUrl, value)) };
}

/**
 * The status that the service sent with an error of a grpc-js call, without the id of its request.
 *
 * @returns undefined when the call was ended by something else: the client's library, or the network.
 * @throws when code or message differ from those of the call, or the request id is missing.
 */
export function statusOf(error: ServiceError): DecodedStatus | undefined {
  const [trailer] = error.metadata.get(DETAILS_TRAILER);
  if (!Buffer.isBuffer(trailer)) return undefined;
  const status = decodeStatus(trailer);
  if (status.code !== error.code || status.message !== error.details) {
    throw new Error(`trailer: ${status.code} ${status.message}, call: ${error.code} ${error.details}`);
  }
  const [requestId] = error.metadata.get('traceparent');
  return { ...status, details: withoutRequestInfo(status.details, 'type', requestId) };
}

/**
 * The details of an error without the last one, which is the id of its request.
 *
 * @param type the name of the field that has a detail's type.
 * @param requestId as its header has it.
 * @throws when it is another id, or there is none.
 */
export function withoutRequestInfo<T>(details: readonly T[], type: string, requestId: unknown): readonly T[] {
  const last = { ...details.at(-1) } as Record<string, unknown>;
  const isRequestInfo = last[type] === 'type.googleapis.com/google.rpc.RequestInfo';
  if (!isRequestInfo || typeof requestId !== 'string' || last.requestId !== requestId)
    throw new Error(`the last detail is not the request id ${requestId}: ${String(last.requestId)}`);
  return details.slice(0, -1);
}

/** The reason of an error, from its first detail; undefined where there is none. */
export function reasonOf({ details: [first] }: DecodedStatus): string | undefined {
  return first?.type === 'type.googleapis.com/google.rpc.ErrorInfo' ? first.reason : undefined;
}

function decodeDetail(typeUrl: string, bytes: Uint8Array): Detail {
  if (!Object.hasOwn(messages, typeUrl)) throw new Error(`unexpected detail ${typeUrl}`);
  return { type: typeUrl, ...messages[typeUrl as TypeUrl].decode(bytes) } as Detail;
}

/** What the last detail of every error over REST is like. */
export const requestInfo = { '@type': 'type.googleapis.com/google.rpc.RequestInfo' };
