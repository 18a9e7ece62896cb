/**
 * Idempotency keys in the database: claimed and filled in by the transaction that writes their orders, read when
 * they come again, removed when they are old.
 */

import type { Database, Queryable } from '../../db/types.ts';
import {
  type IIdempotencyKeyClaimResult,
  idempotencyKeyClaim,
  idempotencyKeyDelete,
  idempotencyKeyExpired,
  idempotencyKeySettle,
} from '../../generated/sql/idempotency_keys.ts';
import type { Shortage } from '../errors.ts';
import { type IdempotencyKey, keyId } from './key.ts';

/** What is kept under a key: which request came with it, and what became of it. */
export interface KeptOrder {
  readonly key: IdempotencyKey;
  readonly orderId: bigint;
  /** The lines that were short; none means that the order got all its lines. */
  readonly shortages: readonly Shortage[];
}

export interface Claims<Request> {
  /** The requests to be run, in their order: those without a key, and the first of each key that is new. */
  readonly fresh: readonly Request[];
  /** What is kept under the keys that are not new. */
  readonly kept: readonly KeptOrder[];
}

/**
 * Claims the keys of a batch until its transaction ends, and waits for other transactions that have claimed the
 * same ones. For a batch without any key the database is asked nothing.
 */
export async function claimKeys<Request extends { readonly key?: IdempotencyKey }>(
  db: Queryable,
  requests: readonly Request[],
  now: Date,
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
  const rows = await idempotencyKeyClaim.run({ ...columnsOf(keys), now }, db);
  const kept = rows.flatMap(keptOrders);
  const used = new Set(kept.map((order) => order.key.id));
  const isFresh = (request: Request) =>
    request.key === undefined || (firsts.get(request.key.id) === request && !used.has(request.key.id));
  return { fresh: requests.filter(isFresh), kept };
}

/** Fills in what became of orders under their keys, which this transaction has claimed. */
export function settleKeys(db: Queryable, orders: readonly KeptOrder[], now: Date): Promise<unknown>[] {
  if (orders.length === 0) return [];
  const params = {
    ...columnsOf(orders.map((order) => order.key)),
    orderIds: orders.map((order) => order.orderId),
    shortages: orders.map((order) => JSON.stringify(order.shortages, digits)),
    now,
  };
  return [idempotencyKeySettle.run(params, db)];
}

export interface RemovedKeys {
  /** How many keys there were to be removed, up to the limit. */
  readonly found: number;
  /** How many were removed: none where another instance was faster, and all that were claimed at one moment. */
  readonly removed: number;
}

/** Removes about `limit` of the keys that were claimed before this time, the oldest first. */
export function removeKeys(database: Database, before: Date, limit: number): Promise<RemovedKeys> {
  return database.write(async (db) => {
    const [oldest] = await idempotencyKeyExpired.run({ before, limit: BigInt(limit) }, db);
    if (!oldest?.claimed_at) return { writes: [], result: { found: 0, removed: 0 } };
    const removed = await idempotencyKeyDelete.run({ claimedAt: oldest.claimed_at }, db);
    return { writes: [], result: { found: Number(oldest.found), removed: removed.length } };
  });
}

function columnsOf(keys: readonly IdempotencyKey[]) {
  return {
    callers: keys.map((key) => key.caller),
    keys: keys.map((key) => key.key),
    requestHashes: keys.map((key) => key.requestHash),
  };
}

/** What is available is a 64-bit integer and stands as text, because JSON's readers round large numbers. */
function digits(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** The order under a key, if there is one yet. */
function keptOrders(row: IIdempotencyKeyClaimResult): KeptOrder[] {
  const { caller, key, request_hash: requestHash, order_id: orderId } = row;
  if (orderId === null) return [];
  const stored = row.shortages as unknown as { sku: number; requested: number; available: string }[];
  const shortages = stored.map(({ sku, requested, available }) => ({
    sku,
    requested,
    available: BigInt(available),
  }));
  return [{ key: { id: keyId(caller, key), caller, key, requestHash }, orderId, shortages }];
}
