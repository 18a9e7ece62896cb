/** Loms in memory, with the operations that tests of the transports call. */
import type { Call } from '../../src/domain/call.ts';
import type { Loms } from '../../src/domain/operations.ts';
import type { CancelOrderRequest } from '../../src/domain/orders/cancel.ts';
import type { CreateOrderOutcome } from '../../src/domain/orders/create.ts';
import {
  type CreateOrderRequest,
  mergeLines,
  type Order,
  transitions,
} from '../../src/domain/orders/order.ts';
import type { PayOrderRequest } from '../../src/domain/orders/pay.ts';
import { accepted, type Outcome, refused } from '../../src/domain/outcome.ts';
import {
  insufficientStock,
  orderNotCancellable,
  orderNotFound,
  orderNotPayable,
  stockNotFound,
} from '../../src/domain/refusals.ts';
import type { Shortage } from '../../src/domain/stock/allocation.ts';

/** When all its orders are created: 2026-11-26T12:00:00Z. */
export const NOW = 1_795_694_400_000_000_000n;

export class MemoryLoms implements Partial<Loms> {
  /** Every call's deadline, in order. */
  readonly deadlines: number[] = [];
  /** The idempotency key of every create, as it was sent. */
  readonly keys: (string | undefined)[] = [];
  readonly orders = new Map<bigint, Order>();
  readonly stock: Map<number, { total: bigint; reserved: bigint }>;
  #nextOrderId: bigint;

  constructor(
    firstOrderId = 1n,
    available: Record<number, bigint> = { 1625903: 10_000n, 139275865: 65_534n },
  ) {
    this.#nextOrderId = firstOrderId;
    this.stock = new Map(
      Object.entries(available).map(([sku, total]) => [Number(sku), { total, reserved: 0n }]),
    );
  }

  async createOrder({ user, items }: CreateOrderRequest, call: Call): Promise<CreateOrderOutcome> {
    this.deadlines.push(call.deadlineMs);
    this.keys.push(call.idempotencyKey);
    const lines = mergeLines(items);
    const orderId = this.#nextOrderId++;
    const shortages: Shortage[] = [];
    for (const { sku, count } of lines) {
      const available = this.#available(sku) ?? 0n;
      if (available < BigInt(count)) shortages.push({ sku, requested: count, available });
    }
    const status = shortages.length > 0 ? 'failed' : 'awaiting payment';
    const times = { createdAt: NOW, updatedAt: NOW, expiresAt: undefined, cancelReason: undefined };
    this.orders.set(orderId, { orderId, user, status, items: lines, ...times });
    if (shortages.length > 0) return refused(insufficientStock(orderId, shortages));
    this.#addToStock(lines, 0n, 1n);
    return accepted({ orderId, expiresAt: undefined });
  }

  async getOrder(orderId: bigint, call: Call): Promise<Outcome<Order>> {
    this.deadlines.push(call.deadlineMs);
    const order = this.orders.get(orderId);
    return order ? accepted(order) : refused(orderNotFound(orderId));
  }

  async payOrder({ orderId }: PayOrderRequest, call: Call): Promise<Outcome<void>> {
    return this.#transition('pay', orderId, call);
  }

  async cancelOrder({ orderId }: CancelOrderRequest, call: Call): Promise<Outcome<void>> {
    return this.#transition('cancel', orderId, call);
  }

  async getStock(sku: number, call: Call): Promise<Outcome<{ count: bigint }>> {
    this.deadlines.push(call.deadlineMs);
    const count = this.#available(sku);
    return count === undefined ? refused(stockNotFound(sku)) : accepted({ count });
  }

  #transition(name: 'pay' | 'cancel', orderId: bigint, call: Call): Outcome<void> {
    this.deadlines.push(call.deadlineMs);
    const order = this.orders.get(orderId);
    if (order === undefined) return refused(orderNotFound(orderId));
    const { from, to, perPiece } = transitions[name];
    if (order.status === to) return accepted(undefined);
    const notAllowed = name === 'pay' ? orderNotPayable : orderNotCancellable;
    if (order.status !== from) return refused(notAllowed(orderId, order.status));
    this.orders.set(orderId, { ...order, status: to });
    this.#addToStock(order.items, BigInt(perPiece.total), BigInt(perPiece.reserved));
    return accepted(undefined);
  }

  #addToStock(lines: Order['items'], totalSign: bigint, reservedSign: bigint): void {
    for (const { sku, count } of lines) {
      const row = this.stock.get(sku);
      if (row === undefined) throw new Error(`no stock of sku ${sku}`);
      row.total += totalSign * BigInt(count);
      row.reserved += reservedSign * BigInt(count);
    }
  }

  #available(sku: number): bigint | undefined {
    const row = this.stock.get(sku);
    return row && row.total - row.reserved;
  }
}
