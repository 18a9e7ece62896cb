/**
 * Creating orders: a batch of them in one transaction, two round trips.
 *
 * 1. Claim the idempotency keys, lock the stock of all skus in the batch, in sku order, and draw the order
 *    ids.
 * 2. Decide in memory who gets stock, then record the outcome under the keys, write orders, lines and one
 *    movement per sku, and commit.
 *
 * A batch that is short of what open orders hold is rolled back after the first step, and run again when
 * these holds are known and the overdue ones released (`holds.ts`).
 */
import type { Plan, Queryable, Rollback } from '../../db/types.ts';
import { orderIdsTake, orderInsert, orderLineInsert } from '../../generated/sql/orders.ts';
import type { Call } from '../call.ts';
import { EventLog } from '../events/log.ts';
import { IDEMPOTENCY_KEY_FIELD, type IdempotencyKey, keyOf } from '../idempotency/key.ts';
import { packShortages } from '../idempotency/shortages.ts';
import { claimKeys, type Kept, type KeptOrder, recordOrders, shortagesOf } from '../idempotency/store.ts';
import { type Instant, instantOfMicros, microsOf } from '../instant.ts';
import { COUNT_MAX } from '../limits.ts';
import { accepted, type Outcome, type Refusal, refused, replayed } from '../outcome.ts';
import { fixedRefusals, insufficientStock } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import { allocate, probe, type Shortage } from '../stock/allocation.ts';
import { OrderMovements } from '../stock/movements.ts';
import { changeStock, lockStock } from '../stock/stock.ts';
import { invalidFields, invalidRequest } from '../violations.ts';
import { readHeldPieces } from './held-pieces.ts';
import type { Holds, Shortfall } from './holds.ts';
import {
  type CreateOrderRequest,
  type Line,
  mergeLines,
  NO_ORDER,
  reservationStatus,
  reservedPerPiece,
  toSkuColumn,
} from './order.ts';
import { datesOf, isShort, missingPieces } from './shortfall.ts';

/** The new order, or `NO_ORDER`, and the end of its reservation, if it has one. */
export interface CreatedOrder {
  readonly orderId: bigint;
  readonly expiresAt: Instant | undefined;
}

export type CreateOrderOutcome = Outcome<CreatedOrder>;

/** A request as a batch takes it: one line per sku, and its idempotency key, if it has one. */
export interface OrderToCreate extends CreateOrderRequest {
  readonly key?: IdempotencyKey;
  /** Its caller's name; `ANONYMOUS` for none. */
  readonly actor: string;
  readonly traceparent?: string | undefined;
}

/** The requests that are refused before their stock counts. Nothing is written of them. */
type Refusals = ReadonlyMap<OrderToCreate, Refusal>;

/** The answer to a request, and the order that is about to be written, unless it is `NO_ORDER`. */
interface Decision {
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
  const { user, ttlSeconds, validateOnly = false } = request;
  const { caller: actor, traceparent } = call;
  const merged = { user, items, ttlSeconds, validateOnly, actor, traceparent };
  if (call.idempotencyKey === undefined) return accepted(merged);
  if (validateOnly) return refused(keyToValidate);
  const key = keyOf(call.caller, call.idempotencyKey, contentOf(merged));
  return key.ok ? accepted({ ...merged, key: key.value }) : key;
}

/** Of a new order; what changes it raises its version. */
const FIRST_VERSION = 1n;

/** Nothing is kept of what is only validated. */
const keyToValidate = invalidRequest([
  { field: IDEMPOTENCY_KEY_FIELD, description: 'must not be sent with validateOnly' },
]);

/** The same for all requests with the same content, in either transport and with their lines in any order. */
function contentOf({ user, items, ttlSeconds }: CreateOrderRequest): string {
  const lines = items.map(({ sku, count }) => `${sku}x${count}`);
  const ttl = ttlSeconds === undefined ? '' : `;${ttlSeconds}s`;
  return `${user}:${lines.join()}${ttl}`;
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
 * was used before; the others get the outcome of the one that ran. What is only validated is decided behind
 * the batch, each for itself.
 * @param holds what was found after the runs before, which were rolled back.
 * @returns for each request its order's id, or INSUFFICIENT_STOCK with the id of the order kept as failed,
 * HELD_PIECES_EXCEEDED, or IDEMPOTENCY_KEY_REUSED; or what must be searched for before the batch can run.
 */
export async function createOrders(
  tx: Queryable,
  requests: readonly OrderToCreate[],
  settings: Settings,
  holds?: Holds,
): Promise<Plan<CreateOrderOutcome[]> | Rollback<Shortfall>> {
  const skus = new Set(requests.flatMap(({ items }) => items.map(({ sku }) => sku)));
  const [limit, { fresh, kept }, stock, ids] = await Promise.all([
    readHeldPieces(tx, requests, settings),
    claimKeys(tx, requests, settings),
    lockStock(tx, skus),
    orderIdsTake.run({ count: requests.length }, tx),
  ]);
  const nowUs = ids[0]?.now_us ?? 0n;
  const isToWrite = ({ validateOnly }: OrderToCreate) => validateOnly !== true;
  const toWrite = fresh.every(isToWrite) ? fresh : fresh.filter(isToWrite);
  const toValidate = toWrite === fresh ? [] : fresh.filter((request) => !isToWrite(request));
  const { shortages, reserved } = allocate(toWrite, stock.available, limit);
  const unmet = probe(toValidate, stock.available, reserved, limit);
  const all = unmet.length === 0 ? shortages : [...shortages, ...unmet];
  const batch = { stock, reserved, holds };
  const missing = missingPieces(all, batch);
  if (missing !== undefined) return { rollback: { nowUs, missing } };
  const refusals: Refusals = limit?.refusals ?? new Map();
  const isAdmitted = ({ request }: Decision) => !refusals.has(request);
  const decided = toWrite
    .map((request, index): Decision => {
      const id = ids[index]?.order_id;
      if (id === undefined) throw new Error('fewer order ids than orders');
      return decide(request, id, shortages[index] ?? [], nowUs, settings);
    })
    .filter(isAdmitted);
  const validated = toValidate
    .map((request, index) => decide(request, NO_ORDER, unmet[index] ?? [], nowUs, settings))
    .filter(isAdmitted);
  const date = all.some(isShort) ? datesOf(all, decided.filter(isGranted), batch) : undefined;
  const orders = withDates(decided, date);
  const keyed = orders.flatMap(keptOrders);
  const own = [...orders, ...withDates(validated, date)];
  // Before anything is sent: behind a bug nobody would look at the failures of these statements.
  const result = outcomesOf(requests, own, [...kept, ...keyed], refusals);
  const writes = [...recordOrders(tx, keyed, settings), ...writeOrders(tx, orders), ...reserve(tx, orders)];
  return { writes, result };
}

/** An order that failed reserves nothing, so nothing ends. */
function decide(
  request: OrderToCreate,
  orderId: bigint,
  shortages: readonly Shortage[],
  nowUs: bigint,
  { reservationTtlMs, reservationTtlMaxMs }: Settings,
): Decision {
  const { ttlSeconds } = request;
  const wantedMs = ttlSeconds === undefined ? reservationTtlMs : ttlSeconds * 1_000;
  const ttlMs = isShort(shortages) ? 0 : Math.min(wantedMs, reservationTtlMaxMs);
  const expiresAt = ttlMs === 0 ? undefined : instantOfMicros(nowUs + BigInt(ttlMs) * 1_000n);
  return { request, orderId, shortages, ttlMs, expiresAt };
}

function isGranted({ shortages }: Decision): boolean {
  return !isShort(shortages);
}

/** Adds to the short lines when they come free. */
function withDates(
  decisions: readonly Decision[],
  date: ((shortage: Shortage) => Shortage) | undefined,
): readonly Decision[] {
  if (date === undefined) return decisions;
  return decisions.map((each) => ({ ...each, shortages: each.shortages.map(date) }));
}

/** What is kept of an order under its key, if it has one. */
function keptOrders({ request: { key, items }, orderId, shortages, expiresAt }: Decision): KeptOrder[] {
  if (key === undefined) return [];
  const packed = shortages.length > 0 ? packShortages(items, shortages) : undefined;
  return [{ key, orderId, packed, shortages, expiresAt }];
}

/**
 * The outcome of each request: that of its own order, or of the order kept under its key. A refused request
 * uses no key; those with the same key and content in its batch are refused with it. One with another content
 * does not run in this batch, so it is refused for its key, and not for what the first one asked for.
 */
function outcomesOf(
  requests: readonly OrderToCreate[],
  decisions: readonly Decision[],
  kept: readonly Kept[],
  refusals: Refusals,
): CreateOrderOutcome[] {
  const ownOf = new Map(decisions.map((decision) => [decision.request, decision]));
  const keptOf = new Map(kept.map((order) => [order.key.id, order]));
  const refusedOf = new Map([...refusals].map(([{ key }, refusal]) => [key?.id, { key, refusal }]));
  return requests.map((request) => {
    const own = ownOf.get(request);
    if (own !== undefined) return outcomeOf(own, own.shortages);
    const refusal = refusals.get(request);
    if (refusal !== undefined) return refused(refusal);
    const first = request.key && (refusedOf.get(request.key.id) ?? keptOf.get(request.key.id));
    if (first?.key === undefined) throw new Error('a request neither ran nor has its key an order');
    if (!request.key?.requestHash.equals(first.key.requestHash)) {
      return refused(fixedRefusals.idempotencyKeyReused);
    }
    if ('refusal' in first) return refused(first.refusal);
    if (!('orderId' in first)) return refused(fixedRefusals.idempotencyKeyReused);
    // Requests with the same hash have the same lines.
    return replayed(outcomeOf(first, shortagesOf(first, request.items)));
  });
}

function outcomeOf(
  { orderId, expiresAt }: Pick<Decision, 'orderId' | 'expiresAt'>,
  shortages: readonly Shortage[],
): CreateOrderOutcome {
  if (shortages.length > 0) return refused(insufficientStock(orderId, shortages));
  return accepted({ orderId, expiresAt });
}

function writeOrders(tx: Queryable, orders: readonly Decision[]): Promise<unknown>[] {
  if (orders.length === 0) return [];
  const lines = orders.flatMap(({ orderId, request }) => request.items.map((line) => ({ orderId, ...line })));
  const columns = {
    orderIds: orders.map(({ orderId }) => orderId),
    userIds: orders.map(({ request }) => request.user),
    statuses: orders.map(({ shortages }) => reservationStatus[shortages.length > 0 ? 'short' : 'granted']),
    ttlsMs: orders.map(({ ttlMs }) => BigInt(ttlMs)),
    actors: orders.map(({ request }) => request.actor),
  };
  const lineColumns = {
    orderIds: lines.map(({ orderId }) => orderId),
    skus: toSkuColumn(lines.map(({ sku }) => sku)),
    counts: lines.map(({ count }) => count),
  };
  return [orderInsert.run(columns, tx), orderLineInsert.run(lineColumns, tx)];
}

/** Writes the movements of the stock, and last of all the events. */
function reserve(tx: Queryable, orders: readonly Decision[]): Promise<unknown>[] {
  const movements = new OrderMovements();
  const log = new EventLog();
  for (const order of orders) {
    const { orderId, request, expiresAt } = order;
    const isReserved = isGranted(order);
    if (isReserved) movements.add(orderId, request.items, reservedPerPiece);
    const endUs = expiresAt === undefined ? undefined : microsOf(expiresAt);
    log.add(isReserved ? 'created' : 'failed', orderId, FIRST_VERSION, endUs, request.traceparent);
  }
  const { all } = movements;
  const skus = all.map(({ sku }) => sku);
  return [...(all.length > 0 ? [changeStock(tx, all)] : []), ...log.write(tx, skus)];
}
