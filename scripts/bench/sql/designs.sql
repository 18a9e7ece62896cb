/*
  The designs that loms is compared with (baseline.ts): the seed design in two transactions, and the single
  statement.
*/

/* @name seedOrderInsert */
-- Seed design, first transaction: the order, in the status before the decision.
INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
VALUES (nextval('order_ids'), $1, 'new', now(), now())
RETURNING order_id;

/* @name seedLinesInsert */
-- Seed design, first transaction: the lines of the order, in one statement.
INSERT INTO order_lines (order_id, sku, count)
SELECT $1, line.sku, line.count
FROM unnest($2::bigint[], $3::integer[]) AS line (sku, count);

/* @name seedStockLock */
-- Seed design, second transaction, once for each line in sku order: the available count.
SELECT total_count - reserved AS available
FROM stocks
WHERE sku = $1
FOR UPDATE;

/* @name seedStockReserve */
-- Seed design, second transaction, once for each line.
UPDATE stocks
SET reserved = reserved + $2
WHERE sku = $1;

/* @name seedOrderDecide */
-- Seed design, second transaction: the decision.
UPDATE orders
SET status = $2, updated_at = now()
WHERE order_id = $1;

/* @name singleStatementCreate */
-- The fastest design with one statement per order: locks in sku order, decides, reserves and writes.
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
