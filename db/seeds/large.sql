-- Stock for load tests: 10,000 skus, 1000000001 to 1000010000, with a million pieces each.
INSERT INTO stocks (sku, total_count, reserved)
SELECT sku, 1000000, 0
FROM generate_series(1000000001, 1000010000) AS sku
ON CONFLICT (sku) DO NOTHING;
