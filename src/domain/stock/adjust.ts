/**
 * Adjusting stock by hand: a batch of requests in one transaction, two round trips. Its idempotency keys are
 * claimed and its stock is locked; then each request is decided in memory, in the order of arrival, on what
 * those before it have left.
 *
 * A key keeps what its request has read. A replay decides the same request on the same numbers, so it gets
 * the first outcome, refusals included.
 */
import type { Plan, Queryable } from '../../db/types.ts';
import type { Call } from '../call.ts';
import { IDEMPOTENCY_KEY_FIELD, type IdempotencyKey, keyOf } from '../idempotency/key.ts';
import { claimKeys, type Kept, recordStock } from '../idempotency/store.ts';
import { STOCK_MAX } from '../limits.ts';
import { accepted, type Outcome, refused, replayed } from '../outcome.ts';
import { fixedRefusals, stockBelowReserved, stockChanged } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { invalidPaths, invalidRequest } from '../violations.ts';
import { type Counters, NO_PIECES, StockBook } from './book.ts';
import { lockStock, type Stock } from './stock.ts';

/** Why stock is adjusted. */
export const adjustmentReasons = [
  'received',
  'returned',
  'damaged',
  'lost',
  'found',
  'correction',
  'other',
] as const;

export type AdjustmentReason = (typeof adjustmentReasons)[number];

export interface StockAdjustment {
  readonly sku: number;
  readonly change: bigint;
  /** The total that the caller knows; undefined where any will do. */
  readonly expectedTotal?: bigint | undefined;
  readonly reason: AdjustmentReason;
  /** Texts of the caller's; empty for none. */
  readonly reference: string;
  readonly note: string;
}

export interface AdjustStockRequest {
  readonly changes: readonly StockAdjustment[];
}

/** A request as a batch takes it: each sku once. */
export interface StockToAdjust extends AdjustStockRequest {
  readonly key: IdempotencyKey;
  readonly actor: string;
  readonly traceparent: string | undefined;
}

type AdjustStockOutcome = Outcome<{ readonly stocks: readonly Stock[] }>;

const keyMissing = refused(
  invalidRequest([
    {
      field: IDEMPOTENCY_KEY_FIELD,
      description: 'must be sent, so that a retry does not change the stock twice',
    },
  ]),
);

/** Prepares a request for its batch. Refuses with INVALID_REQUEST a sku that is named twice, and no key. */
export function prepareAdjustment({ changes }: AdjustStockRequest, call: Call): Outcome<StockToAdjust> {
  const repeated = repeatedSkus(changes, 'changes');
  if (repeated !== undefined) return repeated;
  if (call.idempotencyKey === undefined) return keyMissing;
  const key = keyOf(call.caller, call.idempotencyKey, contentOf(changes));
  return key.ok
    ? accepted({ changes, key: key.value, actor: call.caller, traceparent: call.traceparent })
    : key;
}

/** The refusal of lines that name a sku again. */
export function repeatedSkus(lines: readonly { sku: number }[], list: string): Outcome<never> | undefined {
  const skus = new Set<number>();
  const paths = lines.flatMap(({ sku }, index) => {
    if (!skus.has(sku)) {
      skus.add(sku);
      return [];
    }
    return [`${list}[${index}].sku`];
  });
  return paths.length === 0 ? undefined : refused(invalidPaths(paths, 'must not be named before'));
}

/** No other operation has requests with such a content. */
function contentOf(changes: readonly StockAdjustment[]): string {
  const fields = changes.map(({ sku, change, expectedTotal, reason, reference, note }) => {
    return [sku, `${change}`, `${expectedTotal}`, reason, reference, note];
  });
  return `adjust ${JSON.stringify(fields)}`;
}

/**
 * Adjusts the stock of a batch of requests, each as a whole or not at all.
 *
 * @param requests in the order of their arrival. Of those with the same key the first runs, unless the key
 * was used before; the others get the outcome of the one that ran.
 * @returns for each request the stock behind it, or STOCK_CHANGED, STOCK_BELOW_RESERVED, INVALID_REQUEST for
 * a total above the largest, or IDEMPOTENCY_KEY_REUSED.
 */
export async function adjustStocks(
  tx: Queryable,
  requests: readonly StockToAdjust[],
  settings: Settings,
): Promise<Plan<AdjustStockOutcome[]>> {
  const skus = new Set(requests.flatMap(({ changes }) => changes.map(({ sku }) => sku)));
  const [{ fresh, kept }, stock] = await Promise.all([
    claimKeys(tx, requests, settings),
    lockStock(tx, skus),
  ]);
  const book = new StockBook(stock);
  const own = new Map<StockToAdjust, AdjustStockOutcome>();
  const keyed = fresh.map((request) => {
    const before = request.changes.map(({ sku }) => book.of(sku));
    const outcome = decideAdjustment(request.changes, before);
    own.set(request, outcome);
    if (outcome.ok) enter(book, request);
    const stockBefore = before.flatMap(({ total, reserved }) => [total, reserved]);
    return { key: request.key, stockBefore };
  });
  const keptOf = new Map<string, Kept>([...kept, ...keyed].map((each) => [each.key.id, each]));
  const result = requests.map((request) => own.get(request) ?? replay(request, keptOf.get(request.key.id)));
  return { writes: [...recordStock(tx, keyed, settings), ...book.write(tx)], result };
}

function enter(book: StockBook, { changes, actor, traceparent }: StockToAdjust): void {
  for (const { expectedTotal: _, ...each } of changes) {
    const kind = each.reason === 'received' ? 'received' : 'adjusted';
    book.enter({ ...each, kind, actor, traceparent });
  }
}

function replay({ key, changes }: StockToAdjust, first: Kept | undefined): AdjustStockOutcome {
  if (first === undefined) throw new Error('a request neither ran nor is anything kept under its key');
  if (!key.requestHash.equals(first.key.requestHash) || !('stockBefore' in first)) {
    return refused(fixedRefusals.idempotencyKeyReused);
  }
  const { stockBefore } = first;
  const before = changes.map((_, index) => {
    return { total: stockBefore[2 * index] ?? 0n, reserved: stockBefore[2 * index + 1] ?? 0n };
  });
  return replayed(decideAdjustment(changes, before));
}

/**
 * Decides a request: all its changes or none. Pure.
 *
 * @param before the counters that it finds, in the order of its changes.
 * @returns the stock behind it, or the first refusal that applies, with every sku that it applies to.
 */
function decideAdjustment(
  changes: readonly StockAdjustment[],
  before: readonly Counters[],
): AdjustStockOutcome {
  const all = changes.map((each, index) => {
    const { total, reserved } = before[index] ?? NO_PIECES;
    return { ...each, total, reserved, after: total + each.change };
  });
  const changed = all.flatMap(({ sku, expectedTotal: expected, total }) =>
    expected === undefined || expected === total ? [] : [{ sku, expected, total }],
  );
  if (changed.length > 0) return refused(stockChanged(changed));
  const unfit = unfitTotals(all, (index) => `changes[${index}].change`);
  if (unfit !== undefined) return unfit;
  return accepted({
    stocks: all.map(({ sku, after: total, reserved }) => ({ sku, total, reserved, count: total - reserved })),
  });
}

/** A total that a request would lead to. */
interface Change extends Counters {
  readonly sku: number;
  readonly after: bigint;
}

/** The refusal of totals above the largest, or else below what is reserved. */
export function unfitTotals(
  all: readonly Change[],
  pathOf: (index: number) => string,
): Outcome<never> | undefined {
  const tooMany = all.flatMap(({ after }, index) => (after > STOCK_MAX ? [pathOf(index)] : []));
  if (tooMany.length > 0)
    return refused(invalidPaths(tooMany, `must not lead to a total above ${STOCK_MAX}`));
  const below = all.filter(({ after, reserved }) => after < reserved);
  return below.length === 0 ? undefined : refused(stockBelowReserved(below));
}
