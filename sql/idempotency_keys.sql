/*
  The keys that callers sent with new orders, each with what was asked and what was answered. A key is claimed,
  its order written and its answer filled in by one transaction; after that it only comes back, and is removed when
  it is old.

  Keys are found by their unique index alone, as conflicts: a join is planned for the size that the table has at
  that moment, and the plan is kept while the table grows.
*/

/* @name idempotencyKeyClaim */
-- Claims the given keys, and names each with what is kept under it. Where there is no order yet the key is new,
-- and this transaction's. The arrays run side by side; a key stands in them once.
-- Locks: these rows, in key order, so that batches which share keys queue up and never deadlock. A key that another
-- transaction has claimed is waited for: has that one committed, its order comes back; was it rolled back, the key
-- is new.
-- The update changes nothing. It locks a key that is there, reads it as it was left, and makes the COMMIT wait for
-- the replica, so that what is repeated is never something that no replica has.
INSERT INTO idempotency_keys AS kept (created_at, caller, key, request_hash)
SELECT :now!::timestamptz, claim.caller, claim.key, claim.request_hash
FROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[]) AS claim (caller, key, request_hash)
ORDER BY claim.caller, claim.key
ON CONFLICT (caller, key) DO UPDATE SET created_at = kept.created_at
RETURNING caller, key, request_hash, order_id, shortages;

/* @name idempotencyKeySettle */
-- Fills in what was answered under keys that this transaction has claimed: the order, and what it was short of
-- as a JSON list, empty where it got all. The arrays run side by side. Nothing is inserted: every key conflicts.
-- Locks: none, the caller holds them by idempotencyKeyClaim.
INSERT INTO idempotency_keys (created_at, caller, key, request_hash, order_id, shortages)
SELECT :now!::timestamptz, settled.caller, settled.key, settled.request_hash, settled.order_id,
    settled.shortages::jsonb
FROM unnest(:callers!::text[], :keys!::text[], :requestHashes!::bytea[], :orderIds!::bigint[], :shortages!::text[])
    AS settled (caller, key, request_hash, order_id, shortages)
ON CONFLICT (caller, key) DO UPDATE SET order_id = excluded.order_id, shortages = excluded.shortages;

/* @name idempotencyKeyExpired */
-- Tells when the last of the oldest :limit keys was claimed, of those that were claimed before :before, and how
-- many these are. Run on the primary, whose index knows at once what was removed. Locks: none.
SELECT max(oldest.created_at) AS "claimed_at?", count(*) AS "found!"
FROM (
    SELECT created_at
    FROM idempotency_keys
    WHERE created_at < :before!::timestamptz
    ORDER BY created_at
    LIMIT :limit!
) AS oldest;

/* @name idempotencyKeyDelete */
-- Removes the keys that were claimed up to :claimedAt, and names them. A key that a repeat holds is waited for and
-- removed after it; who claims one that is being removed waits as well, and finds it new.
-- Locks: these rows, in no order of keys. With a batch that repeats some of them it can deadlock, which happens
-- seldom enough that keys are not sorted for it: whoever is rolled back is run again, a bounded number of times.
DELETE FROM idempotency_keys
WHERE created_at <= :claimedAt!::timestamptz
RETURNING key;
