/**
 * Creating orders: a batch of them in one transaction, two round trips.
 *
 * 1. Claim the idempotency keys, lock the stock of all skus in the batch, in sku order, and draw the order
 *    ids.
 * 2. Decide in memory who gets stock, then record the outcome under the keys, write orders, lines and one sum
 *    per sku, and commit.
 *
 * A batch that is short of what open orders hold is rolled back after the first step, and run again when
 * these holds are known and the overdue ones released (`holds.ts`).
 */
import type { Plan, Queryable, Rollback } from '../../db/types.ts';
import {
  type IOrderIdsTakeResult,
  orderIdsTake,
  orderInsert,
  orderLineInsert,
} from '../../generated/sql/orders.ts';
import type { Call } from '../call.ts';
import { type IdempotencyKey, keyOf } from '../idempotency/key.ts';
import { packShortages } from '../idempotency/shortages.ts';
import { claimKeys, type KeptOrder, recordOutcomes, shortagesOf } from '../idempotency/store.ts';
import { type Instant, instantOfMicros, microsOf } from '../instant.ts';
import { COUNT_MAX } from '../limits.ts';
import { accepted, type Outcome, refused, replayed } from '../outcome.ts';
import { fixedRefusals, insufficientStock } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { type Allocation, allocate, type Shortage } from '../stock/allocation.ts';
import { releaseTimes } from '../stock/releases.ts';
import { changeStock, type LockedStock, lockStock } from '../stock/stock.ts';
import { invalidFields } from '../violations.ts';
import { type Holds, SEARCHES_MAX, type Shortfall } from './holds.ts';
import {
  type CreateOrderRequest,
  fromSkuColumn,
  type Line,
  mergeLines,
  reservationStatus,
  toSkuColumn,
} from './order.ts';

/** The new order, and the end of its reservation, if it has one. */
export type CreateOrderOutcome = Outcome<{ orderId: bigint; expiresAt: Instant | undefined }>;

/** A request as a batch takes it: one line per sku, and its idempotency key, if it has one. */
export interface OrderToCreate extends CreateOrderRequest {
  readonly key?: IdempotencyKey;
}

/** An order that is about to be written. */
interface NewOrder {
  readonly request: OrderToCreate;
  readonly orderId: bigint;
  readonly shortages: readonly Shortage[];
  /** How long its reservation lasts; 0 for ever. */
  readonly ttlMs: number;
  readonly expiresAt: Instant | undefined;
}

/**
 * Prepares a request for its batch: merges its lines by sku, and binds its idempotency key to what it
 * requests.
 *
 * @returns INVALID_REQUEST naming every line of a sku whose sum is more than an order may hold, or a bad key.
 */
export function prepareOrder(request: CreateOrderRequest, call: Call): Outcome<OrderToCreate> {
  const items = mergeLines(request.items);
  if (items.some(isTooMany)) return refused(invalidFields('CreateOrderRequest', tooManyOf(request, items)));
  const merged = { user: request.user, items, ttlSeconds: request.ttlSeconds };
  if (call.idempotencyKey === undefined) return accepted(merged);
  const key = keyOf(call.caller, call.idempotencyKey, merged);
  return key.ok ? accepted({ ...merged, key: key.value }) : key;
}

function isTooMany({ count }: Line): boolean {
  return count > COUNT_MAX;
}

/** The paths of the lines whose sum is too large. */
function tooManyOf(request: CreateOrderRequest, merged: readonly Line[]): string[] {
  const skus = new Set(merged.filter(isTooMany).map(({ sku }) => sku));
  return request.items.flatMap(({ sku }, index) => (skus.has(sku) ? [`items[${index}].count`] : []));
}

/**
 * Writes a batch of orders and reserves their stock, each order all or nothing.
 *
 * @param requests in the order of their arrival. Of those with the same key the first runs, unless the key
 * was used before; the others get the outcome of the one that ran.
 * @param holds what was found after the runs before, which were rolled back.
 * @returns what must be searched for before the batch can run; or for each request its order's id, or INSUFFICIENT_STOCK with the id of the order kept as failed, or
 * IDEMPOTENCY_KEY_REUSED.
 */
export async function createOrders(
  tx: Queryable,
  requests: readonly OrderToCreate[],
  settings: Settings,
  holds?: Holds,
): Promise<Plan<CreateOrderOutcome[]> | Rollback<Shortfall>> {
  const skus = new Set(requests.flatMap(({ items }) => items.map(({ sku }) => sku)));
  const [{ fresh, kept }, stock, ids] = await Promise.all([
    claimKeys(tx, requests, settings),
    lockStock(tx, skus),
    orderIdsTake.run({ count: requests.length }, tx),
  ]);
  const allocation = allocate(
    fresh.map(({ items }) => items),
    stock.available,
  );
  const { shortages, reserved } = allocation;
  const left = (sku: number) => Number(stock.available.get(sku) ?? 0n) - (reserved.get(sku) ?? 0);
  const missing = missingPieces(allocation, left, stock, holds);
  if (missing !== undefined) return { rollback: { nowUs: ids[0]?.now_us ?? 0n, missing } };
  const decided = fresh.map((request, index): NewOrder => {
    const id = ids[index];
    if (id === undefined) throw new Error('fewer order ids than orders');
    return newOrder(request, id, shortages[index] ?? [], settings);
  });
  const orders = shortages.every(isGranted) ? decided : withTimes(decided, left, holds);
  const keyed = orders.flatMap(keptOrders);
  const writes = [...recordOutcomes(tx, keyed), ...writeOrders(tx, orders), ...reserve(tx, reserved)];
  return { writes, result: outcomesOf(requests, orders, [...kept, ...keyed]) };
}

/** What is left of a sku behind the batch. */
type Left = (sku: number) => number;

/**
 * The pieces that are missing and not searched for yet, by sku. Of a sku of which open orders hold too little
 * for every order that is short of it nothing is searched: no end of theirs would help.
 */
function missingPieces(
  { shortages, reserved }: Allocation,
  left: Left,
  { rows }: LockedStock,
  holds: Holds | undefined,
): Shortfall['missing'] | undefined {
  if (shortages.every(isGranted) || holds?.searches === SEARCHES_MAX) return undefined;
  const held = new Map(rows.map((row) => [fromSkuColumn(row.sku), Number(row.reserved)]));
  const missing = new Map<number, number>();
  const reachable = new Set<number>();
  for (const { sku, requested } of shortages.flat()) {
    if (holds?.releases.has(sku)) continue;
    missing.set(sku, (missing.get(sku) ?? -left(sku)) + requested);
    const before = held.get(sku) ?? 0;
    if (before > 0 && before + (reserved.get(sku) ?? 0) >= requested - left(sku)) reachable.add(sku);
  }
  const found = [...missing].filter(([sku]) => reachable.has(sku));
  return found.length > 0 ? new Map(found) : undefined;
}

/** Adds to each short line when its count comes free: of what orders held before, and of what this batch grants. */
function withTimes(orders: readonly NewOrder[], left: Left, holds: Holds | undefined): NewOrder[] {
  const short = new Set(orders.flatMap(({ shortages }) => shortages.map(({ sku }) => sku)));
  const releases = new Map([...short].map((sku) => [sku, [...(holds?.releases.get(sku) ?? [])]]));
  for (const { shortages, expiresAt, request } of orders) {
    if (!isGranted(shortages) || expiresAt === undefined) continue;
    for (const { sku, count } of request.items)
      releases.get(sku)?.push({ endUs: microsOf(expiresAt), count });
  }
  const times = new Map([...releases].map(([sku, each]) => [sku, releaseTimes(each)]));
  const withTime = (shortage: Shortage): Shortage => {
    const { sku, requested } = shortage;
    const us = times.get(sku)?.(requested - left(sku));
    return us === undefined ? shortage : { ...shortage, availableAt: instantOfMicros(us) };
  };
  return orders.map((order) => ({ ...order, shortages: order.shortages.map(withTime) }));
}

function isGranted(shortages: readonly Shortage[]): boolean {
  return shortages.length === 0;
}

/** An order that failed reserves nothing, so nothing ends. */
function newOrder(
  request: OrderToCreate,
  { order_id: orderId, now_us: nowUs }: IOrderIdsTakeResult,
  shortages: readonly Shortage[],
  { reservationTtlMs, reservationTtlMaxMs }: Settings,
): NewOrder {
  const { ttlSeconds } = request;
  const wantedMs = ttlSeconds === undefined ? reservationTtlMs : ttlSeconds * 1_000;
  const ttlMs = shortages.length > 0 ? 0 : Math.min(wantedMs, reservationTtlMaxMs);
  const expiresAt = ttlMs === 0 ? undefined : instantOfMicros(nowUs + BigInt(ttlMs) * 1_000n);
  return { request, orderId, shortages, ttlMs, expiresAt };
}

/** What is kept of an order under its key, if it has one. */
function keptOrders({ request: { key, items }, orderId, shortages, expiresAt }: NewOrder): KeptOrder[] {
  if (key === undefined) return [];
  const packed = shortages.length > 0 ? packShortages(items, shortages) : undefined;
  return [{ key, orderId, packed, shortages, expiresAt }];
}

/** The outcome of each request: that of its own order, or of the order kept under its key. */
function outcomesOf(
  requests: readonly OrderToCreate[],
  orders: readonly NewOrder[],
  kept: readonly KeptOrder[],
): CreateOrderOutcome[] {
  const ownOf = new Map(orders.map((order) => [order.request, order]));
  const keptOf = new Map(kept.map((order) => [order.key.id, order]));
  return requests.map((request) => {
    const own = ownOf.get(request);
    if (own !== undefined) return outcomeOf(own, own.shortages);
    const first = request.key && keptOf.get(request.key.id);
    if (first === undefined) throw new Error('a request neither ran nor has its key an order');
    if (!request.key?.requestHash.equals(first.key.requestHash)) {
      return refused(fixedRefusals.idempotencyKeyReused);
    }
    // Requests with the same hash have the same lines.
    return replayed(outcomeOf(first, shortagesOf(first, request.items)));
  });
}

function outcomeOf(
  { orderId, expiresAt }: Pick<NewOrder, 'orderId' | 'expiresAt'>,
  shortages: readonly Shortage[],
): CreateOrderOutcome {
  if (shortages.length > 0) return refused(insufficientStock(orderId, shortages));
  return accepted({ orderId, expiresAt });
}

function writeOrders(tx: Queryable, orders: readonly NewOrder[]): Promise<unknown>[] {
  if (orders.length === 0) return [];
  const lines = orders.flatMap(({ orderId, request }) => request.items.map((line) => ({ orderId, ...line })));
  const columns = {
    orderIds: orders.map(({ orderId }) => orderId),
    userIds: orders.map(({ request }) => request.user),
    statuses: orders.map(({ shortages }) => reservationStatus[shortages.length > 0 ? 'short' : 'granted']),
    ttlsMs: orders.map(({ ttlMs }) => BigInt(ttlMs)),
  };
  const lineColumns = {
    orderIds: lines.map(({ orderId }) => orderId),
    skus: toSkuColumn(lines.map(({ sku }) => sku)),
    counts: lines.map(({ count }) => count),
  };
  return [orderInsert.run(columns, tx), orderLineInsert.run(lineColumns, tx)];
}

function reserve(tx: Queryable, reserved: Allocation['reserved']): Promise<unknown>[] {
  const changes = [...reserved].map(([sku, count]) => ({ sku, total: 0, reserved: count }));
  return changes.length > 0 ? [changeStock(tx, changes)] : [];
}
