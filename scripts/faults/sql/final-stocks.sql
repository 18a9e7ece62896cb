SELECT sku, total_count, reserved
FROM stocks
ORDER BY sku;
