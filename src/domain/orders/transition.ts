/**
 * Paying and cancelling orders: one form for both, a batch in one transaction, two round trips.
 *
 * 1. Move those orders that may move (a guarded update, which is its own lock), and read all of them.
 * 2. Lock the stock of the moved orders' skus, in sku order, write one sum per sku, and commit.
 */

import type { Database, Queryable } from '../../db/types.ts';
import { orderConfirm, orderRead, orderTransition } from '../../generated/sql/orders.ts';
import type { Claim } from '../../service/batcher.ts';
import {
  accepted,
  type Outcome,
  orderNotCancellable,
  orderNotFound,
  orderNotPayable,
  type Refusal,
  refused,
} from '../errors.ts';
import { changeStock, lockStock, type StockChange } from '../stock/stock.ts';
import { type Order, type OrderStatus, type Transition, transitions } from './order.ts';
import { ordersOf } from './read.ts';

/** Pays a batch of orders: their reserved goods leave the stock. */
export function payOrders(database: Database, claim: Claim<bigint>, now: Date) {
  return moveOrders(database, claim, now, transitions.pay, orderNotPayable);
}

/** Cancels a batch of orders: their reserved goods become free again. */
export function cancelOrders(database: Database, claim: Claim<bigint>, now: Date) {
  return moveOrders(database, claim, now, transitions.cancel, orderNotCancellable);
}

/**
 * @param claim gives ids that may name an order more than once; it is moved once and all get the same answer.
 * @returns for each id, whether its order is in the status asked for now; otherwise ORDER_NOT_FOUND, or what
 * `notAllowed` makes of the status that it is in.
 */
function moveOrders(
  database: Database,
  claim: Claim<bigint>,
  now: Date,
  transition: Transition,
  notAllowed: (orderId: bigint, status: OrderStatus) => Refusal,
): Promise<readonly Outcome<void>[]> {
  return database.write(async (db) => {
    const orderIds = claim();
    const distinct = [...new Set(orderIds)];
    const [movedRows, rows] = await Promise.all([
      orderTransition.run({ orderIds: distinct, from: transition.from, to: transition.to, now }, db),
      orderRead.run({ orderIds: distinct }, db),
    ]);
    const orders = ordersOf(rows);
    const moved = movedRows.map((row) => orders.get(row.order_id) as Order);
    const changes = changesOf(moved, transition);
    // What moves nothing writes nothing, and its COMMIT would wait for nobody. Yet "it is payed already" may
    // tell of a payment that was never confirmed, so it is confirmed now.
    const writes = moved.length > 0 ? changeStockInOrder(db, changes) : [orderConfirm.run(undefined, db)];
    return { writes, result: orderIds.map((id) => answer(id, orders.get(id), transition, notAllowed)) };
  });
}

function changeStockInOrder(db: Queryable, changes: readonly StockChange[]): Promise<unknown>[] {
  return [
    lockStock(
      db,
      changes.map((change) => change.sku),
    ),
    changeStock(db, changes),
  ];
}

function answer(
  orderId: bigint,
  order: Order | undefined,
  transition: Transition,
  notAllowed: (orderId: bigint, status: OrderStatus) => Refusal,
): Outcome<void> {
  // An order that could still move was written between the update and the read of this very transaction:
  // when the update looked, it did not exist.
  if (order === undefined || order.status === transition.from) return refused(orderNotFound(orderId));
  if (order.status === transition.to) return accepted(undefined);
  return refused(notAllowed(orderId, order.status));
}

/** What the orders' move does to the stock, one sum per sku. */
function changesOf(orders: readonly Order[], transition: Transition): StockChange[] {
  const counts = new Map<number, number>();
  for (const { sku, count } of orders.flatMap((order) => order.items)) {
    counts.set(sku, (counts.get(sku) ?? 0) + count);
  }
  return [...counts].map(([sku, count]) => ({
    sku,
    total: transition.takesGoods ? -count : 0,
    reserved: -count,
  }));
}
