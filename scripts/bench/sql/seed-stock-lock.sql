-- Seed design, second transaction, once for each line in sku order: what can be bought.
SELECT total_count - reserved AS available
FROM stocks
WHERE sku = $1
FOR UPDATE;
