/**
 * The client of the service that tests and scripts share: one interface, implemented by rest-client.ts and
 * grpc-client.ts. Field names are the contract's JSON names, and every integer of an answer is a bigint.
 */
import type { Loms } from '../../src/domain/operations.ts';
import type { Line, OrderStatus } from '../../src/domain/orders/order.ts';
import { OrderServiceService as orders } from '../../src/generated/proto/loms/order/v1/order.ts';
import { StockServiceService as stock } from '../../src/generated/proto/loms/stock/v1/stock.ts';

export type Operation = keyof Loms;
export type Transport = 'REST' | 'gRPC';

interface OrderId {
  readonly orderID: bigint;
}

/** Request and reply of each operation. */
export interface Messages {
  createOrder: { request: { user: bigint; items: readonly Line[] }; reply: OrderId };
  getOrder: {
    request: OrderId;
    reply: { status: OrderStatus; user: bigint; items: readonly { sku: bigint; count: bigint }[] };
  };
  payOrder: { request: OrderId; reply: object };
  cancelOrder: { request: OrderId; reply: object };
  getStock: { request: { sku: number }; reply: { count: bigint } };
}

export type Request<Name extends Operation = Operation> = Messages[Name]['request'];
export type Reply<Name extends Operation = Operation> = Messages[Name]['reply'];

interface GrpcMethod {
  readonly path: string;
  readonly requestSerialize: (message: never) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}

type RestRoute<Name extends Operation> =
  | { readonly get: (request: Request<Name>) => string }
  | { readonly post: string };

interface OperationRow<Name extends Operation> {
  readonly grpc: GrpcMethod;
  readonly rest: RestRoute<Name>;
  /** Written a second time on purpose: the service has its own table. */
  readonly scope: string;
  /** A valid request, about an order or a sku that does not exist. */
  readonly example: Request<Name>;
}

const unknownOrder = { orderID: 9223372036854775807n };

/** How each operation is called. The compiler requires a row for every operation of the domain. */
export const operations = {
  createOrder: {
    grpc: orders.createOrder,
    rest: { post: '/order/create' },
    scope: 'orders:write',
    example: { user: 1n, items: [{ sku: 1625903, count: 1 }] },
  },
  getOrder: {
    grpc: orders.getOrder,
    rest: { get: ({ orderID }) => `/order/info/${orderID}` },
    scope: 'orders:read',
    example: unknownOrder,
  },
  payOrder: {
    grpc: orders.payOrder,
    rest: { post: '/order/pay' },
    scope: 'orders:write',
    example: unknownOrder,
  },
  cancelOrder: {
    grpc: orders.cancelOrder,
    rest: { post: '/order/cancel' },
    scope: 'orders:write',
    example: unknownOrder,
  },
  getStock: {
    grpc: stock.getStock,
    rest: { get: ({ sku }) => `/stock/info/${sku}` },
    scope: 'stock:read',
    example: { sku: 4000000000 },
  },
} satisfies { readonly [Name in Operation]: OperationRow<Name> };

/** An error of the service. */
export interface Failure {
  readonly code: bigint;
  readonly message: string;
  readonly details: readonly Record<string, unknown>[];
}

export type Answer<Name extends Operation = Operation> = (
  | { readonly reply: Reply<Name> }
  | {
      readonly error: Failure;
      /** The HTTP status, over REST. */
      readonly http?: number;
    }
) & {
  /** Set when the answer is marked as a replay. */
  readonly replayed?: true;
};

/** What a call carries besides its request. */
export interface CallOptions {
  /** Idempotency keys; a valid request has at most one. */
  readonly keys?: readonly string[];
  /** The deadline that the service is given, in milliseconds from now. */
  readonly timeoutMs?: number;
  /**
   * The caller disconnects after this time. Without it, REST waits without limit. gRPC waits for `timeoutMs`,
   * at which its library ends the call; to see an answer after the deadline, set a longer time here.
   */
  readonly disconnectAfterMs?: number;
}

/** Headers or metadata that a client sends with every call. */
export type CallerHeaders = Readonly<Record<string, string>>;

export interface Client {
  readonly transport: Transport;
  /**
   * Calls an operation.
   *
   * @returns the service's answer; its errors are values.
   * @throws NoAnswer when none came.
   */
  call<Name extends Operation>(
    operation: Name,
    request: Request<Name>,
    options?: CallOptions,
  ): Promise<Answer<Name>>;
  close(): void;
}

/** Thrown for a call without an answer of the service. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /**
   * `NOT_SENT`: there was no connection, so nothing was done. `DISCONNECTED`: the caller disconnected.
   * Otherwise what happened in place of an answer: `CONNECTION_LOST`, `HTTP_502`, `GRPC_14`.
   */
  readonly reason: string;
  /** Whether the request was sent on a connection that had been open before. */
  readonly onOpenConnection: boolean;

  constructor(reason: string, options: { onOpenConnection?: boolean; text?: string; cause?: unknown } = {}) {
    const { onOpenConnection = false, text = '', cause } = options;
    super(`no answer: ${reason} ${text}`.trimEnd(), { cause });
    this.reason = reason;
    this.onOpenConnection = onOpenConnection;
  }
}

/** The part of an answer that says whether it is marked as a replay. */
export function replayMark(value: unknown): { readonly replayed?: true } {
  return value === 'true' ? { replayed: true } : {};
}
