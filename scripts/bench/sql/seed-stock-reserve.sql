-- Seed design, second transaction, once for each line.
UPDATE stocks
SET reserved = reserved + $2
WHERE sku = $1;
