/** Events: what the feed shows of each committed change. */
import type { Instant } from '../instant.ts';
import type { CancelReason, Line, OrderChangeKind, OrderStatus } from '../orders/order.ts';
import type { MovementKind } from '../stock/movements.ts';

/** The types as the feed names them. */
export const eventTypes = [
  'order.created',
  'order.failed',
  'order.payed',
  'order.cancelled',
  'order.expired',
  'order.extended',
  'stock.adjusted',
] as const;

export type EventType = (typeof eventTypes)[number];

interface OrderChange {
  readonly type: EventType;
  readonly status: OrderStatus;
  readonly previousStatus?: OrderStatus;
  readonly reason?: CancelReason;
}

const open = { previousStatus: 'awaiting payment' } as const;

/**
 * What the database keeps of an event in place of its type: with it everything is known that follows from the
 * kind of the change.
 */
export const orderChanges = {
  created: { type: 'order.created', status: 'awaiting payment' },
  failed: { type: 'order.failed', status: 'failed' },
  payed: { ...open, type: 'order.payed', status: 'payed' },
  payedLate: { type: 'order.payed', status: 'payed', previousStatus: 'cancelled' },
  cancelled: { ...open, type: 'order.cancelled', status: 'cancelled', reason: 'requested' },
  expired: { ...open, type: 'order.expired', status: 'cancelled', reason: 'expired' },
  extended: { ...open, type: 'order.extended', status: 'awaiting payment' },
} as const satisfies Record<OrderChangeKind, OrderChange>;

/** A change of stock by hand. */
export const STOCK_CHANGE = 'adjusted';

export type ChangeKind = OrderChangeKind | typeof STOCK_CHANGE;

/** The kinds of changes that are of one of the types. */
export function kindsOf(types: readonly EventType[]): ChangeKind[] {
  const kinds = Object.entries(orderChanges).filter(([, { type }]) => types.includes(type));
  const ofOrders = kinds.map(([kind]) => kind as OrderChangeKind);
  return types.includes('stock.adjusted') ? [...ofOrders, STOCK_CHANGE] : ofOrders;
}

interface EventHead {
  /** Its place in the feed. Positions begin with 1 and have no gaps. */
  readonly position: bigint;
  /** When its batch was written, in microseconds since the epoch: with the position it makes a cursor. */
  readonly us: bigint;
  readonly type: EventType;
  /** Of the order, or of the stock: one more than that of the event before about the same order or sku. */
  readonly version: bigint;
  readonly time: Instant;
  /** That of the request which caused it, where it had one. */
  readonly traceparent: string | undefined;
}

export interface OrderEvent extends EventHead {
  readonly orderId: bigint;
  readonly status: OrderStatus;
  readonly previousStatus: OrderStatus | undefined;
  readonly reason: CancelReason | undefined;
  /** When its reservation ends or has ended, of an event that is about it. */
  readonly expiresAt: Instant | undefined;
  /** Undefined, like its lines empty, where the order was removed since. */
  readonly user: bigint | undefined;
  readonly items: readonly Line[];
}

export interface StockEvent extends EventHead {
  readonly sku: number;
  /** Undefined, like what follows, where the movement was removed since. */
  readonly movement: StockEventMovement | undefined;
}

export interface StockEventMovement {
  readonly kind: MovementKind;
  readonly totalChange: bigint;
  readonly total: bigint;
  readonly reserved: bigint;
  readonly reason: string | undefined;
  readonly reference: string | undefined;
  readonly note: string | undefined;
  readonly actor: string | undefined;
}

export type FeedEvent = OrderEvent | StockEvent;
