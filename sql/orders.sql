/*
  Orders and their lines. An order is written once, with all its lines and its stock already decided, and its
  status changes at most once after that.
*/

/* @name orderIdsTake */
-- Draws ids for so many new orders; they rise. Ids drawn by a transaction that fails are lost.
-- Locks: none.
SELECT nextval('order_ids') AS "order_id!"
FROM generate_series(1, :count!::integer);

/* @name orderInsert */
-- Writes new orders with the status that the reservation gave them. The arrays run side by side.
-- Locks: the new rows.
INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
SELECT fresh.order_id, fresh.user_id, fresh.status, :now!::timestamptz, :now!::timestamptz
FROM unnest(:orderIds!::bigint[], :userIds!::bigint[], :statuses!::text[]) AS fresh (order_id, user_id, status);

/* @name orderLineInsert */
-- Writes the lines of new orders. The arrays run side by side.
-- Locks: the new rows, and a share of the orders' keys, which the same transaction wrote.
INSERT INTO order_lines (order_id, sku, count)
SELECT fresh.order_id, fresh.sku, fresh.count
FROM unnest(:orderIds!::bigint[], :skus!::bigint[], :counts!::integer[]) AS fresh (order_id, sku, count);

/* @name orderTransition */
-- Moves those of the given orders that are in the status :from to the status :to, and names them.
-- Locks: these order rows. The guard on the status is the lock: whoever commits first wins, the other finds
-- the order moved and does not get it back from here.
UPDATE orders
SET status = :to!, updated_at = greatest(:now!::timestamptz, created_at)
WHERE order_id = ANY(:orderIds!::bigint[])
  AND status = :from!
RETURNING order_id;

/* @name orderRead */
-- Reads orders with their lines, a row for each line, sorted by order and sku, on any node. One statement and
-- so one snapshot: an order is never seen without its lines. An unknown id has no row in the answer.
-- Locks: none.
SELECT orders.order_id, orders.user_id, orders.status, lines.sku, lines.count
FROM orders
JOIN order_lines AS lines ON lines.order_id = orders.order_id
WHERE orders.order_id = ANY(:orderIds!::bigint[])
  AND lines.order_id = ANY(:orderIds!::bigint[])
ORDER BY orders.order_id, lines.sku;

/* @name orderConfirm */
-- Writes a record to the WAL that changes nothing, so that the COMMIT behind it waits for the replica like any
-- other: an answer that rests on what was read alone could tell of what no replica has. Locks: none.
SELECT pg_logical_emit_message(true, 'loms', '') IS NOT NULL AS "emitted!";
