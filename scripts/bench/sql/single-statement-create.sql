-- The best that one statement per order can do: it locks in sku order, decides, reserves and writes.
WITH wanted AS (
    SELECT line.sku, line.count
    FROM unnest($2::bigint[], $3::integer[]) AS line (sku, count)
),
locked AS (
    SELECT sku, total_count - reserved AS available
    FROM stocks
    WHERE sku = ANY($2::bigint[])
    ORDER BY sku
    FOR NO KEY UPDATE
),
decision AS (
    SELECT coalesce(bool_and(coalesce(locked.available >= wanted.count, false)), false) AS granted
    FROM wanted
    LEFT JOIN locked ON locked.sku = wanted.sku
),
reservation AS (
    UPDATE stocks
    SET reserved = stocks.reserved + wanted.count
    FROM wanted, decision
    WHERE decision.granted
      AND stocks.sku = wanted.sku
      AND stocks.sku = ANY($2::bigint[])
),
fresh AS (
    INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
    SELECT nextval('order_ids'), $1, CASE WHEN granted THEN 'awaiting payment' ELSE 'failed' END, now(), now()
    FROM decision
    RETURNING order_id
)
INSERT INTO order_lines (order_id, sku, count)
SELECT fresh.order_id, wanted.sku, wanted.count
FROM fresh, wanted;
