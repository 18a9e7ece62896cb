/**
 * Requests and replies of each operation as the contract's JSON has them; integers of replies are bigints.
 */
import type { OperationName } from '../../src/domain/operations.ts';
import type { Line, OrderStatus } from '../../src/domain/orders/order.ts';
import type { MovementKind } from '../../src/domain/stock/movements.ts';

export type Operation = OperationName;
export type Transport = 'REST' | 'gRPC';

export interface OrderId {
  readonly orderID: bigint;
}

/** What all replies show of an order. Times are texts of RFC 3339. */
export interface OrderFields {
  readonly status: OrderStatus;
  readonly user: bigint;
  readonly items: readonly { sku: bigint; count: bigint }[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly expiresAt?: string;
  readonly cancelReason?: string;
}

export interface Page {
  readonly pageSize?: number;
  readonly pageToken?: string;
}

/** What selects a page of a list about one sku. */
export interface SkuPage extends Page {
  readonly sku: number;
}

export interface StockFields {
  readonly sku: bigint;
  readonly total: bigint;
  readonly reserved: bigint;
  readonly count: bigint;
}

interface MovementFields {
  readonly version: bigint;
  readonly kind: MovementKind;
  readonly totalChange: bigint;
  readonly reservedChange: bigint;
  readonly total: bigint;
  readonly reserved: bigint;
  readonly orderID?: bigint;
  readonly orders?: bigint;
  readonly reason?: string;
  readonly reference?: string;
  readonly note?: string;
  readonly actor?: string;
  readonly occurredAt: string;
  readonly createdAt: string;
}

/** An event in the contract's JSON form. */
export interface EventFields {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly sequence: string;
  readonly partitionkey: string;
  readonly traceparent?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventList extends Page {
  readonly type?: readonly string[];
  readonly orderID?: bigint;
  readonly waitSeconds?: number;
  readonly from?: string;
}

export interface OrderList extends Page {
  readonly user?: bigint;
  readonly status?: readonly string[];
  readonly createdAfter?: string;
  readonly createdBefore?: string;
}

export interface StockAdjustment {
  readonly sku: number;
  readonly change: bigint;
  readonly expectedTotal?: bigint;
  readonly reason: string;
  readonly reference?: string;
  readonly note?: string;
}

export interface StockCount {
  readonly sku: number;
  readonly counted: bigint;
  readonly countedAt: string;
  readonly reference?: string;
  readonly note?: string;
}

/** Request and reply of each operation. */
export interface Messages {
  createOrder: {
    request: { user: bigint; items: readonly Line[]; reservationTtlSeconds?: number; validateOnly?: boolean };
    reply: OrderId & { expiresAt?: string };
  };
  getOrder: { request: OrderId; reply: OrderFields };
  listOrders: {
    request: OrderList;
    reply: { orders: readonly (OrderId & OrderFields)[]; nextPageToken?: string };
  };
  payOrder: { request: OrderId & { acceptLate?: boolean }; reply: object };
  extendOrder: {
    request: OrderId & { reservationTtlSeconds: number };
    reply: { expiresAt?: string };
  };
  cancelOrder: { request: OrderId; reply: object };
  getStock: { request: { sku: number }; reply: { count: bigint } };
  batchGetStock: {
    request: { skus: readonly number[] };
    reply: { stocks: readonly { sku: bigint; count: bigint }[]; missing: readonly bigint[] };
  };
  listStocks: {
    request: Page;
    reply: {
      stocks: readonly StockFields[];
      nextPageToken?: string;
    };
  };
  adjustStock: {
    request: { changes: readonly StockAdjustment[] };
    reply: { stocks: readonly StockFields[] };
  };
  countStock: {
    request: { counts: readonly StockCount[] };
    reply: {
      results: readonly { sku: bigint; totalBefore: bigint; total: bigint; changedSince: bigint }[];
    };
  };
  explainStock: {
    request: SkuPage;
    reply: StockFields & {
      holds: readonly (OrderId & { count: bigint; expiresAt?: string })[];
      nextReleaseAt?: string;
      nextPageToken?: string;
    };
  };
  listStockMovements: {
    request: SkuPage;
    reply: { movements: readonly MovementFields[]; nextPageToken?: string };
  };
  listEvents: {
    request: EventList;
    reply: { events: readonly EventFields[]; nextPageToken: string };
  };
  listStockChanges: {
    request: Page & { waitSeconds?: number };
    reply: { stocks: readonly StockFields[]; nextPageToken: string };
  };
}

export type Request<Name extends Operation = Operation> = Messages[Name]['request'];
export type Reply<Name extends Operation = Operation> = Messages[Name]['reply'];
