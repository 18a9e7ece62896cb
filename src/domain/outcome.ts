/** Outcomes: every operation returns its value or a refusal. A refusal is a value, never thrown. */
import type { Reason } from './errors.ts';
import type { Instant } from './instant.ts';
import type { Shortage } from './stock/allocation.ts';

/** One bad field: its path as a client writes it in JSON (`items[1].count`), and what it must be. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** What a refusal carries besides its `ErrorInfo`: at most one of these. */
export type Detail =
  | { readonly type: 'BadRequest'; readonly fieldViolations: readonly FieldViolation[] }
  | { readonly type: 'RetryInfo'; readonly retryDelaySeconds: number }
  /** The order may be `NO_ORDER`. */
  | { readonly type: 'InsufficientStock'; readonly orderId: bigint; readonly shortages: readonly Shortage[] }
  | { readonly type: 'StockChanged'; readonly stocks: readonly ChangedStock[] }
  | { readonly type: 'StockBelowReserved'; readonly stocks: readonly HeldStock[] }
  | { readonly type: 'CountStale'; readonly stocks: readonly LastCount[] };

/** A sku whose total is not what the caller expected. */
export interface ChangedStock {
  readonly sku: number;
  readonly expected: bigint;
  readonly total: bigint;
}

/** A sku of which open orders hold more than a change would leave, with its counters before it. */
export interface HeldStock {
  readonly sku: number;
  readonly reserved: bigint;
  readonly total: bigint;
}

/** A sku that was counted later than the time of a count, and when. */
export interface LastCount {
  readonly sku: number;
  readonly countedAt: Instant;
}

/** A reply that is not a value. `message` and `metadata` are for the caller and hold no internals. */
export interface Refusal {
  readonly reason: Reason;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly detail?: Detail;
}

/** Why a request failed, for operators: it is logged, and never part of a reply. */
export interface Failure {
  /** The error and its causes, in one line. */
  readonly cause: string;
  /** PostgreSQL's code of the error, if it comes from there. */
  readonly sqlState: string | undefined;
  /** The number of the batch, as in the log of batches. */
  readonly batch: number;
  /** The name of the statement that failed, or that the batch waited for. */
  readonly statement: string | undefined;
}

export type Outcome<T> = (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal; readonly failure?: Failure }
) & {
  /** Set when this is the outcome of an earlier request with the same idempotency key. */
  readonly replayed?: true;
};

/** The outcome of a success. */
export function accepted<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

/** The outcome of a refusal. */
export function refused(refusal: Refusal): Outcome<never> {
  return { ok: false, refusal };
}

/** Marks an outcome as that of an earlier request. */
export function replayed<T>(outcome: Outcome<T>): Outcome<T> {
  return { ...outcome, replayed: true };
}
