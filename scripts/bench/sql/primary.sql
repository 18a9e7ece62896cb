/*
  What the bench prepares and measures on the primary (audit.ts).
*/

/* @name soldOutStockInsert */
-- Adds a sku with no pieces. Run once after the seed.
INSERT INTO stocks (sku, total_count, reserved) VALUES (1000010001, 0, 0);

/* @name activityRead */
-- The number of other sessions in a transaction, and of transactions that have written so far. The last
-- requests of a load may still run, or wait in the service's queue.
SELECT
    (SELECT count(*)
     FROM pg_stat_activity
     WHERE datname = current_database()
       AND pid <> pg_backend_pid()
       AND backend_type = 'client backend'
       AND state <> 'idle')::integer AS busy,
    pg_snapshot_xmax(pg_current_snapshot())::text AS transactions;

/* @name countersRead */
-- The work of the primary so far. Every transaction that writes takes one id, and no other does. Ids are
-- exact at any moment, unlike pg_stat_database, which lags by up to a second.
SELECT
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS transactions,
    (pg_current_wal_insert_lsn() - '0/0')::bigint AS wal_bytes;
