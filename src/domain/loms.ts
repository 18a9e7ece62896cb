/**
 * The five operations of loms: what REST and gRPC both call. Nothing here knows of either.
 *
 * Requests reach these functions already checked field by field by the transport; see `limits.ts`.
 */
import type { Outcome } from './errors.ts';
import type { Line, Order } from './orders/order.ts';

/** What an operation must know of its caller besides the request. */
export interface Call {
  /**
   * When the caller stops waiting, in milliseconds since the epoch. Work is not begun after it, and the caller
   * is answered by then, also while its work runs.
   */
  readonly deadlineMs: number;
  /** Whether the caller went away, where that is known; asked when the work is about to be begun. */
  disconnected?(): boolean;
  /** Who calls, as its credentials say; `ANONYMOUS` where none are asked for. */
  readonly caller: string;
  /** The idempotency key as it was sent, if one was. Only `createOrder` looks at it. */
  readonly idempotencyKey?: string | undefined;
}

/** The caller where the service asks for no credentials. */
export const ANONYMOUS = '';

export interface CreateOrderRequest {
  readonly user: bigint;
  readonly items: readonly Line[];
}

export interface Loms {
  /**
   * Writes an order and reserves its stock: all lines or none.
   *
   * A call with an idempotency key that its caller has used before writes nothing: it gets the first outcome
   * again, marked as a replay, or IDEMPOTENCY_KEY_REUSED when the request is another one.
   *
   * @returns the order's id, or INSUFFICIENT_STOCK (the order is kept as failed), or INVALID_REQUEST when
   * lines with the same sku add up to too many pieces or the key is none.
   */
  createOrder(request: CreateOrderRequest, call: Call): Promise<Outcome<{ orderId: bigint }>>;

  /** Reads an order, its lines sorted by sku. Refused with ORDER_NOT_FOUND. */
  getOrder(orderId: bigint, call: Call): Promise<Outcome<Order>>;

  /** Takes the reserved goods out of the stock. Refused with ORDER_NOT_FOUND or ORDER_NOT_PAYABLE. */
  payOrder(orderId: bigint, call: Call): Promise<Outcome<void>>;

  /** Gives the reserved goods back. Refused with ORDER_NOT_FOUND or ORDER_NOT_CANCELLABLE. */
  cancelOrder(orderId: bigint, call: Call): Promise<Outcome<void>>;

  /** Tells how many pieces of a sku can be bought now. Refused with STOCK_NOT_FOUND. */
  getStock(sku: number, call: Call): Promise<Outcome<{ count: bigint }>>;
}
