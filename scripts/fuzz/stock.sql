/* @name stockFill */
-- Adds plenty of the skus with small numbers, which most cases name, so that many orders succeed. Run once
-- after the seed.
INSERT INTO stocks (sku, total_count, reserved)
SELECT sku, 1000000000, 0
FROM generate_series(1, 2000) AS sku;
