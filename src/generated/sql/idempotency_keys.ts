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

const idempotencyKeyClaimIR: any = {"usedParamSet":{"now":true,"callers":true,"keys":true,"requestHashes":true},"params":[{"name":"now","required":true,"transform":{"type":"scalar"},"locs":[{"a":721,"b":725}]},{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":797,"b":805}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":816,"b":821}]},{"name":"requestHashes","required":true,"transform":{"type":"scalar"},"locs":[{"a":832,"b":846}]}],"statement":"-- Claims the given keys, and names each with what is kept under it. Where there is no order yet the key is new,\n-- and this transaction's. The arrays run side by side; a key stands in them once.\n-- Locks: these rows, in key order, so that batches which share keys queue up and never deadlock. A key that another\n-- transaction has claimed is waited for: has that one committed, its order comes back; was it rolled back, the key\n-- is new.\n-- The update changes nothing. It locks a key that is there, reads it as it was left, and makes the COMMIT wait for\n-- the replica, so that what is repeated is never something that no replica has.\nINSERT INTO idempotency_keys AS kept (created_at, caller, key, request_hash)\nSELECT :now!::timestamptz, claim.caller, claim.key, claim.request_hash\nFROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[]) AS claim (caller, key, request_hash)\nORDER BY claim.caller, claim.key\nON CONFLICT (caller, key) DO UPDATE SET created_at = kept.created_at\nRETURNING caller, key, request_hash, order_id, shortages"};

/**
 * Query generated from SQL:
 * ```
 * -- Claims the given keys, and names each with what is kept under it. Where there is no order yet the key is new,
 * -- and this transaction's. The arrays run side by side; a key stands in them once.
 * -- Locks: these rows, in key order, so that batches which share keys queue up and never deadlock. A key that another
 * -- transaction has claimed is waited for: has that one committed, its order comes back; was it rolled back, the key
 * -- is new.
 * -- The update changes nothing. It locks a key that is there, reads it as it was left, and makes the COMMIT wait for
 * -- the replica, so that what is repeated is never something that no replica has.
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

const idempotencyKeySettleIR: any = {"usedParamSet":{"now":true,"callers":true,"keys":true,"requestHashes":true,"orderIds":true,"shortages":true},"params":[{"name":"now","required":true,"transform":{"type":"scalar"},"locs":[{"a":385,"b":389}]},{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":515,"b":523}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":534,"b":539}]},{"name":"requestHashes","required":true,"transform":{"type":"scalar"},"locs":[{"a":550,"b":564}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":576,"b":585}]},{"name":"shortages","required":true,"transform":{"type":"scalar"},"locs":[{"a":598,"b":608}]}],"statement":"-- Fills in what was answered under keys that this transaction has claimed: the order, and what it was short of\n-- as a JSON list, empty where it got all. The arrays run side by side. Nothing is inserted: every key conflicts.\n-- Locks: none, the caller holds them by idempotencyKeyClaim.\nINSERT INTO idempotency_keys (created_at, caller, key, request_hash, order_id, shortages)\nSELECT :now!::timestamptz, settled.caller, settled.key, settled.request_hash, settled.order_id,\n    settled.shortages::jsonb\nFROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[], :orderIds!::bigint[], :shortages!::text[])\n    AS settled (caller, key, request_hash, order_id, shortages)\nON CONFLICT (caller, key) DO UPDATE SET order_id = excluded.order_id, shortages = excluded.shortages"};

/**
 * Query generated from SQL:
 * ```
 * -- Fills in what was answered under keys that this transaction has claimed: the order, and what it was short of
 * -- as a JSON list, empty where it got all. The arrays run side by side. Nothing is inserted: every key conflicts.
 * -- Locks: none, the caller holds them by idempotencyKeyClaim.
 * INSERT INTO idempotency_keys (created_at, caller, key, request_hash, order_id, shortages)
 * SELECT :now!::timestamptz, settled.caller, settled.key, settled.request_hash, settled.order_id,
 *     settled.shortages::jsonb
 * FROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[], :orderIds!::bigint[], :shortages!::text[])
 *     AS settled (caller, key, request_hash, order_id, shortages)
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

const idempotencyKeyExpiredIR: any = {"usedParamSet":{"before":true,"limit":true},"params":[{"name":"before","required":true,"transform":{"type":"scalar"},"locs":[{"a":356,"b":363}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":412,"b":418}]}],"statement":"-- Tells when the last of the oldest :limit keys was claimed, of those that were claimed before :before, and how\n-- many these are. Run on the primary, whose index knows at once what was removed. Locks: none.\nSELECT max(oldest.created_at) AS \"claimed_at?\", count(*) AS \"found!\"\nFROM (\n    SELECT created_at\n    FROM idempotency_keys\n    WHERE created_at < :before!::timestamptz\n    ORDER BY created_at\n    LIMIT :limit!\n) AS oldest"};

/**
 * Query generated from SQL:
 * ```
 * -- Tells when the last of the oldest :limit keys was claimed, of those that were claimed before :before, and how
 * -- many these are. Run on the primary, whose index knows at once what was removed. Locks: none.
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

const idempotencyKeyDeleteIR: any = {"usedParamSet":{"claimedAt":true},"params":[{"name":"claimedAt","required":true,"transform":{"type":"scalar"},"locs":[{"a":483,"b":493}]}],"statement":"-- Removes the keys that were claimed up to :claimedAt, and names them. A key that a repeat holds is waited for and\n-- removed after it; who claims one that is being removed waits as well, and finds it new.\n-- Locks: these rows, in no order of keys. With a batch that repeats some of them it can deadlock, which happens\n-- seldom enough that keys are not sorted for it: whoever is rolled back is run again, a bounded number of times.\nDELETE FROM idempotency_keys\nWHERE created_at <= :claimedAt!::timestamptz\nRETURNING key"};

/**
 * Query generated from SQL:
 * ```
 * -- Removes the keys that were claimed up to :claimedAt, and names them. A key that a repeat holds is waited for and
 * -- removed after it; who claims one that is being removed waits as well, and finds it new.
 * -- Locks: these rows, in no order of keys. With a batch that repeats some of them it can deadlock, which happens
 * -- seldom enough that keys are not sorted for it: whoever is rolled back is run again, a bounded number of times.
 * DELETE FROM idempotency_keys
 * WHERE created_at <= :claimedAt!::timestamptz
 * RETURNING key
 * ```
 */
export const idempotencyKeyDelete = new PreparedQuery<IIdempotencyKeyDeleteParams,IIdempotencyKeyDeleteResult>(idempotencyKeyDeleteIR);


