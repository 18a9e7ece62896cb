/** Types generated for queries found in "sql/idempotency_keys.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type BufferArray = (Buffer)[];

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type bigintArray = (bigint)[];

export type numberArray = (number)[];

export type stringArray = (string)[];

/** 'IdempotencyKeyClaim' parameters type */
export interface IIdempotencyKeyClaimParams {
  callers: stringArray;
  keys: stringArray;
  requestHashes: BufferArray;
  retentionMs: number;
}

/** 'IdempotencyKeyClaim' return type */
export interface IIdempotencyKeyClaimResult {
  available: numberArray | null;
  available_at: bigintArray | null;
  caller: string;
  key: string;
  order_expires_us: bigint | null;
  order_id: bigint | null;
  request_hash: Buffer;
  shortages: Json;
  stock_before: bigintArray | null;
}

/** 'IdempotencyKeyClaim' query type */
export interface IIdempotencyKeyClaimQuery {
  params: IIdempotencyKeyClaimParams;
  result: IIdempotencyKeyClaimResult;
}

const idempotencyKeyClaimIR: any = {"usedParamSet":{"retentionMs":true,"callers":true,"keys":true,"requestHashes":true},"params":[{"name":"retentionMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":913,"b":925}]},{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":1004,"b":1012}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":1023,"b":1028}]},{"name":"requestHashes","required":true,"transform":{"type":"scalar"},"locs":[{"a":1039,"b":1053}]}],"statement":"-- Claims the given keys and returns each with its outcome. Without an order and without stock the key is new,\n-- and claimed by this transaction, or it was claimed for a request that was refused, which uses no key. The\n-- arrays are parallel and hold each key once. A new key is kept for :retentionMs, a known one until the end\n-- that it has.\n-- Locks: these rows, in key order, so that batches which share keys queue up and never deadlock. It waits for\n-- another transaction that has claimed a key: when that one commits, its order is returned; when it rolls\n-- back, the key is new.\n-- The update changes nothing. It locks an existing key, reads its latest version, and makes the COMMIT wait\n-- for the replica, so that a replay never returns an outcome that no replica has.\nINSERT INTO idempotency_keys AS kept (created_at, expires_at, caller, key, request_hash)\nSELECT now(), now() + make_interval(secs => :retentionMs!::float8 / 1000),\n    claim.caller, claim.key, claim.request_hash\nFROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[]) AS claim (caller, key, request_hash)\nORDER BY claim.caller, claim.key\nON CONFLICT (caller, key) DO UPDATE SET created_at = kept.created_at\nRETURNING caller, key, request_hash, order_id, shortages, available, available_at,\n    (extract(epoch FROM order_expires_at) * 1000000)::bigint AS \"order_expires_us?\", stock_before"};

/**
 * Query generated from SQL:
 * ```
 * -- Claims the given keys and returns each with its outcome. Without an order and without stock the key is new,
 * -- and claimed by this transaction, or it was claimed for a request that was refused, which uses no key. The
 * -- arrays are parallel and hold each key once. A new key is kept for :retentionMs, a known one until the end
 * -- that it has.
 * -- Locks: these rows, in key order, so that batches which share keys queue up and never deadlock. It waits for
 * -- another transaction that has claimed a key: when that one commits, its order is returned; when it rolls
 * -- back, the key is new.
 * -- The update changes nothing. It locks an existing key, reads its latest version, and makes the COMMIT wait
 * -- for the replica, so that a replay never returns an outcome that no replica has.
 * INSERT INTO idempotency_keys AS kept (created_at, expires_at, caller, key, request_hash)
 * SELECT now(), now() + make_interval(secs => :retentionMs!::float8 / 1000),
 *     claim.caller, claim.key, claim.request_hash
 * FROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[]) AS claim (caller, key, request_hash)
 * ORDER BY claim.caller, claim.key
 * ON CONFLICT (caller, key) DO UPDATE SET created_at = kept.created_at
 * RETURNING caller, key, request_hash, order_id, shortages, available, available_at,
 *     (extract(epoch FROM order_expires_at) * 1000000)::bigint AS "order_expires_us?", stock_before
 * ```
 */
export const idempotencyKeyClaim = new PreparedQuery<IIdempotencyKeyClaimParams,IIdempotencyKeyClaimResult>(idempotencyKeyClaimIR);


/** 'IdempotencyKeySettle' parameters type */
export interface IIdempotencyKeySettleParams {
  available: stringArray;
  availableAt: stringArray;
  callers: stringArray;
  expiresUs: bigintArray;
  keys: stringArray;
  orderIds: bigintArray;
  requestHashes: BufferArray;
  retentionMs: number;
  shortages: stringArray;
}

/** 'IdempotencyKeySettle' return type */
export type IIdempotencyKeySettleResult = void;

/** 'IdempotencyKeySettle' query type */
export interface IIdempotencyKeySettleQuery {
  params: IIdempotencyKeySettleParams;
  result: IIdempotencyKeySettleResult;
}

const idempotencyKeySettleIR: any = {"usedParamSet":{"retentionMs":true,"callers":true,"keys":true,"requestHashes":true,"orderIds":true,"shortages":true,"available":true,"availableAt":true,"expiresUs":true},"params":[{"name":"retentionMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":827,"b":839}]},{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":1207,"b":1215}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":1226,"b":1231}]},{"name":"requestHashes","required":true,"transform":{"type":"scalar"},"locs":[{"a":1242,"b":1256}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":1268,"b":1277}]},{"name":"shortages","required":true,"transform":{"type":"scalar"},"locs":[{"a":1290,"b":1300}]},{"name":"available","required":true,"transform":{"type":"scalar"},"locs":[{"a":1315,"b":1325}]},{"name":"availableAt","required":true,"transform":{"type":"scalar"},"locs":[{"a":1336,"b":1348}]},{"name":"expiresUs","required":true,"transform":{"type":"scalar"},"locs":[{"a":1359,"b":1369}]}],"statement":"-- Fills in the outcome of keys that this transaction has claimed, to be kept for :retentionMs. The arrays are\n-- parallel. Nothing is inserted: every key conflicts.\n-- requestHashes: of the request that now uses the key.\n-- available, availableAt: of an order that failed, what was available to it and when more would be, as array\n-- literals; an empty text stands for none.\n-- expiresUs: the end of its reservation, in microseconds since the epoch; 0 for none.\n-- shortages: a JSON list for the version before, which takes an order without any for a success.\n-- Locks: none, the caller holds them through idempotencyKeyClaim.\nINSERT INTO idempotency_keys (\n    created_at, expires_at, caller, key, request_hash, order_id, shortages, available, available_at,\n    order_expires_at\n)\nSELECT now(), now() + make_interval(secs => :retentionMs!::float8 / 1000),\n    settled.caller, settled.key, settled.request_hash, settled.order_id,\n    settled.shortages::jsonb, nullif(settled.available, '')::integer[],\n    nullif(settled.available_at, '')::bigint[],\n    CASE\n        WHEN settled.expires_us > 0\n            THEN 'epoch'::timestamptz + settled.expires_us * interval '1 microsecond'\n    END\nFROM unnest(\n    :callers!::text[], :keys!::text[], :requestHashes!::bytea[], :orderIds!::bigint[], :shortages!::text[],\n    :available!::text[], :availableAt!::text[], :expiresUs!::bigint[]\n) AS settled (caller, key, request_hash, order_id, shortages, available, available_at, expires_us)\nON CONFLICT (caller, key) DO UPDATE\nSET request_hash = excluded.request_hash, expires_at = excluded.expires_at,\n    order_id = excluded.order_id, shortages = excluded.shortages, available = excluded.available,\n    available_at = excluded.available_at, order_expires_at = excluded.order_expires_at"};

/**
 * Query generated from SQL:
 * ```
 * -- Fills in the outcome of keys that this transaction has claimed, to be kept for :retentionMs. The arrays are
 * -- parallel. Nothing is inserted: every key conflicts.
 * -- requestHashes: of the request that now uses the key.
 * -- available, availableAt: of an order that failed, what was available to it and when more would be, as array
 * -- literals; an empty text stands for none.
 * -- expiresUs: the end of its reservation, in microseconds since the epoch; 0 for none.
 * -- shortages: a JSON list for the version before, which takes an order without any for a success.
 * -- Locks: none, the caller holds them through idempotencyKeyClaim.
 * INSERT INTO idempotency_keys (
 *     created_at, expires_at, caller, key, request_hash, order_id, shortages, available, available_at,
 *     order_expires_at
 * )
 * SELECT now(), now() + make_interval(secs => :retentionMs!::float8 / 1000),
 *     settled.caller, settled.key, settled.request_hash, settled.order_id,
 *     settled.shortages::jsonb, nullif(settled.available, '')::integer[],
 *     nullif(settled.available_at, '')::bigint[],
 *     CASE
 *         WHEN settled.expires_us > 0
 *             THEN 'epoch'::timestamptz + settled.expires_us * interval '1 microsecond'
 *     END
 * FROM unnest(
 *     :callers!::text[], :keys!::text[], :requestHashes!::bytea[], :orderIds!::bigint[], :shortages!::text[],
 *     :available!::text[], :availableAt!::text[], :expiresUs!::bigint[]
 * ) AS settled (caller, key, request_hash, order_id, shortages, available, available_at, expires_us)
 * ON CONFLICT (caller, key) DO UPDATE
 * SET request_hash = excluded.request_hash, expires_at = excluded.expires_at,
 *     order_id = excluded.order_id, shortages = excluded.shortages, available = excluded.available,
 *     available_at = excluded.available_at, order_expires_at = excluded.order_expires_at
 * ```
 */
export const idempotencyKeySettle = new PreparedQuery<IIdempotencyKeySettleParams,IIdempotencyKeySettleResult>(idempotencyKeySettleIR);


/** 'IdempotencyKeySettleStock' parameters type */
export interface IIdempotencyKeySettleStockParams {
  callers: stringArray;
  keys: stringArray;
  requestHashes: BufferArray;
  retentionMs: number;
  stockBefore: stringArray;
}

/** 'IdempotencyKeySettleStock' return type */
export type IIdempotencyKeySettleStockResult = void;

/** 'IdempotencyKeySettleStock' query type */
export interface IIdempotencyKeySettleStockQuery {
  params: IIdempotencyKeySettleStockParams;
  result: IIdempotencyKeySettleStockResult;
}

const idempotencyKeySettleStockIR: any = {"usedParamSet":{"retentionMs":true,"callers":true,"keys":true,"requestHashes":true,"stockBefore":true},"params":[{"name":"retentionMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":302,"b":314}]},{"name":"callers","required":true,"transform":{"type":"scalar"},"locs":[{"a":431,"b":439}]},{"name":"keys","required":true,"transform":{"type":"scalar"},"locs":[{"a":450,"b":455}]},{"name":"requestHashes","required":true,"transform":{"type":"scalar"},"locs":[{"a":466,"b":480}]},{"name":"stockBefore","required":true,"transform":{"type":"scalar"},"locs":[{"a":492,"b":504}]}],"statement":"-- The same for changes of stock: what each has read, as an array literal. Nothing is inserted.\n-- Locks: none, the caller holds them through idempotencyKeyClaim.\nINSERT INTO idempotency_keys (created_at, expires_at, caller, key, request_hash, stock_before)\nSELECT now(), now() + make_interval(secs => :retentionMs!::float8 / 1000),\n    settled.caller, settled.key, settled.request_hash, settled.stock_before::bigint[]\nFROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[], :stockBefore!::text[])\n    AS settled (caller, key, request_hash, stock_before)\nON CONFLICT (caller, key) DO UPDATE\nSET request_hash = excluded.request_hash, expires_at = excluded.expires_at,\n    stock_before = excluded.stock_before"};

/**
 * Query generated from SQL:
 * ```
 * -- The same for changes of stock: what each has read, as an array literal. Nothing is inserted.
 * -- Locks: none, the caller holds them through idempotencyKeyClaim.
 * INSERT INTO idempotency_keys (created_at, expires_at, caller, key, request_hash, stock_before)
 * SELECT now(), now() + make_interval(secs => :retentionMs!::float8 / 1000),
 *     settled.caller, settled.key, settled.request_hash, settled.stock_before::bigint[]
 * FROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[], :stockBefore!::text[])
 *     AS settled (caller, key, request_hash, stock_before)
 * ON CONFLICT (caller, key) DO UPDATE
 * SET request_hash = excluded.request_hash, expires_at = excluded.expires_at,
 *     stock_before = excluded.stock_before
 * ```
 */
export const idempotencyKeySettleStock = new PreparedQuery<IIdempotencyKeySettleStockParams,IIdempotencyKeySettleStockResult>(idempotencyKeySettleStockIR);


/** 'IdempotencyKeyExpired' parameters type */
export interface IIdempotencyKeyExpiredParams {
  limit: bigint;
}

/** 'IdempotencyKeyExpired' return type */
export interface IIdempotencyKeyExpiredResult {
  expired_us: bigint | null;
  found: bigint;
}

/** 'IdempotencyKeyExpired' query type */
export interface IIdempotencyKeyExpiredQuery {
  params: IIdempotencyKeyExpiredParams;
  result: IIdempotencyKeyExpiredResult;
}

const idempotencyKeyExpiredIR: any = {"usedParamSet":{"limit":true},"params":[{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":474,"b":480}]}],"statement":"-- Of the keys whose end has passed, takes the :limit that ended first, and returns their number and the\n-- latest end among them, in microseconds since the epoch. Runs on the primary, whose index shows at once what\n-- was removed.\n-- Locks: none.\nSELECT (extract(epoch FROM max(ended.expires_at)) * 1000000)::bigint AS \"expired_us?\", count(*) AS \"found!\"\nFROM (\n    SELECT expires_at\n    FROM idempotency_keys\n    WHERE expires_at < now()\n    ORDER BY expires_at\n    LIMIT :limit!\n) AS ended"};

/**
 * Query generated from SQL:
 * ```
 * -- Of the keys whose end has passed, takes the :limit that ended first, and returns their number and the
 * -- latest end among them, in microseconds since the epoch. Runs on the primary, whose index shows at once what
 * -- was removed.
 * -- Locks: none.
 * SELECT (extract(epoch FROM max(ended.expires_at)) * 1000000)::bigint AS "expired_us?", count(*) AS "found!"
 * FROM (
 *     SELECT expires_at
 *     FROM idempotency_keys
 *     WHERE expires_at < now()
 *     ORDER BY expires_at
 *     LIMIT :limit!
 * ) AS ended
 * ```
 */
export const idempotencyKeyExpired = new PreparedQuery<IIdempotencyKeyExpiredParams,IIdempotencyKeyExpiredResult>(idempotencyKeyExpiredIR);


/** 'IdempotencyKeyDelete' parameters type */
export interface IIdempotencyKeyDeleteParams {
  expiredUs: bigint;
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

const idempotencyKeyDeleteIR: any = {"usedParamSet":{"expiredUs":true},"params":[{"name":"expiredUs","required":true,"transform":{"type":"scalar"},"locs":[{"a":534,"b":544}]}],"statement":"-- Removes the keys whose end is not after :expiredUs, in microseconds since the epoch, and returns them. It\n-- waits for a replay that holds a key and then removes the key; a claim of a key that is being removed waits\n-- too, and finds the key new.\n-- Locks: these rows, not in key order. With a batch that replays some of them it can deadlock. That is too\n-- rare to sort keys for it: the transaction that is rolled back is retried, a bounded number of times.\nDELETE FROM idempotency_keys\nWHERE expires_at <= 'epoch'::timestamptz + :expiredUs!::bigint * interval '1 microsecond'\nRETURNING key"};

/**
 * Query generated from SQL:
 * ```
 * -- Removes the keys whose end is not after :expiredUs, in microseconds since the epoch, and returns them. It
 * -- waits for a replay that holds a key and then removes the key; a claim of a key that is being removed waits
 * -- too, and finds the key new.
 * -- Locks: these rows, not in key order. With a batch that replays some of them it can deadlock. That is too
 * -- rare to sort keys for it: the transaction that is rolled back is retried, a bounded number of times.
 * DELETE FROM idempotency_keys
 * WHERE expires_at <= 'epoch'::timestamptz + :expiredUs!::bigint * interval '1 microsecond'
 * RETURNING key
 * ```
 */
export const idempotencyKeyDelete = new PreparedQuery<IIdempotencyKeyDeleteParams,IIdempotencyKeyDeleteResult>(idempotencyKeyDeleteIR);


