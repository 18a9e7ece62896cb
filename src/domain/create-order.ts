/**
 * Creating orders: a batch of them in one transaction, two round trips.
 *
 * 1. Lock the stock of all skus in the batch, in sku order, and draw the ids.
 * 2. Decide in memory who gets stock, then write orders, lines and one sum per sku, and commit.
 */
import type { Queryable } from '../db/connection.ts';
import type { Database } from '../db/router.ts';
import { orderIdsTake, orderInsert, orderLineInsert } from '../generated/sql/orders.ts';
import { allocate } from './allocation.ts';
import { accepted, insufficientStock, invalidRequest, type Outcome, refused } from './errors.ts';
import { COUNT_MAX } from './limits.ts';
import type { CreateOrderRequest } from './loms.ts';
import { type Line, mergeLines, type OrderStatus, reservationStatus } from './order.ts';
import { changeStock, lockStock } from './stock.ts';

export type CreateOrderOutcome = Outcome<{ orderId: bigint }>;

/** An order that is about to be written. */
interface FreshOrder extends CreateOrderRequest {
  readonly orderId: bigint;
  readonly status: OrderStatus;
}

/**
 * Joins the request's lines by sku.
 *
 * @returns the request with one line per sku, or INVALID_REQUEST naming every line of a sku whose sum is more
 * than an order may hold.
 */
export function joinLines(request: CreateOrderRequest): Outcome<CreateOrderRequest> {
  const items = mergeLines(request.items);
  if (items.every((line) => line.count <= COUNT_MAX)) return accepted({ user: request.user, items });
  const tooMany = new Set(items.filter((line) => line.count > COUNT_MAX).map((line) => line.sku));
  const paths = request.items.flatMap((line, index) =>
    tooMany.has(line.sku) ? [`items[${index}].count`] : [],
  );
  return refused(invalidRequest(paths));
}

/**
 * Writes a batch of orders and reserves their stock, each order all or nothing.
 *
 * @param requests orders with one line per sku, in the order of their arrival.
 * @param now the time to write into the orders.
 * @returns for each request its id, or INSUFFICIENT_STOCK with the id of the order kept as failed.
 */
export function createOrders(
  database: Database,
  requests: readonly CreateOrderRequest[],
  now: Date,
): Promise<readonly CreateOrderOutcome[]> {
  const skus = new Set(requests.flatMap((request) => request.items.map((line) => line.sku)));
  return database.write(async (db) => {
    const [available, ids] = await Promise.all([
      lockStock(db, skus),
      orderIdsTake.run({ count: requests.length }, db),
    ]);
    const { shortages, reserved } = allocate(
      requests.map((request) => request.items),
      available,
    );
    const isShort = (index: number) => (shortages[index] ?? []).length > 0;
    const orders = requests.map((request, index): FreshOrder => {
      const id = ids[index];
      if (id === undefined) throw new Error('fewer order ids than orders');
      const status = isShort(index) ? reservationStatus.short : reservationStatus.granted;
      return { ...request, orderId: id.order_id, status };
    });
    const changes = [...reserved].map(([sku, count]) => ({ sku, total: 0, reserved: count }));
    const writes = [
      ...writeOrders(db, orders, now),
      ...(changes.length > 0 ? [changeStock(db, changes)] : []),
    ];
    const result = orders.map(({ orderId }, index) =>
      isShort(index) ? refused(insufficientStock(orderId, shortages[index] ?? [])) : accepted({ orderId }),
    );
    return { writes, result };
  });
}

function writeOrders(db: Queryable, orders: readonly FreshOrder[], now: Date): Promise<unknown>[] {
  const lines = orders.flatMap(({ orderId, items }) => items.map((line: Line) => ({ orderId, ...line })));
  return [
    orderInsert.run(
      {
        orderIds: orders.map((order) => order.orderId),
        userIds: orders.map((order) => order.user),
        statuses: orders.map((order) => order.status),
        now,
      },
      db,
    ),
    orderLineInsert.run(
      {
        orderIds: lines.map((line) => line.orderId),
        skus: lines.map((line) => BigInt(line.sku)),
        counts: lines.map((line) => line.count),
      },
      db,
    ),
  ];
}
