-- Run once after the seed: plenty of the skus with small numbers, which the cases ask for most, so that a good
-- part of the orders is served.
INSERT INTO stocks (sku, total_count, reserved)
SELECT sku, 1000000000, 0
FROM generate_series(1, 2000) AS sku;
