-- Seed design, first transaction: the order's lines, all in one statement.
INSERT INTO order_lines (order_id, sku, count)
SELECT $1, line.sku, line.count
FROM unnest($2::bigint[], $3::integer[]) AS line (sku, count);
