/*
  Idempotency keys of creates and of changes of stock, each with the hash of its request and the outcome. One
  transaction claims a key, does its work and fills in the outcome. After that the key is only replayed, and
  removed after its end, which was set when it was claimed. All times are the primary's.

  Keys are found by their unique index alone, as conflicts: a join is planned for the size that the table has
  at that moment, and the plan is kept while the table grows.
*/

/* @name idempotencyKeyClaim */
-- Claims the given keys and returns each with its outcome. Without an order and without stock the key is new,
-- and claimed by this transaction, or it was claimed for a request that was refused, which uses no key. The
-- arrays are parallel and hold each key once. A new key is kept for :retentionMs, a known one until the end
-- that it has.
-- Locks: these rows, in key order, so that batches which share keys queue up and never deadlock. It waits for
-- another transaction that has claimed a key: when that one commits, its order is returned; when it rolls
-- back, the key is new.
-- The update changes nothing. It locks an existing key, reads its latest version, and makes the COMMIT wait
-- for the replica, so that a replay never returns an outcome that no replica has.
INSERT INTO idempotency_keys AS kept (created_at, expires_at, caller, key, request_hash)
SELECT now(), now() + make_interval(secs => :retentionMs!::float8 / 1000),
    claim.caller, claim.key, claim.request_hash
FROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[]) AS claim (caller, key, request_hash)
ORDER BY claim.caller, claim.key
ON CONFLICT (caller, key) DO UPDATE SET created_at = kept.created_at
RETURNING caller, key, request_hash, order_id, shortages, available, available_at,
    (extract(epoch FROM order_expires_at) * 1000000)::bigint AS "order_expires_us?", stock_before;

/* @name idempotencyKeySettle */
-- Fills in the outcome of keys that this transaction has claimed, to be kept for :retentionMs. The arrays are
-- parallel. Nothing is inserted: every key conflicts.
-- requestHashes: of the request that now uses the key.
-- available, availableAt: of an order that failed, what was available to it and when more would be, as array
-- literals; an empty text stands for none.
-- expiresUs: the end of its reservation, in microseconds since the epoch; 0 for none.
-- shortages: a JSON list for the version before, which takes an order without any for a success.
-- Locks: none, the caller holds them through idempotencyKeyClaim.
INSERT INTO idempotency_keys (
    created_at, expires_at, caller, key, request_hash, order_id, shortages, available, available_at,
    order_expires_at
)
SELECT now(), now() + make_interval(secs => :retentionMs!::float8 / 1000),
    settled.caller, settled.key, settled.request_hash, settled.order_id,
    settled.shortages::jsonb, nullif(settled.available, '')::integer[],
    nullif(settled.available_at, '')::bigint[],
    CASE
        WHEN settled.expires_us > 0
            THEN 'epoch'::timestamptz + settled.expires_us * interval '1 microsecond'
    END
FROM unnest(
    :callers!::text[], :keys!::text[], :requestHashes!::bytea[], :orderIds!::bigint[], :shortages!::text[],
    :available!::text[], :availableAt!::text[], :expiresUs!::bigint[]
) AS settled (caller, key, request_hash, order_id, shortages, available, available_at, expires_us)
ON CONFLICT (caller, key) DO UPDATE
SET request_hash = excluded.request_hash, expires_at = excluded.expires_at,
    order_id = excluded.order_id, shortages = excluded.shortages, available = excluded.available,
    available_at = excluded.available_at, order_expires_at = excluded.order_expires_at;

/* @name idempotencyKeySettleStock */
-- The same for changes of stock: what each has read, as an array literal. Nothing is inserted.
-- Locks: none, the caller holds them through idempotencyKeyClaim.
INSERT INTO idempotency_keys (created_at, expires_at, caller, key, request_hash, stock_before)
SELECT now(), now() + make_interval(secs => :retentionMs!::float8 / 1000),
    settled.caller, settled.key, settled.request_hash, settled.stock_before::bigint[]
FROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[], :stockBefore!::text[])
    AS settled (caller, key, request_hash, stock_before)
ON CONFLICT (caller, key) DO UPDATE
SET request_hash = excluded.request_hash, expires_at = excluded.expires_at,
    stock_before = excluded.stock_before;

/* @name idempotencyKeyExpired */
-- Of the keys whose end has passed, takes the :limit that ended first, and returns their number and the
-- latest end among them, in microseconds since the epoch. Runs on the primary, whose index shows at once what
-- was removed.
-- Locks: none.
SELECT (extract(epoch FROM max(ended.expires_at)) * 1000000)::bigint AS "expired_us?", count(*) AS "found!"
FROM (
    SELECT expires_at
    FROM idempotency_keys
    WHERE expires_at < now()
    ORDER BY expires_at
    LIMIT :limit!
) AS ended;

/* @name idempotencyKeyDelete */
-- Removes the keys whose end is not after :expiredUs, in microseconds since the epoch, and returns them. It
-- waits for a replay that holds a key and then removes the key; a claim of a key that is being removed waits
-- too, and finds the key new.
-- Locks: these rows, not in key order. With a batch that replays some of them it can deadlock. That is too
-- rare to sort keys for it: the transaction that is rolled back is retried, a bounded number of times.
DELETE FROM idempotency_keys
WHERE expires_at <= 'epoch'::timestamptz + :expiredUs!::bigint * interval '1 microsecond'
RETURNING key;
