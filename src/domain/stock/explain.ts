/**
 * Explains the stock of a sku: what open orders hold of it, in the order in which their reservations end, by
 * keyset pages.
 *
 * No index leads from a sku to the orders that hold it: each create would pay for it. A page looks through
 * the open orders, as a create that falls short does. It ends also when it has looked at its share, so it may
 * be short or empty, and its token continues there.
 */
import type { Queryable } from '../../db/types.ts';
import { stockRead } from '../../generated/sql/stocks.ts';
import type { Call } from '../call.ts';
import { type Instant, instantOfMicros } from '../instant.ts';
import { type Hold, NEVER_US, type Position, readWindow, START } from '../orders/holds.ts';
import { toSkuColumn } from '../orders/order.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { pageSizeOf, pageToken, positionsOf } from '../page.ts';
import { stockNotFound } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { invalidFields } from '../violations.ts';
import { availableOf, type Stock } from './stock.ts';

export interface ExplainStockRequest {
  readonly sku: number;
  /** As it was sent: 0 stands for the default. */
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
}

/** A request as a batch takes it. */
export interface StockToExplain {
  readonly sku: number;
  readonly pageSize: number;
  readonly after: Position;
  /** The end of the first hold on the pages before, in microseconds since the epoch; 0 if they had none. */
  readonly firstUs: bigint;
}

/** What an open order holds of a sku. Its end is undefined where there is none. */
export interface ShownHold {
  readonly orderId: bigint;
  readonly count: number;
  readonly expiresAt: Instant | undefined;
}

export interface StockExplanation extends Stock {
  readonly holds: readonly ShownHold[];
  /** The end of the first hold of all pages; undefined before it is found, and where it never ends. */
  readonly nextReleaseAt: Instant | undefined;
  /** Undefined on the last page. */
  readonly nextPageToken: string | undefined;
}

/** How many open orders a page looks at, at most, and with one statement. */
export const HOLDS_SCAN_MAX = 20_000;
const WINDOW = 5_000;

/** Of one sku an order has one line. A window of more lines than orders is never cut. */
const LIMITS = { window: WINDOW, windowLines: WINDOW + 1 };

/** Where the reservations begin that never end. */
const WITHOUT_END: Position = { endUs: NEVER_US, orderId: 0n };

const badToken = refused(invalidFields('ExplainStockRequest', ['pageToken']));

/** Reads the token of a request. Refuses with INVALID_REQUEST one that was made for another sku. */
export function prepareExplanation(
  { sku, pageSize, pageToken: token }: ExplainStockRequest,
  _call: Call,
  { pageTokenKey }: Settings,
): Outcome<StockToExplain> {
  const size = pageSizeOf(pageSize);
  if (token === '') return accepted({ sku, pageSize: size, after: START, firstUs: 0n });
  const [endUs, orderId, firstUs] = positionsOf(pageTokenKey, listOf(sku), token, 3) ?? [];
  if (endUs === undefined || orderId === undefined || firstUs === undefined) return badToken;
  return accepted({ sku, pageSize: size, after: { endUs, orderId }, firstUs });
}

/** Names the list in its tokens. */
function listOf(sku: number): string {
  return `holds ${sku}`;
}

/** @returns for each request a page, or STOCK_NOT_FOUND. */
export async function explainStock(
  db: Queryable,
  requests: readonly StockToExplain[],
  { pageTokenKey }: Settings,
): Promise<Outcome<StockExplanation>[]> {
  const explanations: Outcome<StockExplanation>[] = [];
  for (const request of requests) {
    const { sku } = request;
    const [row] = await stockRead.run({ skus: toSkuColumn([sku]) }, db);
    if (row === undefined) {
      explanations.push(refused(stockNotFound(sku)));
      continue;
    }
    const { holds, next } =
      row.reserved === 0n ? { holds: [], next: undefined } : await findHolds(db, request);
    const firstUs = request.firstUs || (holds[0]?.endUs ?? 0n);
    explanations.push(
      accepted({
        sku,
        total: row.total_count,
        reserved: row.reserved,
        count: availableOf(row),
        holds: holds.map(({ orderId, count, endUs }) => ({ orderId, count, expiresAt: instantOfEnd(endUs) })),
        nextReleaseAt: firstUs === 0n ? undefined : instantOfEnd(firstUs),
        nextPageToken: next && pageToken(pageTokenKey, listOf(sku), next.endUs, next.orderId, firstUs),
      }),
    );
  }
  return explanations;
}

/** Finds the holds of a page, and where the next one begins. */
async function findHolds(
  db: Queryable,
  { sku, pageSize, after }: StockToExplain,
): Promise<{ readonly holds: readonly Hold[]; readonly next: Position | undefined }> {
  const holds: Hold[] = [];
  let next: Position | undefined = after;
  for (let looked = 0; looked < HOLDS_SCAN_MAX && holds.length < pageSize; looked += WINDOW) {
    const window = await readWindow(db, [sku], next, LIMITS);
    holds.push(...window.holds);
    const isEnd = window.next === undefined && next.endUs === NEVER_US;
    if (isEnd && holds.length <= pageSize) return { holds, next: undefined };
    next = window.next ?? WITHOUT_END;
  }
  if (holds.length <= pageSize) return { holds, next };
  const shown = holds.slice(0, pageSize);
  return { holds: shown, next: shown.at(-1) };
}

function instantOfEnd(endUs: bigint): Instant | undefined {
  return endUs === NEVER_US ? undefined : instantOfMicros(endUs);
}
