/*
  What the bench prepares and watches on the primary.
*/

/* @name soldOutStockInsert */
-- Adds a sku with no pieces. Run once after the seed.
INSERT INTO stocks (sku, total_count, reserved) VALUES (1000010001, 0, 0);

/* @name activityRead */
-- How many sessions of others are in a transaction, and how many transactions have written so far. The last
-- requests of a load may still be running, or wait in the service's queue.
SELECT
    (SELECT count(*)
     FROM pg_stat_activity
     WHERE datname = current_database()
       AND pid <> pg_backend_pid()
       AND backend_type = 'client backend'
       AND state <> 'idle')::integer AS busy,
    pg_snapshot_xmax(pg_current_snapshot())::text AS transactions;

/* @name countersRead */
-- What the primary has done so far. Every transaction that writes takes one id, and no other does. Unlike
-- pg_stat_database, which lags by up to a second, ids are exact at any moment.
SELECT
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS transactions,
    (pg_current_wal_insert_lsn() - '0/0')::bigint AS wal_bytes;
