-- Every order with its lines, sorted by sku, when nothing runs any more.
SELECT orders.order_id,
       orders.user_id,
       orders.status,
       extract(epoch FROM orders.updated_at) * 1000 AS updated_ms,
       coalesce(
           jsonb_agg(jsonb_build_object('sku', lines.sku, 'count', lines.count) ORDER BY lines.sku)
               FILTER (WHERE lines.sku IS NOT NULL),
           '[]'
       ) AS lines
FROM orders
LEFT JOIN order_lines AS lines ON lines.order_id = orders.order_id
GROUP BY orders.order_id
ORDER BY orders.order_id;
