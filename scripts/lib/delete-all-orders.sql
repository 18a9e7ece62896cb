/*
  DELETES ALL ORDERS, MOVEMENTS AND EVENTS of a database, so that a fault run, bench or fuzz can start over.
*/

/* @name ledgerReset */
-- Deletes all orders, movements and events and restores the initial stock, which then is not in the ledger
-- yet. Both are sent together and so one transaction: orders that are still being written come before or
-- after it.
TRUNCATE orders, order_lines, stock_movements, event_batches;

UPDATE stocks
SET total_count = initial.total_count, reserved = 0, version = 0, changed_at = NULL
FROM initial_stocks AS initial
WHERE initial.sku = stocks.sku
  AND (stocks.reserved > 0 OR stocks.version > 0 OR stocks.total_count <> initial.total_count);

/* @name stocksVacuum */
-- Removes the dead rows of a reset, so that they do not slow down what is measured next.
VACUUM (ANALYZE) stocks;
