/**
 * The client of the service that tests and scripts share: one interface, implemented by rest-client.ts and
 * grpc-client.ts. Field names are the contract's JSON names, and every integer of an answer is a bigint.
 */
import { optionalTimestamp, parseInstant, timestampOf } from '../../src/domain/instant.ts';
import { type Event, EventServiceService as events } from '../../src/generated/proto/loms/event/v1/event.ts';
import { OrderServiceService as orders } from '../../src/generated/proto/loms/order/v1/order.ts';
import { StockServiceService as stock } from '../../src/generated/proto/loms/stock/v1/stock.ts';
import type {
  EventList,
  Operation,
  OrderList,
  Page,
  Reply,
  Request,
  SkuPage,
  Transport,
} from './messages.ts';

export type * from './messages.ts';

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
  /** A valid request, mostly about an order or a sku that does not exist, and what its answer holds. */
  readonly example: Request<Name>;
  readonly answer: object;
}

const unknownOrder = { orderID: 9223372036854775807n };
const notFound = { error: { code: 5n } };

/** The generated code has no defaults. */
const firstPage = { pageSize: 0, pageToken: '' };

/** How each operation is called. The compiler requires a row for every operation of the domain. */
export const operations = {
  createOrder: {
    grpc: orders.createOrder,
    rest: { post: '/order/create' },
    scope: 'orders:write',
    example: { user: 1n, items: [{ sku: 1625903, count: 1 }] },
    answer: { reply: {} },
  },
  getOrder: {
    grpc: orders.getOrder,
    rest: { get: ({ orderID }) => `/order/info/${orderID}` },
    scope: 'orders:read',
    example: unknownOrder,
    answer: notFound,
  },
  listOrders: {
    grpc: { ...orders.listOrders, requestSerialize: listToBytes },
    rest: { get: (request) => `/order/list?${queryOf(request)}` },
    scope: 'orders:read',
    example: { user: 9223372036854775807n },
    answer: { reply: { orders: [] } },
  },
  payOrder: {
    grpc: orders.payOrder,
    rest: { post: '/order/pay' },
    scope: 'orders:write',
    example: unknownOrder,
    answer: notFound,
  },
  extendOrder: {
    grpc: orders.extendOrder,
    rest: { post: '/order/extend' },
    scope: 'orders:write',
    example: { ...unknownOrder, reservationTtlSeconds: 60 },
    answer: notFound,
  },
  cancelOrder: {
    grpc: orders.cancelOrder,
    rest: { post: '/order/cancel' },
    scope: 'orders:write',
    example: unknownOrder,
    answer: notFound,
  },
  getStock: {
    grpc: stock.getStock,
    rest: { get: ({ sku }) => `/stock/info/${sku}` },
    scope: 'stock:read',
    example: { sku: 4000000000 },
    answer: notFound,
  },
  batchGetStock: {
    grpc: stock.batchGetStock,
    rest: { post: '/stock/batch' },
    scope: 'stock:read',
    example: { skus: [4000000000] },
    answer: { reply: { stocks: [], missing: [4000000000n] } },
  },
  listStocks: {
    grpc: { ...stock.listStocks, requestSerialize: pageToBytes },
    rest: { get: (request) => `/stock/list?${queryOf(request)}` },
    scope: 'stock:read',
    example: { pageToken: '' },
    answer: { reply: {} },
  },
  adjustStock: {
    grpc: { ...stock.adjustStock, requestSerialize: adjustmentToBytes },
    rest: { post: '/stock/adjust' },
    scope: 'stock:write',
    // It lacks its idempotency key.
    example: { changes: [{ sku: 4000000000, change: 1n, reason: 'received' }] },
    answer: { error: { code: 3n } },
  },
  countStock: {
    grpc: { ...stock.countStock, requestSerialize: countToBytes },
    rest: { post: '/stock/count' },
    scope: 'stock:write',
    example: { counts: [{ sku: 4000000000, counted: 1n, countedAt: '2000-01-01T00:00:00Z' }] },
    answer: { error: { code: 3n } },
  },
  explainStock: {
    grpc: {
      ...stock.explainStock,
      requestSerialize: (request: SkuPage) =>
        stock.explainStock.requestSerialize({ ...firstPage, ...request }),
    },
    rest: { get: ({ sku, ...page }) => `/stock/explain/${sku}?${queryOf(page)}` },
    scope: 'stock:read',
    example: { sku: 4000000000 },
    answer: notFound,
  },
  listStockMovements: {
    grpc: {
      ...stock.listStockMovements,
      requestSerialize: (request: SkuPage) =>
        stock.listStockMovements.requestSerialize({ ...firstPage, ...request }),
    },
    rest: { get: ({ sku, ...page }) => `/stock/movements/${sku}?${queryOf(page)}` },
    scope: 'stock:read',
    example: { sku: 4000000000 },
    answer: notFound,
  },
  listEvents: {
    grpc: { ...events.listEvents, requestSerialize: eventListToBytes, responseDeserialize: eventsOfBytes },
    rest: { get: (request) => `/event/list?${queryOf(request)}` },
    scope: 'events:read',
    example: { pageToken: '' },
    answer: { reply: { events: [] } },
  },
  listStockChanges: {
    grpc: {
      ...stock.listStockChanges,
      requestSerialize: (request: Request<'listStockChanges'>) =>
        stock.listStockChanges.requestSerialize({ ...firstPage, waitSeconds: 0, ...request }),
    },
    rest: { get: (request) => `/stock/changes?${queryOf(request)}` },
    scope: 'stock:read',
    example: { pageToken: '' },
    answer: { reply: { stocks: [] } },
  },
} satisfies { readonly [Name in Operation]: OperationRow<Name> };

/** The generated code has no defaults, and times in another form. */
function listToBytes({ createdAfter, createdBefore, ...request }: OrderList): Buffer {
  return orders.listOrders.requestSerialize({
    pageSize: 0,
    pageToken: '',
    ...request,
    status: [...(request.status ?? [])],
    createdAfter: createdAfter === undefined ? undefined : timestampOf(parseInstant(createdAfter) ?? 0n),
    createdBefore: createdBefore === undefined ? undefined : timestampOf(parseInstant(createdBefore) ?? 0n),
  });
}

/** Its caller has renamed `orderID` already. */
function eventListToBytes(request: EventList & { readonly orderId?: bigint }): Buffer {
  const { orderId = 0n, type = [], ...rest } = request;
  const all = { ...firstPage, waitSeconds: 0, from: '', ...rest, orderId, type: [...type] };
  return events.listEvents.requestSerialize(all);
}

function eventsOfBytes(bytes: Buffer): object {
  const { events: all, ...page } = events.listEvents.responseDeserialize(bytes);
  return { ...page, events: eventsInJson(all) };
}

/** What REST has besides is the same in all events. */
export function eventsInJson(all: readonly Event[]): object[] {
  const constant = { specversion: '1.0', datacontenttype: 'application/json' };
  return all.map(({ order, stock, ...each }) => ({ ...constant, ...each, data: order ?? stock }));
}

function pageToBytes(request: Page): Buffer {
  return stock.listStocks.requestSerialize({ ...firstPage, ...request });
}

function adjustmentToBytes({ changes }: Request<'adjustStock'>): Buffer {
  return stock.adjustStock.requestSerialize({
    changes: changes.map((each) => ({ expectedTotal: undefined, reference: '', note: '', ...each })),
  });
}

function countToBytes({ counts }: Request<'countStock'>): Buffer {
  const messages = counts.map(({ countedAt, ...each }) => {
    const instant = parseInstant(countedAt ?? '');
    return { reference: '', note: '', ...each, countedAt: optionalTimestamp(instant) };
  });
  return stock.countStock.requestSerialize({ counts: messages });
}

/** The names of parameters are those of the fields, in snake case. */
function queryOf(request: Page): URLSearchParams {
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(request)) {
    const name = field.replaceAll(/[A-Z]+/g, (letters) => `_${letters.toLowerCase()}`);
    for (const each of [value].flat()) query.append(name, String(each));
  }
  return query;
}

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

/** The part of an answer that shows whether it is marked as a replay. */
export function replayMark(value: unknown): { readonly replayed?: true } {
  return value === 'true' ? { replayed: true } : {};
}

/** The reply of an answer, which must be none of an error. */
export function replyOf<Name extends Operation>(answer: Answer<Name>): Reply<Name> {
  if ('reply' in answer) return answer.reply;
  throw new Error(answer.error.message);
}
