-- Stock for load tests: 10,000 skus, 1000000001 to 1000010000, with a million pieces each. The
-- reference is for the refill.
WITH added AS (
    INSERT INTO stocks (sku, total_count, reserved, version, changed_at)
    SELECT sku, 1000000, 0, 1, now()
    FROM generate_series(1000000001, 1000010000) AS sku
    ON CONFLICT (sku) DO NOTHING
    RETURNING *
)
INSERT INTO stock_movements (
    sku, version, total_change, reserved_change, total_after, reserved_after, created_at, order_count, kind,
    reference
)
SELECT sku, version, 0, 0, total_count, reserved, changed_at, 0, 'opened', 'seed'
FROM added;
