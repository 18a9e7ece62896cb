-- Refills the stock that another seed has opened: as many pieces are available again as then. What is missing
-- is received, with a movement for each sku. Stock with enough pieces, and of other origin, is left alone.
-- Locks: these stock rows, in sku order, as the service locks them. What is missing is computed behind the
-- wait for the lock.
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
)
INSERT INTO stock_movements (
    sku, version, total_change, reserved_change, total_after, reserved_after, created_at, order_count, kind,
    reason, reference
)
SELECT sku, version, missing, 0, total_count, reserved, changed_at, 0, 'received', 'received', 'seed'
FROM refilled;
