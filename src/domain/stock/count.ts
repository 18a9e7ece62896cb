/**
 * Counting stock: sets what somebody counted at a time. What has changed the total since then is added, so a
 * count that comes late erases no sale. A batch runs in one transaction, two round trips, as adjustments do
 * (`adjust.ts`).
 *
 * It is repeat-safe without an idempotency key: the same count again leads to the same total.
 */
import type { Plan, Queryable } from '../../db/types.ts';
import { type IStockCountReadResult, stockCountRead } from '../../generated/sql/stocks.ts';
import type { Call } from '../call.ts';
import { formatInstant, type Instant, instantOfMicros, microsOf } from '../instant.ts';
import { toSkuColumn } from '../orders/order.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { countStale } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { invalidPaths } from '../violations.ts';
import { repeatedSkus, unfitTotals } from './adjust.ts';
import { type Counters, StockBook } from './book.ts';
import { lockStock } from './stock.ts';

export interface StockCount {
  readonly sku: number;
  readonly counted: bigint;
  readonly countedAt: Instant;
  /** Texts of the caller's; empty for none. */
  readonly reference: string;
  readonly note: string;
}

export interface CountStockRequest {
  readonly counts: readonly StockCount[];
}

/** A request as a batch takes it: each sku once. */
export interface StockToCount extends CountStockRequest {
  readonly actor: string;
  readonly traceparent: string | undefined;
}

/** What became of a count. */
export interface CountedStock {
  readonly sku: number;
  readonly totalBefore: bigint;
  readonly total: bigint;
  /** What has changed the total since it was counted, without other counts. */
  readonly changedSince: bigint;
}

export type CountStockOutcome = Outcome<{ readonly results: readonly CountedStock[] }>;

/** Prepares a request for its batch. Refuses with INVALID_REQUEST a sku that is named twice. */
export function prepareCount({ counts }: CountStockRequest, call: Call): Outcome<StockToCount> {
  const { caller: actor, traceparent } = call;
  return repeatedSkus(counts, 'counts') ?? accepted({ counts, actor, traceparent });
}

/**
 * Counts the stock of a batch of requests, each as a whole or not at all.
 *
 * @param requests in the order of their arrival.
 * @returns for each request what became of its counts, or INVALID_REQUEST for a time that is not in range or
 * a total above the largest, COUNT_STALE, or STOCK_BELOW_RESERVED.
 */
export async function countStocks(
  tx: Queryable,
  requests: readonly StockToCount[],
  { countMaxAgeMs }: Settings,
): Promise<Plan<CountStockOutcome[]>> {
  const all = requests.flatMap(({ counts }) => counts);
  const columns = {
    skus: toSkuColumn(all.map(({ sku }) => sku)),
    countedAts: all.map(({ countedAt }) => formatInstant(countedAt)),
  };
  const [stock, rows] = await Promise.all([
    lockStock(tx, new Set(all.map(({ sku }) => sku))),
    stockCountRead.run(columns, tx),
  ]);
  const readings = rows.values();
  const book = new StockBook(stock);
  const lastUs = new Map<number, bigint>();
  const result = requests.map(({ counts, actor, traceparent }) => {
    const found = counts.map(({ sku }) => readingOf(readings.next().value, book.of(sku), lastUs.get(sku)));
    const outcome = decideCount(counts, found, countMaxAgeMs);
    if (!outcome.ok) return outcome;
    for (const [index, { counted: _, ...count }] of counts.entries()) {
      const { totalBefore = 0n, total = 0n } = outcome.value.results[index] ?? {};
      const change = total - totalBefore;
      book.enter({ ...count, kind: 'counted', change, reason: '', actor, traceparent });
      lastUs.set(count.sku, microsOf(count.countedAt));
    }
    return outcome;
  });
  return { writes: book.write(tx), result };
}

/** What a count finds. Times are in microseconds since the epoch. */
export interface CountReading extends Counters {
  /** When the sku was counted last. */
  readonly lastUs: bigint | undefined;
  readonly nowUs: bigint;
  /** What has changed the total since the count, without other counts. */
  readonly changed: bigint;
}

/** @param lastUs of a count in the same batch, which the database does not have yet. */
function readingOf(
  row: IStockCountReadResult | undefined,
  counters: Counters,
  lastUs: bigint | undefined,
): CountReading {
  if (row === undefined) throw new Error('fewer rows than counts');
  const { counted_us: countedUs, now_us: nowUs, changed } = row;
  return { ...counters, lastUs: lastUs ?? countedUs ?? undefined, nowUs, changed };
}

/**
 * Decides a request: all its counts or none. Pure.
 *
 * @param found what was found for each of its counts.
 * @returns what becomes of the counts, or the first refusal that applies, with every sku that it applies to.
 */
function decideCount(
  counts: readonly StockCount[],
  found: readonly CountReading[],
  maxAgeMs: number,
): CountStockOutcome {
  const all = counts.map((each, index) => {
    const reading = found[index];
    if (reading === undefined) throw new Error('a count without a reading');
    return { ...each, ...reading, us: microsOf(each.countedAt), after: each.counted + reading.changed };
  });
  const badTimes = all.flatMap(({ us, nowUs }, index) => {
    return us <= nowUs && us >= nowUs - BigInt(maxAgeMs) * 1_000n ? [] : [`counts[${index}].countedAt`];
  });
  if (badTimes.length > 0) {
    const age = `at most ${maxAgeMs / 1_000} seconds ago`;
    return refused(invalidPaths(badTimes, `must not be in the future, and ${age}, by the database's clock`));
  }
  const stale = all.flatMap(({ sku, us, lastUs }) =>
    lastUs !== undefined && us < lastUs ? [{ sku, countedAt: instantOfMicros(lastUs) }] : [],
  );
  if (stale.length > 0) return refused(countStale(stale));
  const unfit = unfitTotals(all, (index) => `counts[${index}].counted`);
  if (unfit !== undefined) return unfit;
  const results = all.map(({ sku, total: totalBefore, after: total, changed: changedSince }) => {
    return { sku, totalBefore, total, changedSince };
  });
  return accepted({ results });
}
