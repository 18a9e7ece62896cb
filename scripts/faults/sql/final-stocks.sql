-- The stock of every sku, when nothing runs any more.
SELECT sku, total_count, reserved
FROM stocks
ORDER BY sku;
