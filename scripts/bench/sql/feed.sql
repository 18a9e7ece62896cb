/*
  The events that one reader reads from the beginning of the feed (audit.ts).
*/

/* @name feedTrim */
-- Removes all published batches but the last, as retention would: positions go on behind it.
DELETE FROM event_batches WHERE position < (SELECT max(position) FROM event_batches);

/* @name feedFill */
-- Writes $1 orders of two lines, and the events of their creation and cancellation in batches of 100, as the
-- service writes them under load. The skus are the $3 that follow $2. Cancelled orders hold no stock.
WITH fresh AS MATERIALIZED (
    SELECT nextval('order_ids') AS order_id, place
    FROM generate_series(1, $1::integer) AS place
),
filled_orders AS (
    INSERT INTO orders (
        order_id, user_id, status, created_at, updated_at, expires_at, cancel_reason, version
    )
    SELECT order_id, 10000 + place % 90000, 'cancelled', now(), now(), now() + interval '15 minutes',
        'requested', 2
    FROM fresh
),
filled_lines AS (
    INSERT INTO order_lines (order_id, sku, count)
    SELECT order_id, $2::bigint + (place + line * ($3::integer / 2)) % $3::integer, 1
    FROM fresh
    CROSS JOIN generate_series(0, 1) AS line
),
events AS (
    SELECT (fresh.place - 1) / 100 AS batch, change.version,
        array_agg(change.kind ORDER BY fresh.order_id) AS types,
        array_agg(fresh.order_id ORDER BY fresh.order_id) AS subjects,
        array_agg(change.version ORDER BY fresh.order_id) AS versions,
        array_agg(change.end_us ORDER BY fresh.order_id) AS ends_us
    FROM fresh
    CROSS JOIN (
        VALUES ('created', 1::bigint, (extract(epoch FROM now() + interval '15 minutes') * 1000000)::bigint),
            ('cancelled', 2, 0)
    ) AS change (kind, version, end_us)
    GROUP BY batch, change.version
    ORDER BY batch, change.version
)
INSERT INTO event_batches (
    batch_id, created_at, event_count, types, subjects, versions, ends_us, traceparents, skus
)
SELECT nextval('event_batch_ids'), now(), cardinality(types), types, subjects, versions, ends_us, '{}', '{}'
FROM events;

/* @name unpublishedRead */
-- The number of batches that wait for the publisher.
SELECT count(*)::integer AS batches FROM event_batches WHERE position IS NULL;
