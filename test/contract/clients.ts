/**
 * One client for REST and one for gRPC that ask and answer in the same form, so that one table of cases can
 * be run through both. Field names are the contract's, and every integer is a bigint.
 */
import { credentials, Client as GrpcChannel, Metadata, type ServiceError } from '@grpc/grpc-js';
import { parse, stringify } from 'lossless-json';
import { BadRequest, ErrorInfo } from '../../src/generated/proto/google/rpc/error_details.ts';
import { Status } from '../../src/generated/proto/google/rpc/status.ts';
import { InsufficientStock, OrderServiceService } from '../../src/generated/proto/loms/order/v1/order.ts';
import { StockServiceService } from '../../src/generated/proto/loms/stock/v1/stock.ts';
import { DETAILS_TRAILER } from '../../src/grpc/errors.ts';

export type Operation = 'createOrder' | 'getOrder' | 'payOrder' | 'cancelOrder' | 'getStock';

export interface Failure {
  readonly code: bigint;
  readonly message: string;
  readonly details: readonly Record<string, unknown>[];
}

export type Answer = { readonly reply: unknown } | { readonly error: Failure; readonly http?: number };

export interface Client {
  readonly transport: 'REST' | 'gRPC';
  call(operation: Operation, request: Record<string, unknown>): Promise<Answer>;
  close(): void;
}

/** What a client sends with every call, as headers or as metadata. */
export type Headers = Readonly<Record<string, string>>;

/** A REST client; on errors the answer also tells the HTTP status. */
export function restClient(port: number, headers: Headers = {}): Client {
  return {
    transport: 'REST',
    async call(operation, request) {
      const response = await fetch(
        `http://127.0.0.1:${port}${pathOf(operation, request)}`,
        initOf(operation, request, headers),
      );
      const body = parse(await response.text(), undefined, BigInt);
      return response.ok ? { reply: body } : { error: body as Failure, http: response.status };
    },
    close() {},
  };
}

function pathOf(operation: Operation, request: Record<string, unknown>): string {
  if (operation === 'getOrder') return `/order/info/${request.orderID}`;
  if (operation === 'getStock') return `/stock/info/${request.sku}`;
  return `/order/${operation.replace('Order', '')}`;
}

function initOf(operation: Operation, request: Record<string, unknown>, headers: Headers): RequestInit {
  if (operation.startsWith('get')) return { headers };
  const json = { 'content-type': 'application/json', ...headers };
  return { method: 'POST', headers: json, body: stringify(request) ?? '' };
}

/** A gRPC client that sends what the contract's names say, also where it is not valid. */
export function grpcClient(port: number, headers: Headers = {}): Client {
  const channel = new GrpcChannel(`127.0.0.1:${port}`, credentials.createInsecure());
  const metadata = Metadata.fromHttp2Headers(headers);
  const methods = { ...OrderServiceService, ...StockServiceService };
  return {
    transport: 'gRPC',
    call(operation, { orderID, ...request }) {
      const { path, requestSerialize, responseDeserialize } = methods[operation];
      const message = orderID === undefined ? request : { ...request, orderId: orderID };
      return new Promise((resolve, reject) => {
        channel.makeUnaryRequest(
          path,
          requestSerialize as (value: unknown) => Buffer,
          responseDeserialize as (bytes: Buffer) => unknown,
          message,
          metadata,
          (error, reply) => {
            if (!error) return resolve({ reply: inContractForm(reply) });
            const failure = failureOf(error);
            return failure === undefined ? reject(error) : resolve({ error: failure });
          },
        );
      });
    },
    close: () => channel.close(),
  };
}

/** What the service said; undefined when it was not the service that ended the call. */
function failureOf(error: ServiceError): Failure | undefined {
  const [trailer] = error.metadata.get(DETAILS_TRAILER);
  if (!(trailer instanceof Buffer)) return undefined;
  const status = Status.decode(trailer);
  if (status.code !== error.code || status.message !== error.details)
    throw new Error('status and trailer differ');
  const details = status.details.map(({ typeUrl, value }) => ({
    '@type': typeUrl,
    ...decodeDetail(typeUrl, value),
  }));
  return inContractForm({ code: status.code, message: status.message, details }) as Failure;
}

function decodeDetail(typeUrl: string, bytes: Uint8Array): Record<string, unknown> {
  if (typeUrl.endsWith('/google.rpc.ErrorInfo')) return { ...ErrorInfo.decode(bytes) };
  if (typeUrl.endsWith('/loms.order.v1.InsufficientStock')) return { ...InsufficientStock.decode(bytes) };
  if (!typeUrl.endsWith('/google.rpc.BadRequest')) throw new Error(`unknown detail ${typeUrl}`);
  const { fieldViolations } = BadRequest.decode(bytes);
  return { fieldViolations: fieldViolations.map(({ field, description }) => ({ field, description })) };
}

/** Numbers as bigints and `orderId` by its JSON name, which is what REST's bodies hold. */
function inContractForm(value: unknown): unknown {
  if (typeof value === 'number') return BigInt(value);
  if (Array.isArray(value)) return value.map(inContractForm);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key === 'orderId' ? 'orderID' : key,
    inContractForm(inner),
  ]);
  return Object.fromEntries(entries);
}
