/**
 * Idempotency keys in the database: claimed and filled in by the transaction that writes their orders, read when
 * they come again, removed when they are old.
 */
import type { Queryable } from '../db/connection.ts';
import { DatabaseUnavailable } from '../db/errors.ts';
import type { Database } from '../db/router.ts';
import {
  type IIdempotencyKeyReadResult,
  idempotencyKeyClaim,
  idempotencyKeyDelete,
  idempotencyKeyExpired,
  idempotencyKeyRead,
  idempotencyKeySettle,
} from '../generated/sql/idempotency_keys.ts';
import type { Shortage } from './errors.ts';
import { type IdempotencyKey, keyId } from './idempotency-key.ts';

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
 *
 * @throws DatabaseUnavailable when a key was removed for its age at this very moment.
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
  const names = namesOf(keys);
  const requestHashes = keys.map((key) => key.requestHash);
  const [claimedRows, keptRows] = await Promise.all([
    idempotencyKeyClaim.run({ ...names, requestHashes, now }, db),
    idempotencyKeyRead.run(names, db),
  ]);
  if (claimedRows.length + keptRows.length < keys.length) {
    throw new DatabaseUnavailable('an idempotency key was removed between claim and read');
  }
  const claimed = new Set(claimedRows.map((row) => keyId(row.caller, row.key)));
  const isFresh = (request: Request) =>
    request.key === undefined || (claimed.has(request.key.id) && firsts.get(request.key.id) === request);
  return { fresh: requests.filter(isFresh), kept: keptRows.map(keptOrder) };
}

/** Fills in what became of orders under their keys, which this transaction has claimed. */
export function settleKeys(db: Queryable, orders: readonly KeptOrder[]): Promise<unknown>[] {
  if (orders.length === 0) return [];
  const params = {
    ...namesOf(orders.map((order) => order.key)),
    orderIds: orders.map((order) => order.orderId),
    shortages: orders.map((order) => JSON.stringify(order.shortages, digits)),
  };
  return [idempotencyKeySettle.run(params, db)];
}

export interface RemovedKeys {
  /** How many expired keys there were, up to the limit. */
  readonly found: number;
  /** How many of them were removed; another instance may have removed the rest. */
  readonly removed: number;
}

/** Removes at most `limit` of the keys that were claimed before this time, the oldest first. */
export function removeKeys(database: Database, before: Date, limit: number): Promise<RemovedKeys> {
  return database.write(async (db) => {
    const expired = await idempotencyKeyExpired.run({ before, limit: BigInt(limit) }, db);
    if (expired.length === 0) return { writes: [], result: { found: 0, removed: 0 } };
    const removed = await idempotencyKeyDelete.run({ ...namesOf(expired), before }, db);
    return { writes: [], result: { found: expired.length, removed: removed.length } };
  });
}

function namesOf(keys: readonly { readonly caller: string; readonly key: string }[]) {
  return { callers: keys.map(({ caller }) => caller), keys: keys.map(({ key }) => key) };
}

/** What is available is a 64-bit integer and stands as text, because JSON's readers round large numbers. */
function digits(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function keptOrder(row: IIdempotencyKeyReadResult): KeptOrder {
  const { caller, key, request_hash: requestHash, order_id: orderId } = row;
  const stored = row.shortages as unknown as { sku: number; requested: number; available: string }[];
  const shortages = stored.map(({ sku, requested, available }) => ({
    sku,
    requested,
    available: BigInt(available),
  }));
  return { key: { id: keyId(caller, key), caller, key, requestHash }, orderId, shortages };
}
