/**
 * Removal of orders that failed or were cancelled long ago: a walk over all orders in the order of their ids.
 * Each step is one transaction over a window of them.
 */
import type { Plan, Queryable } from '../../db/types.ts';
import {
  type IOrderWindowResult,
  orderDelete,
  orderLineDelete,
  orderWindow,
} from '../../generated/sql/orders.ts';
import { fitting } from './fitting.ts';
import { asOrderStatus, type OrderStatus, removableStatuses } from './order.ts';

export interface RemovalWindow {
  /** The window has the orders that follow this id. */
  readonly after: bigint;
  /** How long an order stays as it is before it is removed, in milliseconds. */
  readonly retentionMs: number;
  /** The most orders that the window has. */
  readonly ordersMax: number;
  /** The most lines that are removed. The lines of one order are removed together, whatever their number. */
  readonly linesMax: number;
}

export interface RemovedOrders {
  /** The orders that were removed, without those of another instance that was faster. */
  readonly removed: number;
  /** The last id of the window, behind which the next one begins. */
  readonly last: bigint;
  /** Up to this id there is nothing that a later walk could remove. */
  readonly settled: bigint;
  /** Whether nothing behind the window is old enough. */
  readonly isEnd: boolean;
}

/** Removes what is old enough in one window of orders, with their lines. */
export async function removeOrders(tx: Queryable, window: RemovalWindow): Promise<Plan<RemovedOrders>> {
  const { after, retentionMs, ordersMax, linesMax } = window;
  const orders = await orderWindow.run({ after, retentionMs, limit: BigInt(ordersMax) }, tx);
  const due = orders.filter(isDue).map((order) => order.order_id);
  const orderIds = await fitting(tx, due, linesMax);
  const removed = orderIds.length === 0 ? 0 : await deleteOrders(tx, orderIds);
  const left = due[orderIds.length];
  const walked = left === undefined ? orders : orders.filter((order) => order.order_id < left);
  const isEnd = left === undefined && (orders.length < ordersMax || !orders.some((order) => order.is_old));
  const last = walked.at(-1)?.order_id ?? after;
  return { writes: [], result: { removed, last, settled: settledId(walked, after), isEnd } };
}

function isDue({ status, is_unchanged: isUnchanged }: IOrderWindowResult): boolean {
  return isUnchanged && isRemovable(asOrderStatus(status));
}

function isRemovable(status: OrderStatus): boolean {
  return removableStatuses.some((removable) => removable === status);
}

/** The lines first, so that no moment has a line without its order. */
async function deleteOrders(tx: Queryable, orderIds: bigint[]): Promise<number> {
  const statuses = [...removableStatuses];
  const [, orders] = await Promise.all([
    orderLineDelete.run({ orderIds }, tx),
    orderDelete.run({ orderIds, statuses }, tx),
  ]);
  return orders.length;
}

/**
 * The last of the orders before the first that may become removable: one that is open, or that was created or
 * has changed too recently. Among orders of long ago no other transaction can still add one.
 */
function settledId(orders: readonly IOrderWindowResult[], after: bigint): bigint {
  const isSettled = (order: IOrderWindowResult) => isDue(order) || (order.is_old && order.status === 'payed');
  const pending = orders.findIndex((order) => !isSettled(order));
  return (pending === -1 ? orders : orders.slice(0, pending)).at(-1)?.order_id ?? after;
}
