/**
 * THE table of operations: what REST and gRPC both serve, and that of streams. An operation is added here;
 * the compiler then leads to its route in each transport. Its batcher, its place in the pool of connections,
 * its scope and the type `Loms` follow.
 *
 * Requests arrive already validated field by field by the transport. Every operation may also be refused for
 * its caller, its deadline, a full queue or the database; see `errors.ts`.
 */
import type { Plan, Queryable, Reader, Rollback } from '../db/types.ts';
import type { Call } from './call.ts';
import { type ListedEvents, listEvents, prepareEventPage } from './events/list.ts';
import type { EventStream, WatchEventsRequest } from './events/watch.ts';
import { cancelOrders, prepareCancellation } from './orders/cancel.ts';
import { type CreatedOrder, createOrders, type OrderToCreate, prepareOrder } from './orders/create.ts';
import { extendOrders, prepareExtension } from './orders/extend.ts';
import type { Holds, Shortfall } from './orders/holds.ts';
import { listOrders, preparePage, SCAN_MAX } from './orders/list.ts';
import { type Line, NO_ORDER } from './orders/order.ts';
import { payOrders, preparePayment } from './orders/pay.ts';
import { readOrders } from './orders/read.ts';
import type { Outcome } from './outcome.ts';
import { PAGE_SIZE_MAX } from './page.ts';
import type { Settings } from './settings.ts';
import {
  type AdjustStockRequest,
  adjustStocks,
  prepareAdjustment,
  type StockToAdjust,
} from './stock/adjust.ts';
import { listStockChanges, prepareStockChanges, type StockChanges } from './stock/changes.ts';
import { type CountStockRequest, countStocks, prepareCount, type StockToCount } from './stock/count.ts';
import { explainStock, HOLDS_SCAN_MAX, prepareExplanation } from './stock/explain.ts';
import { listStockMovements, prepareMovementPage } from './stock/history.ts';
import { listStocks, prepareStockPage } from './stock/list.ts';
import { readStockBatches, readStocks } from './stock/read.ts';

/** What a caller may be allowed to do. */
export const scopes = ['orders:read', 'orders:write', 'stock:read', 'stock:write', 'events:read'] as const;

export type Scope = (typeof scopes)[number];

/** What an acknowledged write is about. */
export type Subject = { readonly orderId: bigint } | { readonly skus: readonly number[] };

/** The rules of one operation. A batch of its requests runs at once. */
export type Operation = {
  /** What its caller needs. */
  readonly scope: Scope;
  /** The most lines in its queue. Without it only the number of requests is limited. */
  readonly queueWeightMax?: number;
  /** How many order lines a request stands for, in its queue and in its batch. */
  weigh(request: unknown): number;
  /** Makes of a request what its batch takes, or refuses it. Without it that is the request itself. */
  prepare?(request: unknown, call: Call, settings: Settings): Outcome<unknown>;
} & (
  | {
      /**
       * One transaction on the primary. A batch that is short and rolled back is run again with the holds
       * that were searched for.
       */
      readonly kind: 'write';
      run(
        tx: Queryable,
        requests: readonly unknown[],
        settings: Settings,
        holds?: Holds,
      ): Promise<Plan<Outcome<unknown>[]> | Rollback<Shortfall>>;
      /** The lines whose stock a request locks, where they are known before it runs. */
      linesOf?(request: unknown): readonly Line[];
      /** What an accepted request is about, as it came, for the audit log; undefined if it wrote nothing. */
      subjectOf(request: unknown, value: unknown): Subject | undefined;
    }
  | {
      /** Statements on any healthy node. */
      readonly kind: 'read';
      run(db: Reader, requests: readonly unknown[], settings: Settings): Promise<Outcome<unknown>[]>;
      /**
       * The position of the feed behind which a request may wait (`waitSeconds`, `pageToken`) where its page
       * is empty; undefined where it is not.
       */
      waitsBehind?(page: never): bigint | undefined;
    }
);

/** Waiting orders hold no more lines than this, which bounds their memory. All other requests are small. */
const QUEUE_LINES_MAX = 100_000;

/**
 * The weight of an order that is only named by its id: how many lines it has is not known before it is read.
 * A batch whose orders have too many is split then (`orders/read.ts`).
 */
const namedOrder = () => 10;

const orderOf = ({ orderId }: { readonly orderId: bigint }): Subject => ({ orderId });

const skusOf = (lines: readonly { readonly sku: number }[]): Subject => ({
  skus: lines.map(({ sku }) => sku),
});

export const operations = {
  /**
   * Writes an order and reserves its stock: all lines or none. Where the stock does not suffice, overdue
   * orders that hold some of it are released first.
   *
   * A call with an idempotency key that its caller has used before writes nothing: it gets the first outcome
   * again, marked as a replay, or IDEMPOTENCY_KEY_REUSED when the request is a different one.
   *
   * Refused with INSUFFICIENT_STOCK (the order is kept as failed), or with INVALID_REQUEST when lines with
   * the same sku add up to too many pieces or the key is invalid.
   */
  createOrder: {
    scope: 'orders:write',
    kind: 'write',
    prepare: prepareOrder,
    run: createOrders,
    weigh: ({ items }: OrderToCreate) => items.length,
    linesOf: ({ items }: OrderToCreate) => items,
    subjectOf: (_request: unknown, { orderId }: CreatedOrder) =>
      orderId === NO_ORDER ? undefined : { orderId },
    queueWeightMax: QUEUE_LINES_MAX,
  },

  /** Reads an order, its lines sorted by sku. Refused with ORDER_NOT_FOUND. */
  getOrder: { scope: 'orders:read', kind: 'read', run: readOrders, weigh: namedOrder },

  /** Lists orders, newest first. Refused with INVALID_REQUEST for a page token of other filters. */
  listOrders: {
    scope: 'orders:read',
    kind: 'read',
    prepare: preparePage,
    run: listOrders,
    weigh: () => SCAN_MAX,
  },

  /**
   * Takes the reserved goods out of the stock; those of a late payment, which accepts to be one, once more.
   * Refused with ORDER_NOT_FOUND, ORDER_EXPIRED or ORDER_NOT_PAYABLE.
   */
  payOrder: {
    scope: 'orders:write',
    kind: 'write',
    prepare: preparePayment,
    run: payOrders,
    weigh: namedOrder,
    subjectOf: orderOf,
  },

  /**
   * Moves the end of a reservation, never to an earlier time. Refused with ORDER_NOT_FOUND, ORDER_EXPIRED or
   * ORDER_NOT_EXTENDABLE.
   */
  extendOrder: {
    scope: 'orders:write',
    kind: 'write',
    prepare: prepareExtension,
    run: extendOrders,
    weigh: namedOrder,
    subjectOf: orderOf,
  },

  /** Makes the reserved goods available again. Refused with ORDER_NOT_FOUND or ORDER_NOT_CANCELLABLE. */
  cancelOrder: {
    scope: 'orders:write',
    kind: 'write',
    prepare: prepareCancellation,
    run: cancelOrders,
    weigh: namedOrder,
    subjectOf: orderOf,
  },

  /** Returns how many pieces of a sku can be bought now. Refused with STOCK_NOT_FOUND. */
  getStock: { scope: 'stock:read', kind: 'read', run: readStocks, weigh: () => 1 },

  /** Returns how many pieces of each of many skus can be bought now, and which of them have no stock. */
  batchGetStock: {
    scope: 'stock:read',
    kind: 'read',
    run: readStockBatches,
    weigh: ({ skus }: { readonly skus: readonly number[] }) => skus.length,
    queueWeightMax: QUEUE_LINES_MAX,
  },

  /** Lists the stock of all skus, in ascending order. Refused with INVALID_REQUEST for a bad page token. */
  listStocks: {
    scope: 'stock:read',
    kind: 'read',
    prepare: prepareStockPage,
    run: listStocks,
    weigh: () => PAGE_SIZE_MAX,
  },

  /**
   * Changes totals of stock by hand, all or none; a sku without stock gets some. It needs an idempotency key,
   * under which it runs once. Refused with STOCK_CHANGED, STOCK_BELOW_RESERVED or IDEMPOTENCY_KEY_REUSED.
   */
  adjustStock: {
    scope: 'stock:write',
    kind: 'write',
    prepare: prepareAdjustment,
    run: adjustStocks,
    weigh: ({ changes }: StockToAdjust) => changes.length,
    subjectOf: ({ changes }: AdjustStockRequest) => skusOf(changes),
    queueWeightMax: QUEUE_LINES_MAX,
  },

  /**
   * Sets totals of stock to what was counted at a time and has changed since. Refused with COUNT_STALE or
   * STOCK_BELOW_RESERVED, and with INVALID_REQUEST for a time that is not in range.
   */
  countStock: {
    scope: 'stock:write',
    kind: 'write',
    prepare: prepareCount,
    run: countStocks,
    weigh: ({ counts }: StockToCount) => counts.length,
    subjectOf: ({ counts }: CountStockRequest) => skusOf(counts),
    queueWeightMax: QUEUE_LINES_MAX,
  },

  /**
   * Returns the stock of a sku and what open orders hold of it, the next one to end first. Refused with
   * STOCK_NOT_FOUND, or with INVALID_REQUEST for a page token of another sku.
   */
  explainStock: {
    scope: 'stock:read',
    kind: 'read',
    prepare: prepareExplanation,
    run: explainStock,
    weigh: () => HOLDS_SCAN_MAX,
  },

  /**
   * Lists what changed the stock of a sku, newest first. Refused with STOCK_NOT_FOUND, or with
   * INVALID_REQUEST for a page token of another sku.
   */
  listStockMovements: {
    scope: 'stock:read',
    kind: 'read',
    prepare: prepareMovementPage,
    run: listStockMovements,
    weigh: () => PAGE_SIZE_MAX,
  },

  /**
   * Lists events, oldest first. Waits for the next one where there is none. Refused with CURSOR_EXPIRED, or
   * with INVALID_REQUEST for a page token of other filters.
   */
  listEvents: {
    scope: 'events:read',
    kind: 'read',
    prepare: prepareEventPage,
    run: listEvents,
    weigh: () => PAGE_SIZE_MAX,
    waitsBehind: ({ events, next }: ListedEvents) => (events.length === 0 ? next.position : undefined),
  },

  /**
   * Lists the stock that has changed, each sku once. Waits for the next change where there is none. Refused
   * with CURSOR_EXPIRED, or with INVALID_REQUEST for a bad page token.
   */
  listStockChanges: {
    scope: 'stock:read',
    kind: 'read',
    prepare: prepareStockChanges,
    run: listStockChanges,
    weigh: () => PAGE_SIZE_MAX,
    waitsBehind: ({ stocks, next }: StockChanges) => (stocks.length === 0 ? next.position : undefined),
  },
} as const satisfies Record<string, Operation>;

type Table = typeof operations;

/** An operation by the name that both contracts give it. */
export type OperationName = keyof Table;

/** What a batch takes of an operation's request. */
type ItemOf<Name extends OperationName> = Parameters<Table[Name]['run']>[1][number];

/** An operation's request. */
type RequestOf<Name extends OperationName> = Table[Name] extends {
  prepare(request: infer Request, ...context: never): unknown;
}
  ? Request
  : ItemOf<Name>;

type ResultOf<Name extends OperationName> = Awaited<ReturnType<Table[Name]['run']>>;

/** An operation's outcome. */
type OutcomeOf<Name extends OperationName> =
  Exclude<ResultOf<Name>, Rollback<unknown>> extends Plan<infer Outcomes extends readonly unknown[]>
    ? Outcomes[number]
    : ResultOf<Name> extends readonly (infer Each)[]
      ? Each
      : never;

/** THE table of streams: what both transports serve without an end. No batcher runs them. */
export const streams = {
  /**
   * Streams events, oldest first, and then those that are still to come. Refused with CURSOR_EXPIRED, or with
   * INVALID_REQUEST for a page token of other types.
   */
  watchEvents: { scope: 'events:read' },
} as const satisfies Record<string, { readonly scope: Scope }>;

export type StreamName = keyof typeof streams;

/** An operation as a function, whatever its types. */
export type Submit = (request: unknown, call: Call) => Promise<Outcome<unknown>>;

/** Everything that is served, by the name that both contracts give it. */
export const served = { ...operations, ...streams };

export type ServedName = keyof typeof served;

/** All operations and streams as functions: what the transports call. */
export type Loms = {
  [Name in OperationName]: (request: RequestOf<Name>, call: Call) => Promise<OutcomeOf<Name>>;
} & {
  watchEvents(request: WatchEventsRequest, call: Call): Promise<Outcome<EventStream>>;
};
