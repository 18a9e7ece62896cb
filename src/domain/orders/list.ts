/**
 * Lists of orders, newest first, by keyset pages: a page begins below the last id of the page before, so
 * orders that are written meanwhile neither move others to the next page nor back.
 *
 * The database scans ids in windows, and the filters are applied here. A page that has scanned its share
 * ends, also when it is short or empty, and its token continues where the scan ended.
 */
import type { Queryable } from '../../db/types.ts';
import { orderLineRead, orderScan, orderScanOfUser } from '../../generated/sql/orders.ts';
import type { Call } from '../call.ts';
import type { Instant } from '../instant.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { pageSizeOf, pageToken, positionOf } from '../page.ts';
import type { Settings } from '../settings.ts';
import { invalidFields } from '../violations.ts';
import { fromSkuColumn, type Line, type Order, type OrderStatus } from './order.ts';
import { headOf, type OrderRow } from './read.ts';

/** Which orders to list; what is undefined or empty selects all. */
export interface OrderFilter {
  readonly user: bigint | undefined;
  readonly statuses: readonly OrderStatus[];
  readonly createdAfter: Instant | undefined;
  readonly createdBefore: Instant | undefined;
}

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

const ABOVE_ALL = 2n ** 63n - 1n;

const badToken = refused(invalidFields('ListOrdersRequest', ['pageToken']));

/** Reads the token of a request. Refuses with INVALID_REQUEST one that was made for other filters. */
export function preparePage(
  { pageSize, pageToken: token, ...filter }: ListOrdersRequest,
  _call: Call,
  { pageTokenKey }: Settings,
): Outcome<OrderPageToRead> {
  const below = token === '' ? ABOVE_ALL : positionOf(pageTokenKey, textOf(filter), token);
  return below === undefined ? badToken : accepted({ ...filter, pageSize: pageSizeOf(pageSize), below });
}

/** Reads a page for each request. */
export async function listOrders(
  db: Queryable,
  requests: readonly OrderPageToRead[],
  { pageTokenKey }: Settings,
): Promise<Outcome<OrderPage>[]> {
  const pages: Outcome<OrderPage>[] = [];
  for (const request of requests) {
    const { rows, next } = await scan(db, request);
    const nextPageToken = next === undefined ? undefined : pageToken(pageTokenKey, textOf(request), next);
    pages.push(accepted({ orders: await withLines(db, rows), nextPageToken }));
  }
  return pages;
}

/** Finds the orders of a page. `next` is the id below which the next page begins. */
async function scan(
  db: Queryable,
  { below, pageSize, ...filter }: OrderPageToRead,
): Promise<{ readonly rows: readonly OrderRow[]; readonly next: bigint | undefined }> {
  const rows: OrderRow[] = [];
  // One more than the page holds shows whether there is a next one.
  const limit = isSelective(filter) ? WINDOW : pageSize + 1;
  let next = below;
  for (let scanned = 0; scanned < SCAN_MAX; scanned += limit) {
    const window = await scanWindow(db, filter.user, next, limit);
    for (const row of window) {
      if (matches(row, filter)) {
        if (rows.length === pageSize) return { rows, next };
        rows.push(row);
      }
      next = row.order_id;
    }
    if (window.length < limit) return { rows, next: undefined };
  }
  return { rows, next };
}

function scanWindow(db: Queryable, userId: bigint | undefined, below: bigint, limit: number) {
  const window = { below, limit: BigInt(limit) };
  return userId === undefined ? orderScan.run(window, db) : orderScanOfUser.run({ userId, ...window }, db);
}

/** Whether a filter leaves out orders that the statement returns. */
function isSelective({ statuses, createdAfter, createdBefore }: OrderFilter): boolean {
  return statuses.length > 0 || createdAfter !== undefined || createdBefore !== undefined;
}

function matches(row: OrderRow, { statuses, createdAfter, createdBefore }: OrderFilter): boolean {
  const { status, createdAt } = headOf(row);
  return (
    (statuses.length === 0 || statuses.includes(status)) &&
    (createdAfter === undefined || createdAt > createdAfter) &&
    (createdBefore === undefined || createdAt < createdBefore)
  );
}

async function withLines(db: Queryable, rows: readonly OrderRow[]): Promise<Order[]> {
  if (rows.length === 0) return [];
  const lines = new Map<bigint, Line[]>(rows.map(({ order_id: id }) => [id, []]));
  for (const { order_id: id, sku, count } of await orderLineRead.run({ orderIds: [...lines.keys()] }, db)) {
    lines.get(id)?.push({ sku: fromSkuColumn(sku), count });
  }
  const orders = rows.map((row) => ({ ...headOf(row), items: lines.get(row.order_id) ?? [] }));
  // One without lines was removed since it was scanned.
  return orders.filter(({ items }) => items.length > 0);
}

/** A filter as one text; equal filters have the same, in whatever order their statuses were sent. */
function textOf({ user, statuses, createdAfter, createdBefore }: OrderFilter): string {
  return ['orders', user, [...new Set(statuses)].sort(), createdAfter, createdBefore].join(';');
}
