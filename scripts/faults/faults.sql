/*
  What the fault runs do in the database, beside the service.
*/

/* @name stockInsert */
-- The initial stock of a run. The template has none.
INSERT INTO stocks (sku, total_count, reserved)
SELECT sku, total_count, 0
FROM unnest($1::bigint[], $2::bigint[]) AS beginning (sku, total_count);

/* @name sessionSignal */
-- Terminates a session of the service or cancels its statement ($2: terminate, cancel): number $1, modulo
-- their number. Returns no row when the service has none.
SELECT CASE $2 WHEN 'terminate' THEN pg_terminate_backend(pid) ELSE pg_cancel_backend(pid) END AS signalled
FROM (
    SELECT pid,
           row_number() OVER (ORDER BY pid) - 1 AS place,
           count(*) OVER () AS sessions
    FROM pg_stat_activity
    WHERE application_name = 'loms'
) AS session
WHERE place = $1::bigint % sessions;

/* @name overdueRead */
-- For how long the open order whose reservation ended first has been overdue, in milliseconds; 0 without one.
-- timeline: that of the WAL which the server writes; none while it is a replica.
SELECT greatest(coalesce(max(extract(epoch FROM now() - expires_at)) * 1000, 0), 0)::float8 AS overdue_ms,
       CASE WHEN NOT pg_is_in_recovery()
           THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
       END AS timeline
FROM orders
WHERE status = 'awaiting payment';

/* @name finalOrdersRead */
-- Every order with its lines, sorted by sku, at the end of a run.
SELECT orders.order_id,
       orders.user_id,
       orders.status,
       orders.cancel_reason,
       orders.version,
       extract(epoch FROM orders.updated_at) * 1000 AS updated_ms,
       extract(epoch FROM orders.expires_at) * 1000 AS expires_ms,
       coalesce(
           jsonb_agg(jsonb_build_object('sku', lines.sku, 'count', lines.count) ORDER BY lines.sku)
               FILTER (WHERE lines.sku IS NOT NULL),
           '[]'
       ) AS lines
FROM orders
LEFT JOIN order_lines AS lines ON lines.order_id = orders.order_id
GROUP BY orders.order_id
ORDER BY orders.order_id;

/* @name finalStocksRead */
-- The stock of every sku at the end of a run.
SELECT sku, total_count, reserved
FROM stocks
ORDER BY sku;

/* @name finalMovementsRead */
-- The whole ledger at the end of a run. Times are in microseconds since the epoch.
SELECT sku, version, kind, total_change, reserved_change, total_after, reserved_after, reference, order_id,
       order_count,
       (extract(epoch FROM created_at) * 1000000)::bigint AS created_us,
       (extract(epoch FROM occurred_at) * 1000000)::bigint AS occurred_us
FROM stock_movements
ORDER BY sku, version;

/* @name finalKeysRead */
-- The order of every idempotency key at the end of a run; none for a change of stock.
SELECT key, order_id
FROM idempotency_keys;

/* @name finalBatchesRead */
-- The whole event feed, in its order; batches without a position come last, in the order of their ids.
SELECT batch_id, position, types, subjects, versions, ends_us, skus
FROM event_batches
ORDER BY position NULLS LAST, batch_id;

/* @name feedHeadRead */
-- The position of the last event that is published, and how many batches are not.
SELECT coalesce(max(position + event_count - 1), 0) AS head,
       count(*) FILTER (WHERE position IS NULL) AS unpublished
FROM event_batches;

/* @name publisherRead */
-- The session of the service that holds the publisher's advisory lock $1, and whether it waits for a row.
SELECT pg_locks.pid, activity.wait_event_type IS NOT DISTINCT FROM 'Lock' AS waits
FROM pg_locks
JOIN pg_stat_activity AS activity ON activity.pid = pg_locks.pid
WHERE pg_locks.locktype = 'advisory' AND pg_locks.granted AND pg_locks.classid = 0
  AND pg_locks.objid = $1::bigint::oid AND activity.application_name = 'loms';

/* @name waitingBatchesLock */
-- Locks the batches that wait for the publisher, which then stops behind its read of them.
SELECT batch_id
FROM event_batches
WHERE position IS NULL
FOR UPDATE;
