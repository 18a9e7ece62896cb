/**
 * The service itself: each operation behind a batcher of its own, so that none waits behind another kind.
 */
import type { Logger } from 'pino';
import { Batcher } from '../db/batcher.ts';
import type { Database } from '../db/router.ts';
import { createOrders, joinLines } from './create-order.ts';
import { orRefusal } from './failures.ts';
import type { CreateOrderRequest, Loms } from './loms.ts';
import { cancelOrders, payOrders } from './move-order.ts';
import { readOrders } from './read-order.ts';
import { readStocks } from './read-stock.ts';

export interface ServiceOptions {
  readonly database: Database;
  readonly logger: Logger;
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** The most requests of one kind that wait; past it the next is refused. */
  readonly queueMax: number;
  /** The most requests in one batch. */
  readonly batchMax: number;
  /** How many batches of each kind of write, and of each kind of read, run side by side. */
  readonly writeLanes: number;
  readonly readLanes: number;
}

export interface Service extends Loms {
  /** Resolves when all that was accepted has been answered. */
  drain(): Promise<void>;
}

/** A batch holds no more order lines than this, unless it is one order: it bounds memory and lock time. */
const BATCH_LINES_MAX = 10_000;

/** Builds the service on a database. */
export function createService(options: ServiceOptions): Service {
  const { database, now, writeLanes, readLanes } = options;
  const today = () => new Date(now());
  const batchers = {
    create: batcher(
      options,
      'create',
      writeLanes,
      (batch: readonly CreateOrderRequest[]) => createOrders(database, batch, today()),
      (request) => request.items.length,
    ),
    pay: batcher(options, 'pay', writeLanes, (ids: readonly bigint[]) => payOrders(database, ids, today())),
    cancel: batcher(options, 'cancel', writeLanes, (ids: readonly bigint[]) =>
      cancelOrders(database, ids, today()),
    ),
    order: batcher(options, 'get order', readLanes, (ids: readonly bigint[]) => readOrders(database, ids)),
    stock: batcher(options, 'get stock', readLanes, (skus: readonly number[]) => readStocks(database, skus)),
  };
  return {
    async createOrder(request, { deadlineMs }) {
      const joined = joinLines(request);
      return joined.ok ? orRefusal(batchers.create.submit(joined.value, deadlineMs)) : joined;
    },
    getOrder: (orderId, { deadlineMs }) => orRefusal(batchers.order.submit(orderId, deadlineMs)),
    payOrder: (orderId, { deadlineMs }) => orRefusal(batchers.pay.submit(orderId, deadlineMs)),
    cancelOrder: (orderId, { deadlineMs }) => orRefusal(batchers.cancel.submit(orderId, deadlineMs)),
    getStock: (sku, { deadlineMs }) => orRefusal(batchers.stock.submit(sku, deadlineMs)),
    async drain() {
      await Promise.all(Object.values(batchers).map((each) => each.drain()));
    },
  };
}

function batcher<Request, Reply>(
  { batchMax, queueMax, now, logger }: ServiceOptions,
  kind: string,
  lanes: number,
  run: (requests: readonly Request[]) => Promise<readonly Reply[]>,
  weigh: (request: Request) => number = () => 1,
): Batcher<Request, Reply> {
  return new Batcher({
    run,
    lanes,
    batchMax,
    queueMax,
    now,
    weigh,
    weightMax: BATCH_LINES_MAX,
    onFailure: (error, size) => logger.error({ err: error, kind, size }, 'batch failed'),
  });
}
