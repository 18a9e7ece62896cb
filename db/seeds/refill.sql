-- Refills the stock that another seed has opened: as many pieces are available again as then. What is missing
-- is received, with a movement for each sku. Stock with enough pieces, and of other origin, is left alone.
-- Each movement is an event, as of any stock that is changed by hand.
-- Locks: these stock rows, in sku order, as the service locks them. What is missing is computed behind the
-- wait for the lock, and the id of the events is drawn behind all of them.
WITH locked AS MATERIALIZED (
    SELECT stocks.sku,
        opened.total_after - opened.reserved_after - (stocks.total_count - stocks.reserved) AS missing
    FROM stocks
    JOIN stock_movements AS opened
        ON opened.sku = stocks.sku
        AND opened.version = 1
        AND opened.kind = 'opened'
        AND opened.reference = 'seed'
    ORDER BY stocks.sku
    FOR NO KEY UPDATE OF stocks
),
refilled AS (
    UPDATE stocks
    SET total_count = stocks.total_count + locked.missing,
        version = stocks.version + 1,
        changed_at = greatest(statement_timestamp(), stocks.changed_at)
    FROM locked
    WHERE stocks.sku = locked.sku AND locked.missing > 0
    RETURNING stocks.*, locked.missing
),
moved AS (
    INSERT INTO stock_movements (
        sku, version, total_change, reserved_change, total_after, reserved_after, created_at, order_count,
        kind, reason, reference
    )
    SELECT sku, version, missing, 0, total_count, reserved, changed_at, 0, 'received', 'received', 'seed'
    FROM refilled
    RETURNING sku, version
)
INSERT INTO event_batches (
    batch_id, created_at, event_count, types, subjects, versions, ends_us, traceparents, skus
)
SELECT nextval('event_batch_ids'), now(), event_count, array_fill('adjusted'::text, ARRAY[event_count]), skus,
    versions, '{}', '{}', skus
FROM (
    SELECT count(*)::integer AS event_count, array_agg(sku ORDER BY sku) AS skus,
        array_agg(version ORDER BY sku) AS versions
    FROM moved
) AS refill
WHERE event_count > 0;
