/*
  What the bench prepares and measures on the primary (audit.ts).
*/

/* @name soldOutStockInsert */
-- Adds a sku with no pieces. Run once after the seed.
INSERT INTO stocks (sku, total_count, reserved) VALUES (1000010001, 0, 0);

/* @name walKeep */
-- Lets a node keep 2 GB of segments for the WAL to come. A replica would else keep 16 of them until
-- the primary's next checkpoint, which comes after minutes.
ALTER SYSTEM SET min_wal_size = '2GB';

/* @name settingsLoad */
SELECT pg_reload_conf();

/* @name walSegmentFill */
-- Ends a segment of the WAL, so that the next one is begun.
SELECT pg_switch_wal() FROM (SELECT pg_logical_emit_message(false, 'bench', 'x')) AS written;

/* @name walRecycle */
-- Makes segments that are no longer needed those of the WAL to come. On the primary first; on replicas when
-- they have applied that.
CHECKPOINT;

/* @name commitWrite */
-- A commit, which the replicas apply behind all that was written before.
SELECT pg_logical_emit_message(true, 'bench', 'x');

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

/* @name walInspect */
-- Lets commits be read from the WAL. Run before they are.
CREATE EXTENSION IF NOT EXISTS pg_walinspect;

/* @name commitsRead */
-- The orders that were written since the WAL had $1 bytes and not changed since, with the times of their
-- commits: those of the WAL records, which are before the wait for the replica.
WITH commits AS MATERIALIZED (
    SELECT xid, substring(description FROM '^[^;]+')::timestamptz AS committed_at
    FROM pg_get_wal_records_info('0/0'::pg_lsn + $1::bigint, pg_current_wal_flush_lsn())
    WHERE resource_manager = 'Transaction'
      AND record_type = 'COMMIT'
)
SELECT orders.order_id::text AS order_id, extract(epoch FROM commits.committed_at) * 1000 AS committed_ms
FROM commits
INNER JOIN orders ON orders.xmin = commits.xid;
