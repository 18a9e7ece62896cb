-- The books balance when every sku holds reserved what open orders hold of it, has lost what payed orders took,
-- and every order has its lines and a decided status. One statement, one snapshot. What every sku began with
-- stands in the table begun_stocks.
WITH held AS (
    SELECT lines.sku,
           sum(lines.count) FILTER (WHERE orders.status = 'awaiting payment') AS reserved,
           sum(lines.count) FILTER (WHERE orders.status = 'payed') AS taken
    FROM order_lines AS lines
    JOIN orders ON orders.order_id = lines.order_id
    GROUP BY lines.sku
)
SELECT
    (SELECT count(*)
     FROM stocks
     JOIN begun_stocks AS begun ON begun.sku = stocks.sku
     LEFT JOIN held ON held.sku = stocks.sku
     WHERE stocks.reserved <> coalesce(held.reserved, 0)
        OR stocks.total_count <> begun.total_count - coalesce(held.taken, 0))::integer AS wrong_skus,
    (SELECT count(*)
     FROM stocks
     WHERE stocks.reserved < 0 OR stocks.reserved > stocks.total_count)::integer AS oversold_skus,
    (SELECT count(*)
     FROM orders
     WHERE NOT EXISTS (SELECT FROM order_lines AS lines WHERE lines.order_id = orders.order_id))::integer
        AS bare_orders,
    (SELECT count(*) FROM orders WHERE status = 'new')::integer AS undecided_orders,
    (SELECT count(*) FROM orders)::integer AS orders;
