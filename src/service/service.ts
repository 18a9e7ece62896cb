/**
 * The service: joins domain and database. Each operation has a batcher of its own, so that none waits behind
 * another kind; a batch of writes is one transaction on the primary, a batch of reads one statement on any
 * healthy node.
 */
import type { Logger } from 'pino';
import type { Database, Plan, Queryable } from '../db/types.ts';
import type { Call, Loms } from '../domain/loms.ts';
import { type OperationName, type OperationsOf, operations, type RequestOf } from '../domain/operations.ts';
import { createOrders, prepareOrder } from '../domain/orders/create.ts';
import { readOrders } from '../domain/orders/read.ts';
import { cancelOrders, payOrders } from '../domain/orders/transition.ts';
import type { Outcome } from '../domain/outcome.ts';
import { readStocks } from '../domain/stock/read.ts';
import type { Deadlines } from '../timing/deadlines.ts';
import { Batcher, type BatcherOptions } from './batcher.ts';
import { createFailureLog, orRefusal } from './failures.ts';

export interface BatchingOptions {
  /** The most requests of one operation in its queue; past it the next one is refused. */
  readonly queueMax: number;
  /** The most requests in one batch. */
  readonly batchMax: number;
  /** How many batches of one operation run side by side: of a write, and of a read. */
  readonly writeLanes: number;
  readonly readLanes: number;
}

export interface ServiceOptions {
  readonly database: Database;
  readonly logger: Logger;
  readonly batching: BatchingOptions;
  readonly deadlines: Deadlines;
  /** The wall clock, in milliseconds since the epoch: for the times that are stored. */
  readonly wallClock: () => number;
}

export interface Service extends Loms {
  /** Resolves when every accepted request has its reply. */
  drain(): Promise<void>;
}

/** A batch weighs no more lines than this, which bounds its memory and the time that it holds locks. */
export const BATCH_LINES_MAX = 10_000;

/** A hedged read may leave its first attempt behind on a slow node. */
const ATTEMPTS_PER_READ = 2;

/** The most connections to one node that the operations use at once. */
export function connectionsNeeded({ writeLanes, readLanes }: BatchingOptions): number {
  const kinds = Object.values(operations).map(({ kind }) => kind);
  const writes = kinds.filter((kind) => kind === 'write').length;
  return writes * writeLanes + (kinds.length - writes) * readLanes * ATTEMPTS_PER_READ;
}

type Write<Request, Value> = (
  tx: Queryable,
  requests: readonly Request[],
  now: Date,
) => Promise<Plan<Outcome<Value>[]>>;

type Read<Request, Value> = (db: Queryable, requests: readonly Request[]) => Promise<Outcome<Value>[]>;

/** Builds the service on a database. */
export function createService(options: ServiceOptions): Service {
  const { database, deadlines, batching } = options;
  const logFailure = createFailureLog(options.logger, deadlines.now);

  function batcher<Name extends OperationName, Request extends RequestOf<Name>, Value>(
    name: Name,
    lanes: number,
    run: BatcherOptions<Request, Outcome<Value>>['run'],
  ) {
    const { kind, weigh, queueWeightMax } = operations[name];
    return new Batcher<Request, Outcome<Value>>({
      run,
      writes: kind === 'write',
      lanes,
      weigh,
      weightMax: BATCH_LINES_MAX,
      batchMax: batching.batchMax,
      queueMax: batching.queueMax,
      queueWeightMax: queueWeightMax ?? Number.POSITIVE_INFINITY,
      deadlines,
      onFailure: (error, size) => logFailure(name, error, size),
    });
  }

  const write = <Name extends OperationsOf<'write'>, Request extends RequestOf<Name>, Value>(
    name: Name,
    work: Write<Request, Value>,
  ) =>
    batcher<Name, Request, Value>(name, batching.writeLanes, (claim) =>
      database.write((tx) => work(tx, claim(), new Date(options.wallClock()))),
    );

  // Reads claim early: a read that times out is refused with DEADLINE_EXCEEDED whether or not it ran.
  const read = <Name extends OperationsOf<'read'>, Request extends RequestOf<Name>, Value>(
    name: Name,
    work: Read<Request, Value>,
  ) =>
    batcher<Name, Request, Value>(name, batching.readLanes, async (claim) => {
      const requests = claim();
      return database.read((db) => work(db, requests));
    });

  const batchers = {
    createOrder: write('createOrder', createOrders),
    getOrder: read('getOrder', readOrders),
    payOrder: write('payOrder', payOrders),
    cancelOrder: write('cancelOrder', cancelOrders),
    getStock: read('getStock', readStocks),
  } satisfies Record<OperationName, unknown>;

  const submitTo =
    <Request, Value>(target: Batcher<Request, Outcome<Value>>) =>
    (request: Request, call: Call) =>
      orRefusal(target.submit(request, call));
  const submitOrder = submitTo(batchers.createOrder);
  return {
    async createOrder(request, call) {
      const order = prepareOrder(request, call);
      return order.ok ? submitOrder(order.value, call) : order;
    },
    getOrder: submitTo(batchers.getOrder),
    payOrder: submitTo(batchers.payOrder),
    cancelOrder: submitTo(batchers.cancelOrder),
    getStock: submitTo(batchers.getStock),
    async drain() {
      await Promise.all(Object.values(batchers).map((each) => each.drain()));
    },
  };
}
