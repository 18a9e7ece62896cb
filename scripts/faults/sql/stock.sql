-- The stock of a run. The template has no other.
INSERT INTO stocks (sku, total_count, reserved)
SELECT sku, total_count, 0
FROM unnest($1::bigint[], $2::bigint[]) AS beginning (sku, total_count);
