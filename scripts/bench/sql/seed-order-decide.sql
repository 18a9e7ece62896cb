-- Seed design, second transaction: what was decided.
UPDATE orders
SET status = $2, updated_at = now()
WHERE order_id = $1;
