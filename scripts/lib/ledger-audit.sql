/*
  The ledger audit of the tests, fault runs and benches: whether stock and orders agree. Initial stock is
  recorded in a table of the audit's own. Another database is audited by `make audit-stock`.
*/

/* @name initialStocksRecord */
-- Records the initial stock of every sku. Run once, before the first order.
CREATE TABLE initial_stocks AS SELECT sku, total_count FROM stocks;

/* @name ledgerAudit */
-- Stock and orders agree when each sku has reserved what open orders reserve of it, has lost what payed
-- orders took, and was given what the ledger has by hand, each order has lines and a decided status, and each
-- line has its order, which no foreign key checks. One statement and so one snapshot.
WITH held AS (
    SELECT lines.sku,
           sum(lines.count) FILTER (WHERE orders.status = 'awaiting payment') AS reserved,
           sum(lines.count) FILTER (WHERE orders.status = 'payed') AS taken
    FROM order_lines AS lines
    JOIN orders ON orders.order_id = lines.order_id
    GROUP BY lines.sku
),
given AS (
    SELECT sku, sum(total_change) AS pieces
    FROM stock_movements
    WHERE kind IN ('received', 'adjusted', 'counted')
    GROUP BY sku
)
SELECT
    (SELECT count(*)
     FROM stocks
     JOIN initial_stocks AS initial ON initial.sku = stocks.sku
     LEFT JOIN held ON held.sku = stocks.sku
     LEFT JOIN given ON given.sku = stocks.sku
     WHERE stocks.reserved <> coalesce(held.reserved, 0)
        OR stocks.total_count
            <> initial.total_count + coalesce(given.pieces, 0) - coalesce(held.taken, 0)
    )::integer AS wrong_skus,
    (SELECT count(*)
     FROM stocks
     WHERE stocks.reserved < 0 OR stocks.reserved > stocks.total_count)::integer AS oversold_skus,
    (SELECT count(*)
     FROM orders
     WHERE NOT EXISTS (SELECT FROM order_lines AS lines WHERE lines.order_id = orders.order_id))::integer
        AS bare_orders,
    (SELECT count(*)
     FROM order_lines AS lines
     WHERE NOT EXISTS (SELECT FROM orders WHERE orders.order_id = lines.order_id))::integer AS orphan_lines,
    (SELECT count(*) FROM orders WHERE status = 'new')::integer AS undecided_orders,
    (SELECT count(*) FROM orders)::integer AS orders;
