/** Idempotency keys in the database: claimed and recorded with their outcomes, removed after their end. */
import type { Plan, Queryable } from '../../db/types.ts';
import {
  type IIdempotencyKeyClaimResult,
  idempotencyKeyClaim,
  idempotencyKeyDelete,
  idempotencyKeyExpired,
  idempotencyKeySettle,
  idempotencyKeySettleStock,
} from '../../generated/sql/idempotency_keys.ts';
import { type Instant, instantOfMicros, microsOf } from '../instant.ts';
import type { Line } from '../orders/order.ts';
import type { Settings } from '../settings.ts';
import type { Shortage } from '../stock/allocation.ts';
import { type IdempotencyKey, keyId } from './key.ts';
import { type PackedShortages, unpackShortages } from './shortages.ts';

/** What is kept under the key of a create: the request that used it, and its outcome. */
export interface KeptOrder {
  readonly key: IdempotencyKey;
  readonly orderId: bigint;
  /** The shortages of an order that failed; not in what the version before has written. */
  readonly packed?: PackedShortages | undefined;
  /**
   * The form of the version before, which reads and writes nothing else: all short lines, and none means that
   * the order got all its lines. Beside `packed` the first one is enough. The next version can drop it.
   */
  readonly shortages: readonly Shortage[];
  /** When the reservation ended in the first reply; undefined without an end. */
  readonly expiresAt: Instant | undefined;
}

/** What is kept under the key of a change of stock. */
export interface KeptStock {
  readonly key: IdempotencyKey;
  /** Total and reserved of each of its skus, one behind the other, as the change has read them. */
  readonly stockBefore: readonly bigint[];
}

export type Kept = KeptOrder | KeptStock;

/** The lines of a kept order that were short, by the lines of its request. */
export function shortagesOf({ packed, shortages }: KeptOrder, lines: readonly Line[]): readonly Shortage[] {
  return packed === undefined ? shortages : unpackShortages(lines, packed);
}

export interface Claims<Request> {
  /** The requests to run, in their order: those without a key, and the first of each key that is new. */
  readonly fresh: readonly Request[];
  /** What is kept under the keys that are not new. */
  readonly kept: readonly Kept[];
}

/**
 * Claims a batch's keys until its transaction ends, and waits for other transactions with the same ones. New
 * ones are kept as long as the settings have it now, whatever these are later or elsewhere.
 */
export async function claimKeys<Request extends { readonly key?: IdempotencyKey }>(
  tx: Queryable,
  requests: readonly Request[],
  { idempotencyRetentionMs: retentionMs }: Settings,
): Promise<Claims<Request>> {
  const firsts = new Map<string, Request>();
  const keys: IdempotencyKey[] = [];
  for (const request of requests) {
    const { key } = request;
    if (key === undefined || firsts.has(key.id)) continue;
    firsts.set(key.id, request);
    keys.push(key);
  }
  if (keys.length === 0) return { fresh: requests, kept: [] };
  const rows = await idempotencyKeyClaim.run({ ...columnsOf(keys), retentionMs }, tx);
  const kept = rows.flatMap(keptOf);
  const used = new Set(kept.map(({ key }) => key.id));
  const isFresh = (request: Request) =>
    request.key === undefined || (firsts.get(request.key.id) === request && !used.has(request.key.id));
  return { fresh: requests.filter(isFresh), kept };
}

/** Records the outcomes of orders under their keys, which this transaction has claimed. */
export function recordOrders(
  tx: Queryable,
  orders: readonly KeptOrder[],
  { idempotencyRetentionMs: retentionMs }: Settings,
): Promise<unknown>[] {
  if (orders.length === 0) return [];
  const columns = {
    retentionMs,
    ...columnsOf(orders.map(({ key }) => key)),
    orderIds: orders.map(({ orderId }) => orderId),
    shortages: orders.map(({ shortages: [first] }) =>
      first === undefined ? '[]' : JSON.stringify([shortageBefore(first)]),
    ),
    available: orders.map(({ packed }) => (packed === undefined ? '' : `{${packed.available.join()}}`)),
    availableAt: orders.map(({ packed }) =>
      packed?.availableAt.length ? `{${packed.availableAt.join()}}` : '',
    ),
    expiresUs: orders.map(({ expiresAt }) => (expiresAt === undefined ? 0n : microsOf(expiresAt))),
  };
  return [idempotencyKeySettle.run(columns, tx)];
}

/** Records what changes of stock have read under their keys, which this transaction has claimed. */
export function recordStock(
  tx: Queryable,
  changes: readonly KeptStock[],
  { idempotencyRetentionMs: retentionMs }: Settings,
): Promise<unknown>[] {
  if (changes.length === 0) return [];
  const stockBefore = changes.map((change) => `{${change.stockBefore.join()}}`);
  const columns = { retentionMs, ...columnsOf(changes.map(({ key }) => key)), stockBefore };
  return [idempotencyKeySettleStock.run(columns, tx)];
}

export interface RemovedKeys {
  /** How many keys were past their end, up to the limit. */
  readonly found: number;
  /** How many were removed: none when another instance was faster; all that end at one moment. */
  readonly removed: number;
}

/** Removes about `limit` of the keys whose end has passed, those that ended first. */
export async function removeKeys(tx: Queryable, limit: number): Promise<Plan<RemovedKeys>> {
  const [expired] = await idempotencyKeyExpired.run({ limit: BigInt(limit) }, tx);
  if (!expired?.expired_us) return { writes: [], result: { found: 0, removed: 0 } };
  const removed = await idempotencyKeyDelete.run({ expiredUs: expired.expired_us }, tx);
  return { writes: [], result: { found: Number(expired.found), removed: removed.length } };
}

function columnsOf(keys: readonly IdempotencyKey[]) {
  return {
    callers: keys.map(({ caller }) => caller),
    keys: keys.map(({ key }) => key),
    requestHashes: keys.map(({ requestHash }) => requestHash),
  };
}

/**
 * A shortage in the form of the version before. What is available is a 64-bit integer and is stored as text,
 * because JSON parsers round large numbers.
 */
function shortageBefore({ sku, requested, available }: Shortage) {
  return { sku, requested, available: String(available) };
}

/** What is kept under a key, if it is not new. */
function keptOf(row: IIdempotencyKeyClaimResult): Kept[] {
  const { caller, key, request_hash: requestHash, order_id: orderId, stock_before: stockBefore } = row;
  const own = { id: keyId(caller, key), caller, key, requestHash };
  if (stockBefore !== null) return [{ key: own, stockBefore }];
  if (orderId === null) return [];
  const stored = row.shortages as unknown as { sku: number; requested: number; available: string }[];
  const shortages = stored.map(({ available, ...line }) => ({ ...line, available: BigInt(available) }));
  const packed =
    row.available === null ? undefined : { available: row.available, availableAt: row.available_at ?? [] };
  const expiresAt = row.order_expires_us === null ? undefined : instantOfMicros(row.order_expires_us);
  return [{ key: own, orderId, packed, shortages, expiresAt }];
}
