/**
 * Creating orders: a batch of them in one transaction, two round trips.
 *
 * 1. Claim the idempotency keys, lock the stock of all skus in the batch, in sku order, and draw the ids.
 * 2. Decide in memory who gets stock, then fill in the keys, write orders, lines and one sum per sku, and commit.
 */

import type { Database, Queryable } from '../../db/types.ts';
import { orderIdsTake, orderInsert, orderLineInsert } from '../../generated/sql/orders.ts';
import type { Claim } from '../../service/batcher.ts';
import {
  accepted,
  insufficientStock,
  invalidRequest,
  type Outcome,
  refused,
  replayed,
  type Shortage,
  standing,
} from '../errors.ts';
import type { IdempotencyKey } from '../idempotency/key.ts';
import { claimKeys, type KeptOrder, settleKeys } from '../idempotency/store.ts';
import { COUNT_MAX } from '../limits.ts';
import type { CreateOrderRequest } from '../loms.ts';
import { type Allocation, allocate } from '../stock/allocation.ts';
import { changeStock, lockStock } from '../stock/stock.ts';
import { type Line, mergeLines, reservationStatus } from './order.ts';

export type CreateOrderOutcome = Outcome<{ orderId: bigint }>;

/** A request as a batch takes it: one line per sku, and perhaps a key under which it is run only once. */
export interface OrderToCreate extends CreateOrderRequest {
  readonly key?: IdempotencyKey;
}

/** An order that is about to be written. */
interface FreshOrder {
  readonly request: OrderToCreate;
  readonly orderId: bigint;
  readonly shortages: readonly Shortage[];
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
 * @param claim gives the requests in the order of their arrival. Of those under one key the first is run, unless the key was used
 * before; the others get the outcome of the one that was.
 * @param now the time to write into the orders.
 * @returns for each request its id, or INSUFFICIENT_STOCK with the id of the order kept as failed, or
 * IDEMPOTENCY_KEY_REUSED.
 */
export function createOrders(
  database: Database,
  claim: Claim<OrderToCreate>,
  now: Date,
): Promise<readonly CreateOrderOutcome[]> {
  return database.write(async (db) => {
    const requests = claim();
    const skus = new Set(requests.flatMap((request) => request.items.map((line) => line.sku)));
    const [{ fresh, kept }, available, ids] = await Promise.all([
      claimKeys(db, requests, now),
      lockStock(db, skus),
      orderIdsTake.run({ count: requests.length }, db),
    ]);
    const { shortages, reserved } = allocate(
      fresh.map((request) => request.items),
      available,
    );
    const orders = fresh.map((request, index): FreshOrder => {
      const id = ids[index];
      if (id === undefined) throw new Error('fewer order ids than orders');
      return { request, orderId: id.order_id, shortages: shortages[index] ?? [] };
    });
    const settled = orders.flatMap(({ request: { key }, ...order }) => (key ? [{ key, ...order }] : []));
    const writes = [
      ...settleKeys(db, settled, now),
      ...writeOrders(db, orders, now),
      ...reserve(db, reserved),
    ];
    return { writes, result: answer(requests, orders, [...kept, ...settled]) };
  });
}

/** The outcome of each request: of its own order, or of the one that stands under its key. */
function answer(
  requests: readonly OrderToCreate[],
  orders: readonly FreshOrder[],
  kept: readonly KeptOrder[],
): CreateOrderOutcome[] {
  const ownOf = new Map(orders.map((order) => [order.request, order]));
  const keptOf = new Map(kept.map((order) => [order.key.id, order]));
  return requests.map((request) => {
    const own = ownOf.get(request);
    if (own !== undefined) return outcomeOf(own);
    const first = request.key && keptOf.get(request.key.id);
    if (first === undefined) throw new Error('a request was neither run nor is there an order under its key');
    const isSame = request.key?.requestHash.equals(first.key.requestHash);
    return isSame ? replayed(outcomeOf(first)) : refused(standing.idempotencyKeyReused);
  });
}

function outcomeOf({ orderId, shortages }: Pick<FreshOrder, 'orderId' | 'shortages'>): CreateOrderOutcome {
  return shortages.length > 0 ? refused(insufficientStock(orderId, shortages)) : accepted({ orderId });
}

function writeOrders(db: Queryable, orders: readonly FreshOrder[], now: Date): Promise<unknown>[] {
  if (orders.length === 0) return [];
  const lines = orders.flatMap(({ orderId, request }) =>
    request.items.map((line: Line) => ({ orderId, ...line })),
  );
  return [
    orderInsert.run(
      {
        orderIds: orders.map((order) => order.orderId),
        userIds: orders.map((order) => order.request.user),
        statuses: orders.map(
          ({ shortages }) => reservationStatus[shortages.length > 0 ? 'short' : 'granted'],
        ),
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

function reserve(db: Queryable, reserved: Allocation['reserved']): Promise<unknown>[] {
  const changes = [...reserved].map(([sku, count]) => ({ sku, total: 0, reserved: count }));
  return changes.length > 0 ? [changeStock(db, changes)] : [];
}
