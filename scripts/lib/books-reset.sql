-- Run while nothing else is: stock and orders begin anew.
TRUNCATE orders, order_lines;

UPDATE stocks
SET total_count = begun.total_count, reserved = 0
FROM begun_stocks AS begun
WHERE begun.sku = stocks.sku
  AND (stocks.reserved > 0 OR stocks.total_count <> begun.total_count);
