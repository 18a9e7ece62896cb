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
}

/** 'IdempotencyKeyClaim' query type */
export interface IIdempotencyKeyClaimQuery {
  params: IIdempotencyKeyClaimParams;
  result: IIdempotencyKeyClaimResult;
}

const idempotencyKeyClaimIR: any = {"usedParamSet":{"now":true,"callers":true,"keys":true,"requestHashes":true},"params":[{"name":"now","required":true,"transform":{"type":"scalar"},"locs":[{"a":453,"b":457}]},{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":529,"b":537}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":548,"b":553}]},{"name":"requestHashes","required":true,"transform":{"type":"scalar"},"locs":[{"a":564,"b":578}]}],"statement":"-- Claims those of the given keys that nobody has, and names them. The arrays run side by side; a key stands in\n-- them once.\n-- Locks: the new rows, claimed in key order, so that batches which share keys queue up and never deadlock. A key\n-- that another transaction has claimed is waited for: is that one committed, the key is not got from here; is it\n-- rolled back, it is.\nINSERT INTO idempotency_keys (created_at, caller, key, request_hash)\nSELECT :now!::timestamptz, claim.caller, claim.key, claim.request_hash\nFROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[]) AS claim (caller, key, request_hash)\nORDER BY claim.caller, claim.key\nON CONFLICT (caller, key) DO NOTHING\nRETURNING caller, key"};

/**
 * Query generated from SQL:
 * ```
 * -- Claims those of the given keys that nobody has, and names them. The arrays run side by side; a key stands in
 * -- them once.
 * -- Locks: the new rows, claimed in key order, so that batches which share keys queue up and never deadlock. A key
 * -- that another transaction has claimed is waited for: is that one committed, the key is not got from here; is it
 * -- rolled back, it is.
 * INSERT INTO idempotency_keys (created_at, caller, key, request_hash)
 * SELECT :now!::timestamptz, claim.caller, claim.key, claim.request_hash
 * FROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[]) AS claim (caller, key, request_hash)
 * ORDER BY claim.caller, claim.key
 * ON CONFLICT (caller, key) DO NOTHING
 * RETURNING caller, key
 * ```
 */
export const idempotencyKeyClaim = new PreparedQuery<IIdempotencyKeyClaimParams,IIdempotencyKeyClaimResult>(idempotencyKeyClaimIR);


/** 'IdempotencyKeyRead' parameters type */
export interface IIdempotencyKeyReadParams {
  callers: stringArray;
  keys: stringArray;
}

/** 'IdempotencyKeyRead' return type */
export interface IIdempotencyKeyReadResult {
  caller: string;
  key: string;
  order_id: bigint;
  request_hash: Buffer;
  shortages: Json;
}

/** 'IdempotencyKeyRead' query type */
export interface IIdempotencyKeyReadQuery {
  params: IIdempotencyKeyReadParams;
  result: IIdempotencyKeyReadResult;
}

const idempotencyKeyReadIR: any = {"usedParamSet":{"callers":true,"keys":true},"params":[{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":357,"b":365}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":376,"b":381},{"a":495,"b":500}]}],"statement":"-- Reads what is kept under those of the given keys whose orders are written. The arrays run side by side. Run\n-- behind idempotencyKeyClaim it sees what the transactions wrote that were waited for there.\n-- Locks: none.\nSELECT kept.caller, kept.key, kept.request_hash, kept.order_id AS \"order_id!\", kept.shortages\nFROM idempotency_keys AS kept\nJOIN unnest(:callers!::text[], :keys!::text[]) AS asked (caller, key)\n    ON kept.caller = asked.caller AND kept.key = asked.key\nWHERE kept.key = ANY(:keys!::text[])\n  AND kept.order_id IS NOT NULL"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads what is kept under those of the given keys whose orders are written. The arrays run side by side. Run
 * -- behind idempotencyKeyClaim it sees what the transactions wrote that were waited for there.
 * -- Locks: none.
 * SELECT kept.caller, kept.key, kept.request_hash, kept.order_id AS "order_id!", kept.shortages
 * FROM idempotency_keys AS kept
 * JOIN unnest(:callers!::text[], :keys!::text[]) AS asked (caller, key)
 *     ON kept.caller = asked.caller AND kept.key = asked.key
 * WHERE kept.key = ANY(:keys!::text[])
 *   AND kept.order_id IS NOT NULL
 * ```
 */
export const idempotencyKeyRead = new PreparedQuery<IIdempotencyKeyReadParams,IIdempotencyKeyReadResult>(idempotencyKeyReadIR);


/** 'IdempotencyKeySettle' parameters type */
export interface IIdempotencyKeySettleParams {
  callers: stringArray;
  keys: stringArray;
  orderIds: bigintArray;
  shortages: stringArray;
}

/** 'IdempotencyKeySettle' return type */
export type IIdempotencyKeySettleResult = void;

/** 'IdempotencyKeySettle' query type */
export interface IIdempotencyKeySettleQuery {
  params: IIdempotencyKeySettleParams;
  result: IIdempotencyKeySettleResult;
}

const idempotencyKeySettleIR: any = {"usedParamSet":{"callers":true,"keys":true,"orderIds":true,"shortages":true},"params":[{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":360,"b":368}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":379,"b":384},{"a":573,"b":578}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":395,"b":404}]},{"name":"shortages","required":true,"transform":{"type":"scalar"},"locs":[{"a":417,"b":427}]}],"statement":"-- Fills in what was answered under keys that this transaction has claimed: the order, and what it was short of\n-- as a JSON list, empty where it got all. The arrays run side by side.\n-- Locks: none, the caller holds them by idempotencyKeyClaim.\nUPDATE idempotency_keys AS kept\nSET order_id = settled.order_id, shortages = settled.shortages::jsonb\nFROM unnest(:callers!::text[], :keys!::text[], :orderIds!::bigint[], :shortages!::text[])\n    AS settled (caller, key, order_id, shortages)\nWHERE kept.caller = settled.caller\n  AND kept.key = settled.key\n  AND kept.key = ANY(:keys!::text[])"};

/**
 * Query generated from SQL:
 * ```
 * -- Fills in what was answered under keys that this transaction has claimed: the order, and what it was short of
 * -- as a JSON list, empty where it got all. The arrays run side by side.
 * -- Locks: none, the caller holds them by idempotencyKeyClaim.
 * UPDATE idempotency_keys AS kept
 * SET order_id = settled.order_id, shortages = settled.shortages::jsonb
 * FROM unnest(:callers!::text[], :keys!::text[], :orderIds!::bigint[], :shortages!::text[])
 *     AS settled (caller, key, order_id, shortages)
 * WHERE kept.caller = settled.caller
 *   AND kept.key = settled.key
 *   AND kept.key = ANY(:keys!::text[])
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
  caller: string;
  key: string;
}

/** 'IdempotencyKeyExpired' query type */
export interface IIdempotencyKeyExpiredQuery {
  params: IIdempotencyKeyExpiredParams;
  result: IIdempotencyKeyExpiredResult;
}

const idempotencyKeyExpiredIR: any = {"usedParamSet":{"before":true,"limit":true},"params":[{"name":"before","required":true,"transform":{"type":"scalar"},"locs":[{"a":257,"b":264}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":305,"b":311}]}],"statement":"-- Names at most so many of the keys that were claimed before :before, the oldest first. Run on the primary,\n-- where the index knows at once which of its entries are removed already. Locks: none.\nSELECT caller, key\nFROM idempotency_keys\nWHERE created_at < :before!::timestamptz\nORDER BY created_at\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- Names at most so many of the keys that were claimed before :before, the oldest first. Run on the primary,
 * -- where the index knows at once which of its entries are removed already. Locks: none.
 * SELECT caller, key
 * FROM idempotency_keys
 * WHERE created_at < :before!::timestamptz
 * ORDER BY created_at
 * LIMIT :limit!
 * ```
 */
export const idempotencyKeyExpired = new PreparedQuery<IIdempotencyKeyExpiredParams,IIdempotencyKeyExpiredResult>(idempotencyKeyExpiredIR);


/** 'IdempotencyKeyDelete' parameters type */
export interface IIdempotencyKeyDeleteParams {
  before: Date;
  callers: stringArray;
  keys: stringArray;
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

const idempotencyKeyDeleteIR: any = {"usedParamSet":{"callers":true,"keys":true,"before":true},"params":[{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":299,"b":307}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":318,"b":323},{"a":444,"b":449}]},{"name":"before","required":true,"transform":{"type":"scalar"},"locs":[{"a":484,"b":491}]}],"statement":"-- Removes those of the given keys that were claimed before :before, and names them. The arrays run side by side.\n-- Locks: these rows. The guard on the time is for a key that another instance has removed and a caller has\n-- claimed anew meanwhile.\nDELETE FROM idempotency_keys AS kept\nUSING unnest(:callers!::text[], :keys!::text[]) AS expired (caller, key)\nWHERE kept.caller = expired.caller\n  AND kept.key = expired.key\n  AND kept.key = ANY(:keys!::text[])\n  AND kept.created_at < :before!::timestamptz\nRETURNING kept.key"};

/**
 * Query generated from SQL:
 * ```
 * -- Removes those of the given keys that were claimed before :before, and names them. The arrays run side by side.
 * -- Locks: these rows. The guard on the time is for a key that another instance has removed and a caller has
 * -- claimed anew meanwhile.
 * DELETE FROM idempotency_keys AS kept
 * USING unnest(:callers!::text[], :keys!::text[]) AS expired (caller, key)
 * WHERE kept.caller = expired.caller
 *   AND kept.key = expired.key
 *   AND kept.key = ANY(:keys!::text[])
 *   AND kept.created_at < :before!::timestamptz
 * RETURNING kept.key
 * ```
 */
export const idempotencyKeyDelete = new PreparedQuery<IIdempotencyKeyDeleteParams,IIdempotencyKeyDeleteResult>(idempotencyKeyDeleteIR);


