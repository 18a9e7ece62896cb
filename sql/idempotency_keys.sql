/*
  The keys that callers sent with new orders, each with what was asked and what was answered. A key is claimed,
  its order written and its answer filled in by one transaction; after that it is only read, and removed when it
  is old.
*/

/* @name idempotencyKeyClaim */
-- Claims those of the given keys that nobody has, and names them. The arrays run side by side; a key stands in
-- them once.
-- Locks: the new rows, claimed in key order, so that batches which share keys queue up and never deadlock. A key
-- that another transaction has claimed is waited for: is that one committed, the key is not got from here; is it
-- rolled back, it is.
INSERT INTO idempotency_keys (created_at, caller, key, request_hash)
SELECT :now!::timestamptz, claim.caller, claim.key, claim.request_hash
FROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[]) AS claim (caller, key, request_hash)
ORDER BY claim.caller, claim.key
ON CONFLICT (caller, key) DO NOTHING
RETURNING caller, key;

/* @name idempotencyKeyRead */
-- Reads what is kept under those of the given keys whose orders are written. The arrays run side by side. Run
-- behind idempotencyKeyClaim it sees what the transactions wrote that were waited for there.
-- Locks: none.
SELECT kept.caller, kept.key, kept.request_hash, kept.order_id AS "order_id!", kept.shortages
FROM idempotency_keys AS kept
JOIN unnest(:callers!::text[], :keys!::text[]) AS asked (caller, key)
    ON kept.caller = asked.caller AND kept.key = asked.key
WHERE kept.key = ANY(:keys!::text[])
  AND kept.order_id IS NOT NULL;

/* @name idempotencyKeySettle */
-- Fills in what was answered under keys that this transaction has claimed: the order, and what it was short of
-- as a JSON list, empty where it got all. The arrays run side by side.
-- Locks: none, the caller holds them by idempotencyKeyClaim.
UPDATE idempotency_keys AS kept
SET order_id = settled.order_id, shortages = settled.shortages::jsonb
FROM unnest(:callers!::text[], :keys!::text[], :orderIds!::bigint[], :shortages!::text[])
    AS settled (caller, key, order_id, shortages)
WHERE kept.caller = settled.caller
  AND kept.key = settled.key
  AND kept.key = ANY(:keys!::text[]);

/* @name idempotencyKeyExpired */
-- Names at most so many of the keys that were claimed before :before, the oldest first. Run on the primary,
-- where the index knows at once which of its entries are removed already. Locks: none.
SELECT caller, key
FROM idempotency_keys
WHERE created_at < :before!::timestamptz
ORDER BY created_at
LIMIT :limit!;

/* @name idempotencyKeyDelete */
-- Removes those of the given keys that were claimed before :before, and names them. The arrays run side by side.
-- Locks: these rows. The guard on the time is for a key that another instance has removed and a caller has
-- claimed anew meanwhile.
DELETE FROM idempotency_keys AS kept
USING unnest(:callers!::text[], :keys!::text[]) AS expired (caller, key)
WHERE kept.caller = expired.caller
  AND kept.key = expired.key
  AND kept.key = ANY(:keys!::text[])
  AND kept.created_at < :before!::timestamptz
RETURNING kept.key;
