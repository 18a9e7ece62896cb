/** Types generated for queries found in "sql/idempotency_keys.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type BufferArray = (Buffer)[];

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type bigintArray = (bigint)[];

export type stringArray = (string)[];

/** 'IdempotencyKeyClaim' parameters type */
export interface IIdempotencyKeyClaimParams {
  callers: stringArray;
  keys: stringArray;
  now: Date;
  requestHashes: BufferArray;
}

/** 'IdempotencyKeyClaim' return type */
export interface IIdempotencyKeyClaimResult {
  caller: string;
  key: string;
  order_id: bigint | null;
  request_hash: Buffer;
  shortages: Json;
}

/** 'IdempotencyKeyClaim' query type */
export interface IIdempotencyKeyClaimQuery {
  params: IIdempotencyKeyClaimParams;
  result: IIdempotencyKeyClaimResult;
}

const idempotencyKeyClaimIR: any = {"usedParamSet":{"now":true,"callers":true,"keys":true,"requestHashes":true},"params":[{"name":"now","required":true,"transform":{"type":"scalar"},"locs":[{"a":696,"b":700}]},{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":772,"b":780}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":791,"b":796}]},{"name":"requestHashes","required":true,"transform":{"type":"scalar"},"locs":[{"a":807,"b":821}]}],"statement":"-- Claims the given keys and returns each with its outcome. Without an order the key is new, and claimed by\n-- this transaction. The arrays are parallel and hold each key once.\n-- Locks: these rows, in key order, so that batches which share keys queue up and never deadlock. It waits for\n-- another transaction that has claimed a key: when that one commits, its order is returned; when it rolls\n-- back, the key is new.\n-- The update changes nothing. It locks an existing key, reads its latest version, and makes the COMMIT wait\n-- for the replica, so that a replay never returns an outcome that no replica has.\nINSERT INTO idempotency_keys AS kept (created_at, caller, key, request_hash)\nSELECT :now!::timestamptz, claim.caller, claim.key, claim.request_hash\nFROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[]) AS claim (caller, key, request_hash)\nORDER BY claim.caller, claim.key\nON CONFLICT (caller, key) DO UPDATE SET created_at = kept.created_at\nRETURNING caller, key, request_hash, order_id, shortages"};

/**
 * Query generated from SQL:
 * ```
 * -- Claims the given keys and returns each with its outcome. Without an order the key is new, and claimed by
 * -- this transaction. The arrays are parallel and hold each key once.
 * -- Locks: these rows, in key order, so that batches which share keys queue up and never deadlock. It waits for
 * -- another transaction that has claimed a key: when that one commits, its order is returned; when it rolls
 * -- back, the key is new.
 * -- The update changes nothing. It locks an existing key, reads its latest version, and makes the COMMIT wait
 * -- for the replica, so that a replay never returns an outcome that no replica has.
 * INSERT INTO idempotency_keys AS kept (created_at, caller, key, request_hash)
 * SELECT :now!::timestamptz, claim.caller, claim.key, claim.request_hash
 * FROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[]) AS claim (caller, key, request_hash)
 * ORDER BY claim.caller, claim.key
 * ON CONFLICT (caller, key) DO UPDATE SET created_at = kept.created_at
 * RETURNING caller, key, request_hash, order_id, shortages
 * ```
 */
export const idempotencyKeyClaim = new PreparedQuery<IIdempotencyKeyClaimParams,IIdempotencyKeyClaimResult>(idempotencyKeyClaimIR);


/** 'IdempotencyKeySettle' parameters type */
export interface IIdempotencyKeySettleParams {
  callers: stringArray;
  keys: stringArray;
  now: Date;
  orderIds: bigintArray;
  requestHashes: BufferArray;
  shortages: stringArray;
}

/** 'IdempotencyKeySettle' return type */
export type IIdempotencyKeySettleResult = void;

/** 'IdempotencyKeySettle' query type */
export interface IIdempotencyKeySettleQuery {
  params: IIdempotencyKeySettleParams;
  result: IIdempotencyKeySettleResult;
}

const idempotencyKeySettleIR: any = {"usedParamSet":{"now":true,"callers":true,"keys":true,"requestHashes":true,"orderIds":true,"shortages":true},"params":[{"name":"now","required":true,"transform":{"type":"scalar"},"locs":[{"a":377,"b":381}]},{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":512,"b":520}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":531,"b":536}]},{"name":"requestHashes","required":true,"transform":{"type":"scalar"},"locs":[{"a":547,"b":561}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":573,"b":582}]},{"name":"shortages","required":true,"transform":{"type":"scalar"},"locs":[{"a":595,"b":605}]}],"statement":"-- Fills in the outcome of keys that this transaction has claimed: the order, and its shortages as a JSON\n-- list, empty when the stock sufficed. The arrays are parallel. Nothing is inserted: every key conflicts.\n-- Locks: none, the caller holds them through idempotencyKeyClaim.\nINSERT INTO idempotency_keys (created_at, caller, key, request_hash, order_id, shortages)\nSELECT :now!::timestamptz, settled.caller, settled.key, settled.request_hash, settled.order_id,\n    settled.shortages::jsonb\nFROM unnest(\n    :callers!::text[], :keys!::text[], :requestHashes!::bytea[], :orderIds!::bigint[], :shortages!::text[]\n) AS settled (caller, key, request_hash, order_id, shortages)\nON CONFLICT (caller, key) DO UPDATE SET order_id = excluded.order_id, shortages = excluded.shortages"};

/**
 * Query generated from SQL:
 * ```
 * -- Fills in the outcome of keys that this transaction has claimed: the order, and its shortages as a JSON
 * -- list, empty when the stock sufficed. The arrays are parallel. Nothing is inserted: every key conflicts.
 * -- Locks: none, the caller holds them through idempotencyKeyClaim.
 * INSERT INTO idempotency_keys (created_at, caller, key, request_hash, order_id, shortages)
 * SELECT :now!::timestamptz, settled.caller, settled.key, settled.request_hash, settled.order_id,
 *     settled.shortages::jsonb
 * FROM unnest(
 *     :callers!::text[], :keys!::text[], :requestHashes!::bytea[], :orderIds!::bigint[], :shortages!::text[]
 * ) AS settled (caller, key, request_hash, order_id, shortages)
 * ON CONFLICT (caller, key) DO UPDATE SET order_id = excluded.order_id, shortages = excluded.shortages
 * ```
 */
export const idempotencyKeySettle = new PreparedQuery<IIdempotencyKeySettleParams,IIdempotencyKeySettleResult>(idempotencyKeySettleIR);


/** 'IdempotencyKeyExpired' parameters type */
export interface IIdempotencyKeyExpiredParams {
  before: Date;
  limit: bigint;
}

/** 'IdempotencyKeyExpired' return type */
export interface IIdempotencyKeyExpiredResult {
  claimed_at: Date | null;
  found: bigint;
}

/** 'IdempotencyKeyExpired' query type */
export interface IIdempotencyKeyExpiredQuery {
  params: IIdempotencyKeyExpiredParams;
  result: IIdempotencyKeyExpiredResult;
}

const idempotencyKeyExpiredIR: any = {"usedParamSet":{"before":true,"limit":true},"params":[{"name":"before","required":true,"transform":{"type":"scalar"},"locs":[{"a":374,"b":381}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":430,"b":436}]}],"statement":"-- Of the keys claimed before :before, takes the oldest :limit, and returns their number and the latest time\n-- at which one of them was claimed. Runs on the primary, whose index shows at once what was removed.\n-- Locks: none.\nSELECT max(oldest.created_at) AS \"claimed_at?\", count(*) AS \"found!\"\nFROM (\n    SELECT created_at\n    FROM idempotency_keys\n    WHERE created_at < :before!::timestamptz\n    ORDER BY created_at\n    LIMIT :limit!\n) AS oldest"};

/**
 * Query generated from SQL:
 * ```
 * -- Of the keys claimed before :before, takes the oldest :limit, and returns their number and the latest time
 * -- at which one of them was claimed. Runs on the primary, whose index shows at once what was removed.
 * -- Locks: none.
 * SELECT max(oldest.created_at) AS "claimed_at?", count(*) AS "found!"
 * FROM (
 *     SELECT created_at
 *     FROM idempotency_keys
 *     WHERE created_at < :before!::timestamptz
 *     ORDER BY created_at
 *     LIMIT :limit!
 * ) AS oldest
 * ```
 */
export const idempotencyKeyExpired = new PreparedQuery<IIdempotencyKeyExpiredParams,IIdempotencyKeyExpiredResult>(idempotencyKeyExpiredIR);


/** 'IdempotencyKeyDelete' parameters type */
export interface IIdempotencyKeyDeleteParams {
  claimedAt: Date;
}

/** 'IdempotencyKeyDelete' return type */
export interface IIdempotencyKeyDeleteResult {
  key: string;
}

/** 'IdempotencyKeyDelete' query type */
export interface IIdempotencyKeyDeleteQuery {
  params: IIdempotencyKeyDeleteParams;
  result: IIdempotencyKeyDeleteResult;
}

const idempotencyKeyDeleteIR: any = {"usedParamSet":{"claimedAt":true},"params":[{"name":"claimedAt","required":true,"transform":{"type":"scalar"},"locs":[{"a":466,"b":476}]}],"statement":"-- Removes the keys claimed up to :claimedAt, and returns them. It waits for a replay that holds a key and\n-- then removes the key; a claim of a key that is being removed waits too, and finds the key new.\n-- Locks: these rows, not in key order. With a batch that replays some of them it can deadlock. That is too\n-- rare to sort keys for it: the transaction that is rolled back is retried, a bounded number of times.\nDELETE FROM idempotency_keys\nWHERE created_at <= :claimedAt!::timestamptz\nRETURNING key"};

/**
 * Query generated from SQL:
 * ```
 * -- Removes the keys claimed up to :claimedAt, and returns them. It waits for a replay that holds a key and
 * -- then removes the key; a claim of a key that is being removed waits too, and finds the key new.
 * -- Locks: these rows, not in key order. With a batch that replays some of them it can deadlock. That is too
 * -- rare to sort keys for it: the transaction that is rolled back is retried, a bounded number of times.
 * DELETE FROM idempotency_keys
 * WHERE created_at <= :claimedAt!::timestamptz
 * RETURNING key
 * ```
 */
export const idempotencyKeyDelete = new PreparedQuery<IIdempotencyKeyDeleteParams,IIdempotencyKeyDeleteResult>(idempotencyKeyDeleteIR);


