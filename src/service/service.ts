/**
 * The service itself: each operation behind a batcher of its own, so that none waits behind another kind.
 */
import type { Logger } from 'pino';
import type { Database } from '../db/types.ts';
import { accepted, IDEMPOTENCY_KEY_FIELD, invalidRequest, type Outcome, refused } from '../domain/errors.ts';
import { idempotencyKey, readIdempotencyKey } from '../domain/idempotency/key.ts';
import type { Call, CreateOrderRequest, Loms } from '../domain/loms.ts';
import { createOrders, joinLines, type OrderToCreate } from '../domain/orders/create.ts';
import { readOrders } from '../domain/orders/read.ts';
import { cancelOrders, payOrders } from '../domain/orders/transition.ts';
import { readStocks } from '../domain/stock/read.ts';
import type { Deadlines } from '../timing/deadlines.ts';
import { Batcher, type BatcherOptions, type Claim } from './batcher.ts';
import { createFailureLog } from './failure-log.ts';
import { orRefusal } from './failures.ts';

export interface ServiceOptions {
  readonly database: Database;
  readonly logger: Logger;
  /** The wall clock, in milliseconds since the epoch: for times that are stored. */
  readonly now: () => number;
  readonly deadlines: Deadlines;
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

/** A batch of new orders holds no more lines than this: it bounds memory and the time that locks are held. */
const BATCH_LINES_MAX = 10_000;

/** New orders that wait hold no more lines than this: it bounds their memory. All other requests are small. */
const QUEUE_LINES_MAX = 100_000;

/**
 * What an order that is only named counts for. How many lines it has is not known before it is read; with the
 * most that orders may have, a full batch of them still takes only a part of a second.
 */
const NAMED_ORDER_LINES = 50;

type OrderIds = Claim<bigint>;
type Run<Request, Reply> = BatcherOptions<Request, Reply>['run'];
type Weigh<Request> = (request: Request) => number;

const named = () => NAMED_ORDER_LINES;

/** Builds the service on a database. */
export function createService(options: ServiceOptions): Service {
  const { database, now, deadlines } = options;
  const today = () => new Date(now());
  const failed = createFailureLog(options.logger, deadlines.now);
  const batcher = <Request, Reply>(
    kind: string,
    writes: boolean,
    run: Run<Request, Reply>,
    weigh: Weigh<Request>,
    queueWeightMax = Number.POSITIVE_INFINITY,
  ) =>
    new Batcher<Request, Reply>({
      run,
      writes,
      lanes: writes ? options.writeLanes : options.readLanes,
      weigh,
      weightMax: BATCH_LINES_MAX,
      batchMax: options.batchMax,
      queueMax: options.queueMax,
      queueWeightMax,
      deadlines,
      onFailure: (error, size) => failed(kind, error, size),
    });
  const batchers = {
    create: batcher(
      'create',
      true,
      (claim: Claim<OrderToCreate>) => createOrders(database, claim, today()),
      (request) => request.items.length,
      QUEUE_LINES_MAX,
    ),
    pay: batcher('pay', true, (claim: OrderIds) => payOrders(database, claim, today()), named),
    cancel: batcher('cancel', true, (claim: OrderIds) => cancelOrders(database, claim, today()), named),
    // A read that is begun too early does no harm: whoever is late hears the same, before and after.
    order: batcher('get order', false, (claim: OrderIds) => readOrders(database, claim()), named),
    stock: batcher(
      'get stock',
      false,
      (claim: Claim<number>) => readStocks(database, claim()),
      () => 1,
    ),
  };
  return {
    createOrder(request, call) {
      const order = orderToCreate(request, call);
      if (!order.ok) return Promise.resolve(order);
      return orRefusal(batchers.create.submit(order.value, call));
    },
    getOrder: (orderId, call) => orRefusal(batchers.order.submit(orderId, call)),
    payOrder: (orderId, call) => orRefusal(batchers.pay.submit(orderId, call)),
    cancelOrder: (orderId, call) => orRefusal(batchers.cancel.submit(orderId, call)),
    getStock: (sku, call) => orRefusal(batchers.stock.submit(sku, call)),
    async drain() {
      await Promise.all(Object.values(batchers).map((each) => each.drain()));
    },
  };
}

/** Makes of a call what its batch takes, or says why it cannot be run. */
function orderToCreate(request: CreateOrderRequest, call: Call): Outcome<OrderToCreate> {
  const joined = joinLines(request);
  if (!joined.ok || call.idempotencyKey === undefined) return joined;
  const name = readIdempotencyKey(call.idempotencyKey);
  if (name === undefined) return refused(invalidRequest([IDEMPOTENCY_KEY_FIELD]));
  return accepted({ ...joined.value, key: idempotencyKey(call.caller, name, joined.value) });
}
