/**
 * One client for REST and one for gRPC that ask and answer in the same form, so that one table of cases can
 * be run through both. Field names are the contract's, and every integer is a bigint.
 */
import { credentials, Client as GrpcChannel, Metadata, type ServiceError } from '@grpc/grpc-js';
import { parse, stringify } from 'lossless-json';
import { BadRequest, ErrorInfo, RetryInfo } from '../../src/generated/proto/google/rpc/error_details.ts';
import { Status } from '../../src/generated/proto/google/rpc/status.ts';
import { InsufficientStock, OrderServiceService } from '../../src/generated/proto/loms/order/v1/order.ts';
import { StockServiceService } from '../../src/generated/proto/loms/stock/v1/stock.ts';
import { DETAILS_TRAILER } from '../../src/transport/grpc/errors.ts';

export type Operation = 'createOrder' | 'getOrder' | 'payOrder' | 'cancelOrder' | 'getStock';

export interface Failure {
  readonly code: bigint;
  readonly message: string;
  readonly details: readonly Record<string, unknown>[];
}

export type Answer = ({ readonly reply: unknown } | { readonly error: Failure; readonly http?: number }) & {
  /** Set when the answer is marked as a replay. */
  readonly replayed?: true;
};

/** What a call says besides its request. */
export interface CallOptions {
  /** The idempotency keys to send, of which a good request has none or one. */
  readonly keys?: readonly string[];
  /** How long the caller says that it waits. */
  readonly timeoutMs?: number;
}

export interface Client {
  readonly transport: 'REST' | 'gRPC';
  call(operation: Operation, request: Record<string, unknown>, more?: CallOptions): Promise<Answer>;
  close(): void;
}

/** What a client sends with every call, as headers or as metadata. */
export type CallerHeaders = Readonly<Record<string, string>>;

/** A REST client; on errors the answer also tells the HTTP status. */
export function restClient(port: number, headers: CallerHeaders = {}): Client {
  return {
    transport: 'REST',
    async call(operation, request, { keys = [], timeoutMs } = {}) {
      const init = initOf(operation, request, timeoutMs);
      const sent = new Headers({ ...init.headers, ...headers } as Record<string, string>);
      for (const key of keys) sent.append('idempotency-key', key);
      const url = `http://127.0.0.1:${port}${pathOf(operation, request)}`;
      const response = await fetch(url, { ...init, headers: sent });
      const body = parse(await response.text(), undefined, BigInt);
      const answer = response.ok ? { reply: body } : { error: body as Failure, http: response.status };
      return { ...answer, ...replayMark(response.headers.get('idempotency-replayed')) };
    },
    close() {},
  };
}

function replayMark(value: unknown): { replayed?: true } {
  return value === 'true' ? { replayed: true } : {};
}

function pathOf(operation: Operation, request: Record<string, unknown>): string {
  if (operation === 'getOrder') return `/order/info/${request.orderID}`;
  if (operation === 'getStock') return `/stock/info/${request.sku}`;
  return `/order/${operation.replace('Order', '')}`;
}

function initOf(operation: Operation, request: Record<string, unknown>, timeoutMs?: number): RequestInit {
  const headers: Record<string, string> = {};
  if (timeoutMs !== undefined) headers['request-timeout'] = String(timeoutMs / 1_000);
  if (operation.startsWith('get')) return { headers };
  headers['content-type'] = 'application/json';
  return { method: 'POST', headers, body: stringify(request) ?? '' };
}

/** A gRPC client that sends what the contract's names say, also where it is not valid. */
export function grpcClient(port: number, headers: CallerHeaders = {}): Client {
  const channel = new GrpcChannel(`127.0.0.1:${port}`, credentials.createInsecure());
  const methods = { ...OrderServiceService, ...StockServiceService };
  return {
    transport: 'gRPC',
    call(operation, { orderID, ...request }, { keys = [], timeoutMs } = {}) {
      const { path, requestSerialize, responseDeserialize } = methods[operation];
      const message = orderID === undefined ? request : { ...request, orderId: orderID };
      const metadata = Metadata.fromHttp2Headers(headers);
      for (const key of keys) metadata.add('idempotency-key', key);
      return new Promise((resolve, reject) => {
        let mark = {};
        const call = channel.makeUnaryRequest(
          path,
          requestSerialize as (value: unknown) => Buffer,
          responseDeserialize as (bytes: Buffer) => unknown,
          message,
          metadata,
          timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs },
          (error, reply) => {
            if (!error) return resolve({ reply: inContractForm(reply), ...mark });
            const failure = failureOf(error);
            return failure === undefined ? reject(error) : resolve({ error: failure, ...mark });
          },
        );
        call.on('metadata', (initial: Metadata) => {
          mark = replayMark(initial.get('idempotency-replayed')[0]);
        });
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
  if (typeUrl.endsWith('/google.rpc.RetryInfo')) {
    return { retryDelay: `${RetryInfo.decode(bytes).retryDelay?.seconds}s` };
  }
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
