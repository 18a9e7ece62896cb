/**
 * The history of a sku: the movements of its stock, newest first, by keyset pages. Movements are only added,
 * and their versions have no gap, so a page begins below the last version of the page before.
 */

import type { Queryable } from '../../db/types.ts';
import { type IStockMovementListResult, stockMovementList } from '../../generated/sql/stock_movements.ts';
import { stockRead } from '../../generated/sql/stocks.ts';
import type { Call } from '../call.ts';
import { type Instant, instantOfMicros } from '../instant.ts';
import { INT64_MAX } from '../limits.ts';
import { toSkuColumn } from '../orders/order.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { onePage, pageSizeOf, pageToken, positionOf } from '../page.ts';
import { stockNotFound } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { invalidFields } from '../violations.ts';
import { asMovementKind, type MovementKind } from './movements.ts';

export interface ListStockMovementsRequest {
  readonly sku: number;
  /** As it was sent: 0 stands for the default. */
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
}

/** A request as a batch takes it. */
export interface MovementPageToRead {
  readonly sku: number;
  readonly pageSize: number;
  /** Lists movements with smaller versions. */
  readonly below: bigint;
}

/** A movement as its readers see it. */
export interface StockMovement {
  readonly version: bigint;
  readonly kind: MovementKind;
  readonly totalChange: bigint;
  readonly reservedChange: bigint;
  /** What it left. */
  readonly total: bigint;
  readonly reserved: bigint;
  /** The one order that caused it; undefined where there are none or several. */
  readonly orderId: bigint | undefined;
  /** How many orders caused it together. */
  readonly orders: number;
  readonly reason: string | undefined;
  readonly reference: string | undefined;
  readonly note: string | undefined;
  readonly actor: string | undefined;
  /** When the pieces moved; before `createdAt` where that was reported later. */
  readonly occurredAt: Instant;
  readonly createdAt: Instant;
}

export interface MovementPage {
  readonly movements: readonly StockMovement[];
  /** Undefined on the last page. */
  readonly nextPageToken: string | undefined;
}

const badToken = refused(invalidFields('ListStockMovementsRequest', ['pageToken']));

/** Reads the token of a request. Refuses with INVALID_REQUEST one that was made for another sku. */
export function prepareMovementPage(
  { sku, pageSize, pageToken: token }: ListStockMovementsRequest,
  _call: Call,
  { pageTokenKey }: Settings,
): Outcome<MovementPageToRead> {
  const below = token === '' ? INT64_MAX : positionOf(pageTokenKey, listOf(sku), token);
  return below === undefined ? badToken : accepted({ sku, pageSize: pageSizeOf(pageSize), below });
}

/** Names the list in its tokens. */
function listOf(sku: number): string {
  return `movements ${sku}`;
}

/** @returns for each request a page, or STOCK_NOT_FOUND. */
export async function listStockMovements(
  db: Queryable,
  requests: readonly MovementPageToRead[],
  { pageTokenKey }: Settings,
): Promise<Outcome<MovementPage>[]> {
  const pages: Outcome<MovementPage>[] = [];
  for (const { sku, pageSize, below } of requests) {
    const limit = BigInt(pageSize + 1);
    const rows = await stockMovementList.run({ sku: BigInt(sku), below, limit }, db);
    if (rows.length === 0 && !(await hasStock(db, sku))) {
      pages.push(refused(stockNotFound(sku)));
      continue;
    }
    const { listed, last } = onePage(rows, pageSize);
    const nextPageToken = last && pageToken(pageTokenKey, listOf(sku), last.version);
    pages.push(accepted({ movements: listed.map(movementOf), nextPageToken }));
  }
  return pages;
}

/** Stock that was added by hand has no movements before its first change. */
async function hasStock(db: Queryable, sku: number): Promise<boolean> {
  return (await stockRead.run({ skus: toSkuColumn([sku]) }, db)).length > 0;
}

function movementOf(row: IStockMovementListResult): StockMovement {
  return {
    version: row.version,
    // The table's CHECK allows no others.
    kind: asMovementKind(row.kind),
    totalChange: row.total_change,
    reservedChange: row.reserved_change,
    total: row.total_after,
    reserved: row.reserved_after,
    orderId: row.order_id ?? undefined,
    orders: row.order_count,
    reason: row.reason ?? undefined,
    reference: row.reference ?? undefined,
    note: row.note ?? undefined,
    actor: row.actor ?? undefined,
    occurredAt: instantOfMicros(row.occurred_us),
    createdAt: instantOfMicros(row.created_us),
  };
}
