/**
 * Lists of orders, newest first, by keyset pages: a page begins below the last id of the page before, so
 * orders that are written meanwhile neither move others to the next page nor back.
 *
 * The database scans ids in windows, and the filters are applied here. A page that has scanned its share, or
 * has its lines, ends also when it is short or empty, and its token continues there.
 */

import type { Queryable, Reader } from '../../db/types.ts';
import { orderLineRead, orderScan, orderScanOfUser } from '../../generated/sql/orders.ts';
import type { Call } from '../call.ts';
import { INT64_MAX } from '../limits.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { pageSizeOf, pageToken, positionOf } from '../page.ts';
import type { Settings } from '../settings.ts';
import { invalidFields } from '../violations.ts';
import {
  disorderMax,
  isAboveAll,
  isBelowAll,
  isSelective,
  matches,
  type OrderFilter,
  textOf,
} from './filter.ts';
import { fromSkuColumn, type Line, type Order } from './order.ts';
import { headOf, type OrderRow } from './read.ts';

export interface ListOrdersRequest extends OrderFilter {
  /** As it was sent: 0 stands for the default. */
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
}

/** A request as a batch takes it. */
export interface OrderPageToRead extends OrderFilter {
  readonly pageSize: number;
  /** Lists orders with smaller ids. */
  readonly below: bigint;
}

export interface OrderPage {
  readonly orders: readonly Order[];
  /** Undefined on the last page. */
  readonly nextPageToken: string | undefined;
}

/** How many orders a page scans at most, and how many with one statement when it filters them. */
export const SCAN_MAX = 10_000;
const WINDOW = 1_000;

/**
 * How many lines a page has at most. An order has a tenth of that, so a page that ends for its lines has
 * orders. Over gRPC they take 12 bytes each, where clients accept 4 MiB by default.
 */
export const PAGE_LINES_MAX = 10_000;

const badToken = refused(invalidFields('ListOrdersRequest', ['pageToken']));

/** Reads the token of a request. Refuses with INVALID_REQUEST one that was made for other filters. */
export function preparePage(
  { pageSize, pageToken: token, ...filter }: ListOrdersRequest,
  _call: Call,
  { pageTokenKey }: Settings,
): Outcome<OrderPageToRead> {
  const below = token === '' ? INT64_MAX : positionOf(pageTokenKey, textOf(filter), token);
  return below === undefined ? badToken : accepted({ ...filter, pageSize: pageSizeOf(pageSize), below });
}

/** Reads a page for each request. */
export async function listOrders(
  db: Reader,
  requests: readonly OrderPageToRead[],
  { pageTokenKey, writeTimeoutMs }: Settings,
): Promise<Outcome<OrderPage>[]> {
  const disorder = disorderMax(writeTimeoutMs);
  const pages: Outcome<OrderPage>[] = [];
  for (const request of requests) {
    const { orders, next } = await withLines(db, await scan(db, request, disorder));
    const nextPageToken = next === undefined ? undefined : pageToken(pageTokenKey, textOf(request), next);
    pages.push(accepted({ orders, nextPageToken }));
  }
  return pages;
}

/** The id below which the next page begins; undefined on the last page. */
type Next = bigint | undefined;

interface Scanned {
  readonly rows: readonly OrderRow[];
  readonly next: Next;
}

/** Finds the orders of a page. */
async function scan(
  db: Reader,
  { below, pageSize, ...filter }: OrderPageToRead,
  disorder: bigint,
): Promise<Scanned> {
  const rows: OrderRow[] = [];
  // One more than the page holds shows whether there is a next one.
  const limit = isSelective(filter) ? WINDOW : pageSize + 1;
  let next = below;
  for (let scanned = 0; scanned < SCAN_MAX; scanned += limit) {
    const window = await scanWindow(db, filter.user, next, limit);
    for (const row of window) {
      if (isBelowAll(row, filter, disorder)) return { rows, next: undefined };
      if (matches(row, filter)) {
        if (rows.length === pageSize) return { rows, next };
        rows.push(row);
      }
      next = row.order_id;
    }
    const last = window.at(-1);
    if (last === undefined || window.length < limit) return { rows, next: undefined };
    if (isAboveAll(last, filter, disorder)) next = await skipAbove(db, filter, disorder, next);
  }
  return { rows, next };
}

/**
 * Skips orders that are too young for a filter, by a binary search: within 64 statements of one row each.
 *
 * @param above the id of an order that is above all that the filter selects.
 * @returns such an id that has less than a window of ids above an order that is not, or above nothing.
 */
async function skipAbove(db: Reader, filter: OrderFilter, disorder: bigint, above: bigint): Promise<bigint> {
  let [low, high] = [0n, above];
  while (high - low >= WINDOW) {
    const middle = (low + high) / 2n;
    const [row] = await scanWindow(db, filter.user, middle, 1);
    if (row !== undefined && isAboveAll(row, filter, disorder)) high = row.order_id;
    else low = middle;
  }
  return high;
}

function scanWindow(db: Reader, userId: bigint | undefined, below: bigint, limit: number) {
  const window = { below, limit: BigInt(limit), clockAheadMs: db.clockAheadMs };
  return userId === undefined ? orderScan.run(window, db) : orderScanOfUser.run({ userId, ...window }, db);
}

/** Adds the lines. Once the page has enough of them, its other orders are left to the next page. */
async function withLines(
  db: Queryable,
  { rows, next }: Scanned,
): Promise<{ readonly orders: readonly Order[]; readonly next: Next }> {
  if (rows.length === 0) return { orders: [], next };
  const lines = new Map<bigint, Line[]>(rows.map(({ order_id: id }) => [id, []]));
  const limit = PAGE_LINES_MAX + 1;
  const read = await orderLineRead.run({ orderIds: [...lines.keys()], limit: BigInt(limit) }, db);
  // The order of the last line may have more of them.
  const cut = read.length < limit ? undefined : read.at(-1)?.order_id;
  for (const { order_id: id, sku, count } of read.reverse()) {
    lines.get(id)?.push({ sku: fromSkuColumn(sku), count });
  }
  const fitting = cut === undefined ? rows : rows.filter(({ order_id: id }) => id > cut);
  const orders = fitting.map((row) => ({ ...headOf(row), items: lines.get(row.order_id) ?? [] }));
  return {
    // One without lines was removed since it was scanned.
    orders: orders.filter(({ items }) => items.length > 0),
    next: cut === undefined ? next : cut + 1n,
  };
}
