/**
 * THE table of operations. An operation is added here first; the compiler then leads to its use case, its
 * batcher and its route in both transports. Scopes, batchers, the number of database connections and the
 * documents follow from it.
 */
import type { Loms } from './loms.ts';

/** What a caller may be allowed to do. */
export const scopes = ['orders:read', 'orders:write', 'stock:read', 'stock:write'] as const;

export type Scope = (typeof scopes)[number];

/** An operation by the name that both contracts give it. */
export type OperationName = keyof Loms;

/** The request of an operation. */
export type RequestOf<Name extends OperationName> = Parameters<Loms[Name]>[0];

export interface OperationRules<Request = never> {
  /** What its caller needs. */
  readonly scope: Scope;
  /** A `write` is a transaction on the primary; a `read` is answered by any healthy node. */
  readonly kind: 'read' | 'write';
  /** How many order lines a request stands for, in its queue and in its batch. */
  readonly weigh: (request: Request) => number;
  /** The most lines in its queue. Without it only the number of requests is limited. */
  readonly queueWeightMax?: number;
}

/** Waiting orders hold no more lines than this, which bounds their memory. All other requests are small. */
const QUEUE_LINES_MAX = 100_000;

/**
 * The weight of an order that is only named by its id: how many lines it has is not known before it is read.
 * Even if all orders of a full batch had the most lines, the batch would take a fraction of a second.
 */
const NAMED_ORDER_LINES = 50;

type Rules = { readonly [Name in OperationName]: OperationRules<RequestOf<Name>> };

const rules = {
  createOrder: {
    scope: 'orders:write',
    kind: 'write',
    weigh: ({ items }) => items.length,
    queueWeightMax: QUEUE_LINES_MAX,
  },
  getOrder: { scope: 'orders:read', kind: 'read', weigh: () => NAMED_ORDER_LINES },
  payOrder: { scope: 'orders:write', kind: 'write', weigh: () => NAMED_ORDER_LINES },
  cancelOrder: { scope: 'orders:write', kind: 'write', weigh: () => NAMED_ORDER_LINES },
  getStock: { scope: 'stock:read', kind: 'read', weigh: () => 1 },
} as const satisfies Rules;

export const operations: Rules = rules;

/** The operations of one kind. */
export type OperationsOf<Kind> = {
  [Name in OperationName]: (typeof rules)[Name]['kind'] extends Kind ? Name : never;
}[OperationName];
