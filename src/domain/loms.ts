/**
 * The operations of loms, which REST and gRPC both call. Their rules are in `operations.ts`.
 *
 * Requests arrive here already validated field by field by the transport.
 */
import type { Line, Order } from './orders/order.ts';
import type { Outcome } from './outcome.ts';

/** What an operation must know of its call besides the request. */
export interface Call {
  /**
   * When the caller stops waiting, in milliseconds on the monotonic clock. Work does not start after it, and
   * the caller gets its reply by then, also while its work runs.
   */
  readonly deadlineMs: number;
  /** Whether the caller disconnected, where that is known; checked when the work is about to start. */
  disconnected?(): boolean;
  /** The caller's name by its credentials; `ANONYMOUS` where none are required. */
  readonly caller: string;
  /** The idempotency key as it was sent, if one was. Only `createOrder` uses it. */
  readonly idempotencyKey?: string | undefined;
}

/** The caller where the service requires no credentials. */
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
   * again, marked as a replay, or IDEMPOTENCY_KEY_REUSED when the request is a different one.
   *
   * @returns the order's id, or INSUFFICIENT_STOCK (the order is kept as failed), or INVALID_REQUEST when
   * lines with the same sku add up to too many pieces or the key is invalid.
   */
  createOrder(request: CreateOrderRequest, call: Call): Promise<Outcome<{ orderId: bigint }>>;

  /** Reads an order, its lines sorted by sku. Refused with ORDER_NOT_FOUND. */
  getOrder(orderId: bigint, call: Call): Promise<Outcome<Order>>;

  /** Takes the reserved goods out of the stock. Refused with ORDER_NOT_FOUND or ORDER_NOT_PAYABLE. */
  payOrder(orderId: bigint, call: Call): Promise<Outcome<void>>;

  /** Makes the reserved goods available again. Refused with ORDER_NOT_FOUND or ORDER_NOT_CANCELLABLE. */
  cancelOrder(orderId: bigint, call: Call): Promise<Outcome<void>>;

  /** Returns how many pieces of a sku can be bought now. Refused with STOCK_NOT_FOUND. */
  getStock(sku: number, call: Call): Promise<Outcome<{ count: bigint }>>;
}
