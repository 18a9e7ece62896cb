/** Reading orders, many in one statement, on any node. */
import { MustSplit, type Queryable, type Reader } from '../../db/types.ts';
import { contract } from '../../generated/contract.ts';
import { type IOrderReadResult, orderRead } from '../../generated/sql/orders.ts';
import { instantOfMicros } from '../instant.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { orderNotFound } from '../refusals.ts';
import {
  asCancelReason,
  asOrderStatus,
  fromSkuColumn,
  type Line,
  OPEN,
  type Order,
  transitions,
} from './order.ts';

/** The most lines of a batch of several orders. To read and write them takes a fraction of a second. */
export const NAMED_LINES_MAX = 10 * contract.CreateOrderRequest.items.maxItems;

/**
 * Reads the lines of orders, each id once, sorted by order and sku.
 *
 * @throws MustSplit where they are too many: how many an order has is not known before it is read.
 */
export async function readLines(
  db: Queryable,
  orderIds: readonly bigint[],
  clockAheadMs: number,
): Promise<IOrderReadResult[]> {
  const linesMax = BigInt(NAMED_LINES_MAX) + 1n;
  const rows = await orderRead.run({ orderIds: [...orderIds], clockAheadMs, linesMax }, db);
  if (rows.length > NAMED_LINES_MAX) throw new MustSplit(`more than ${NAMED_LINES_MAX} lines`);
  return rows;
}

/**
 * @returns for each id its order, or ORDER_NOT_FOUND.
 * @throws MustSplit where the orders have too many lines together.
 */
export async function readOrders(db: Reader, orderIds: readonly bigint[]): Promise<Outcome<Order>[]> {
  const orders = ordersOf(await readLines(db, [...new Set(orderIds)], db.clockAheadMs));
  return orderIds.map((id) => {
    const order = orders.get(id);
    return order === undefined ? refused(orderNotFound(id)) : accepted(order);
  });
}

/** An order without its lines, as the database returns it. */
export interface OrderRow {
  readonly order_id: bigint;
  readonly user_id: bigint;
  readonly status: string;
  readonly created_us: bigint;
  readonly updated_us: bigint;
  readonly expires_us: bigint | null;
  readonly is_overdue: boolean;
  readonly cancel_reason: string | null;
}

/** Whether the reservation has ended, and nobody has released it. */
export function isUnreleased(row: Pick<OrderRow, 'status' | 'is_overdue'>): boolean {
  return row.is_overdue && row.status === transitions.expire.from;
}

/**
 * An order without its lines. One whose reservation has ended is shown as cancelled at that moment, whether
 * or not it was released meanwhile.
 */
export function headOf(row: OrderRow): Omit<Order, 'items'> {
  const isOverdue = isUnreleased(row);
  const { status, cancelReason } = isOverdue
    ? { status: transitions.expire.to, cancelReason: transitions.expire.cancelReason }
    : { status: asOrderStatus(row.status), cancelReason: asCancelReason(row.cancel_reason) };
  const end = row.expires_us === null ? undefined : instantOfMicros(row.expires_us);
  const isOfAccount = status === OPEN || cancelReason === 'expired';
  return {
    orderId: row.order_id,
    user: row.user_id,
    status,
    createdAt: instantOfMicros(row.created_us),
    updatedAt: isOverdue && end !== undefined ? end : instantOfMicros(row.updated_us),
    expiresAt: isOfAccount ? end : undefined,
    cancelReason,
  };
}

/** An order, and how often it was written: 1 is its creation. */
export interface StoredOrder extends Order {
  readonly version: number;
}

/** Assembles orders from rows of one line each, which are sorted by order and sku. */
export function ordersOf(rows: readonly IOrderReadResult[]): Map<bigint, StoredOrder> {
  const orders = new Map<bigint, StoredOrder & { items: Line[] }>();
  for (const row of rows) {
    const line = { sku: fromSkuColumn(row.sku), count: row.count };
    const order = orders.get(row.order_id);
    if (order !== undefined) {
      order.items.push(line);
      continue;
    }
    orders.set(row.order_id, { ...headOf(row), version: row.version, items: [line] });
  }
  return orders;
}
