/*
  Orders and their lines. An order is written once, with all its lines, after its stock was reserved or found
  insufficient. Its status changes at most once after that, or twice where it expires and is payed late. One
  that failed or was cancelled may be removed when it is old, with its lines. All times are the primary's.
*/

/* @name orderIdsTake */
-- Draws :count ids for new orders, in ascending order. Ids drawn by a transaction that fails are lost.
-- now_us: the time of this transaction, at which its orders are created, in microseconds since the epoch.
-- Locks: none.
SELECT nextval('order_ids') AS "order_id!", (extract(epoch FROM now()) * 1000000)::bigint AS "now_us!"
FROM generate_series(1, :count!::integer);

/* @name orderInsert */
-- Writes new orders with the status that follows from their reservation, which ends :ttlsMs after now, or
-- never where that is 0. The arrays are parallel; an empty text in :actors stands for no name.
-- Locks: the new rows.
INSERT INTO orders (order_id, user_id, status, created_at, updated_at, expires_at, created_by)
SELECT fresh.order_id, fresh.user_id, fresh.status, now(), now(),
    CASE WHEN fresh.ttl_ms > 0 THEN now() + fresh.ttl_ms * interval '1 millisecond' END,
    nullif(fresh.actor, '')
FROM unnest(
    :orderIds!::bigint[], :userIds!::bigint[], :statuses!::text[], :ttlsMs!::bigint[], :actors!::text[]
) AS fresh (order_id, user_id, status, ttl_ms, actor);

/* @name orderLineInsert */
-- Writes the lines of new orders. The arrays are parallel.
-- Locks: the new rows.
INSERT INTO order_lines (order_id, sku, count)
SELECT fresh.order_id, fresh.sku, fresh.count
FROM unnest(:orderIds!::bigint[], :skus!::bigint[], :counts!::integer[]) AS fresh (order_id, sku, count);

/* @name orderLock */
-- Locks the given orders until the transaction ends, and changes nothing in them. All changes of orders that
-- callers ask for begin with it, so that what they read next is what they change. Returns their ids: an order
-- that is committed behind the snapshot of this statement is not locked, and yet found by the next one.
-- It is a write, so that the COMMIT waits for the replica of each order: otherwise a reply that is based on
-- a read alone could show a state that no replica has. Only the server that has an order can confirm it.
-- Locks: these order rows, in the order of their index. No other statement of such a transaction waits for an
-- order, so batches that share orders queue up and do not deadlock.
-- Cost: a version of each row, about 150 bytes of WAL; no index is written, since the page has room for it.
UPDATE orders
SET updated_at = updated_at
WHERE order_id = ANY(:orderIds!::bigint[])
RETURNING order_id;

/* @name orderTransition */
-- Transitions those of the given orders that have the status :from, for the reason :fromReason, and whose
-- reservation has not ended more than :graceMs ago, to the status :to, and returns their ids. The arrays are
-- parallel; an empty text in :actors stands for no name. They are not joined: that costs more, since the
-- planner expects one row behind these conditions, and compares all orders with all requests.
-- Locks: none, the caller holds them through orderLock.
-- After a failover the clock may be behind that of the primary which wrote the order.
UPDATE orders
SET status = :to!, cancel_reason = :cancelReason, updated_at = greatest(now(), updated_at),
    version = version + 1,
    closed_by = nullif((:actors!::text[])[array_position(:orderIds!::bigint[], order_id)], '')
WHERE order_id = ANY(:orderIds!::bigint[])
  AND status = :from!
  AND cancel_reason IS NOT DISTINCT FROM :fromReason
  AND (expires_at IS NULL OR expires_at > now() - :graceMs!::float8 * interval '1 millisecond')
RETURNING order_id;

/* @name orderExpire */
-- Cancels those of the given orders that have the status :from and whose reservation has ended, as of that
-- end, and returns their ids.
-- Locks: none, the caller holds them through orderLock, which waits for a transaction that began before the
-- end and is still to commit.
UPDATE orders
SET status = :to!, cancel_reason = :cancelReason!, updated_at = greatest(expires_at, updated_at),
    version = version + 1
WHERE order_id = ANY(:orderIds!::bigint[])
  AND status = :from!
  AND expires_at <= now()
RETURNING order_id;

/* @name orderUserLock */
-- Locks groups of users, so that of two transactions that create for one user with a limit of what it may
-- hold, the second counts what the first holds. Returns how many were locked.
-- Locks: advisory, each until the transaction ends, in the order of the groups and before all others. They
-- have two keys, which none of the locks with one key can meet.
SELECT count(pg_advisory_xact_lock(:family!::integer, group_number)) AS "locked!"
FROM (
    SELECT group_number FROM unnest(:groups!::integer[]) AS groups (group_number) ORDER BY group_number
) AS ordered;

/* @name orderHeldPieces */
-- Sums the pieces that open orders of the given users hold, without those whose reservation has ended. A user
-- without any returns no row. It reads all orders of these users, along their index. OFFSET 0 keeps the
-- planner from reading the open orders of all users, and all lines: it has no idea of how few of the orders
-- are open.
-- Locks: none, the caller holds the users through orderUserLock.
SELECT owned.user_id, sum(line.count)::bigint AS "pieces!"
FROM (
    SELECT order_id, user_id, status, expires_at FROM orders WHERE user_id = ANY(:userIds!::bigint[]) OFFSET 0
) AS owned
CROSS JOIN LATERAL (
    SELECT lines.count FROM order_lines AS lines WHERE lines.order_id = owned.order_id OFFSET 0
) AS line
WHERE owned.status = 'awaiting payment'
  AND (owned.expires_at IS NULL OR owned.expires_at > now())
GROUP BY owned.user_id;

/* @name orderOverdue */
-- Reads the :limit open orders whose reservations ended first, on any node. Another transaction may be
-- releasing them. The status is written out, since only then its partial index can be used.
-- :clockAheadMs: how far the clock of the node is ahead of the primary's, by which reservations end.
-- Locks: none.
SELECT order_id
FROM orders
WHERE status = 'awaiting payment'
  AND expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond'
ORDER BY expires_at
LIMIT :limit!;

/* @name orderBacklog */
-- Counts the open orders, up to :limit, and reads for how long the first reservation that has ended waits for
-- its release, in milliseconds; null without one. On any node. :clockAheadMs: as in orderOverdue.
-- Locks: none.
SELECT
    (
        SELECT count(*) FROM (SELECT FROM orders WHERE status = 'awaiting payment' LIMIT :limit!) AS held
    ) AS "open!",
    (
        SELECT (extract(epoch FROM clock_timestamp() - expires_at) * 1000)::float8 - :clockAheadMs!::float8
        FROM orders
        WHERE status = 'awaiting payment'
          AND expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond'
        ORDER BY expires_at
        LIMIT 1
    ) AS "overdue_ms?";

/* @name orderHolds */
-- Reads the next :limit reservations to end behind a position, on any node: of those that have lines with one
-- of the given skus these lines, at most :linesMax, in the order of their ends. A position is an end, in
-- microseconds since the epoch, and an order. Every row has the number of these reservations and the last
-- position among them; without such a line there is one row, and without a reservation no order in it.
-- OFFSET 0 keeps the planner from reading all lines: it has no idea of how many reservations there are.
-- Locks: none.
WITH next AS MATERIALIZED (
    SELECT order_id, expires_at
    FROM orders
    WHERE status = 'awaiting payment'
      AND (expires_at, order_id)
        > ('epoch'::timestamptz + :afterUs!::bigint * interval '1 microsecond', :afterId!::bigint)
    ORDER BY expires_at, order_id
    LIMIT :limit!
)
SELECT held.order_id AS "order_id?", held.sku AS "sku?", held.count AS "count?",
    (extract(epoch FROM held.expires_at) * 1000000)::bigint AS "expires_us?",
    (SELECT count(*) FROM next) AS "size!", last.order_id AS "last_id?",
    (extract(epoch FROM last.expires_at) * 1000000)::bigint AS "last_us?"
FROM (SELECT 1) AS always
LEFT JOIN (
    SELECT order_id, expires_at FROM next ORDER BY expires_at DESC, order_id DESC LIMIT 1
) AS last ON true
LEFT JOIN (
    SELECT next.order_id, next.expires_at, line.sku, line.count
    FROM next
    CROSS JOIN LATERAL (
        SELECT lines.sku, lines.count FROM order_lines AS lines
        WHERE lines.order_id = next.order_id AND lines.sku = ANY(:skus!::bigint[]) OFFSET 0
    ) AS line
) AS held ON true
ORDER BY held.expires_at, held.order_id
LIMIT :linesMax!;

/* @name orderHoldsWithoutEnd */
-- The same for reservations that never end, in the order of their ids: they come behind all others. Their end
-- is shown as the largest number. They are sorted by it too, since only then the index gives their order.
-- Locks: none.
WITH next AS MATERIALIZED (
    SELECT order_id
    FROM orders
    WHERE status = 'awaiting payment'
      AND expires_at IS NULL
      AND order_id > :afterId!::bigint
    ORDER BY expires_at, order_id
    LIMIT :limit!
)
SELECT held.order_id AS "order_id?", held.sku AS "sku?", held.count AS "count?",
    9223372036854775807 AS "expires_us?",
    (SELECT count(*) FROM next) AS "size!", last.order_id AS "last_id?",
    9223372036854775807 AS "last_us?"
FROM (SELECT 1) AS always
LEFT JOIN (SELECT max(order_id) AS order_id FROM next) AS last ON true
LEFT JOIN (
    SELECT next.order_id, line.sku, line.count
    FROM next
    CROSS JOIN LATERAL (
        SELECT lines.sku, lines.count FROM order_lines AS lines
        WHERE lines.order_id = next.order_id AND lines.sku = ANY(:skus!::bigint[]) OFFSET 0
    ) AS line
) AS held ON true
ORDER BY held.order_id
LIMIT :linesMax!;

/* @name orderNextEnd */
-- Reads how long it takes until the next reservation ends, in milliseconds, at least 0. Without any it
-- returns no row. On any node. :clockAheadMs: as in orderOverdue.
-- Locks: none.
SELECT
    greatest(
        ceil(extract(epoch FROM expires_at - now()) * 1000 + :clockAheadMs!::float8), 0
    )::float8 AS "in_ms!"
FROM orders
WHERE status = 'awaiting payment'
  AND expires_at IS NOT NULL
ORDER BY expires_at
LIMIT 1;

/* @name orderChangeable */
-- Reads those of the given orders that orderTransition would change, by the same guard: when they were
-- created, when their reservations end, and what now is, in microseconds since the epoch.
-- Locks: none, the caller holds them through orderLock.
SELECT order_id,
    (extract(epoch FROM created_at) * 1000000)::bigint AS "created_us!",
    (extract(epoch FROM expires_at) * 1000000)::bigint AS "expires_us?",
    (extract(epoch FROM now()) * 1000000)::bigint AS "now_us!"
FROM orders
WHERE order_id = ANY(:orderIds!::bigint[])
  AND status = :from!
  AND cancel_reason IS NOT DISTINCT FROM :fromReason
  AND (expires_at IS NULL OR expires_at > now() - :graceMs!::float8 * interval '1 millisecond');

/* @name orderExtend */
-- Sets the ends of reservations. The arrays are parallel. The ends are texts, of which the parameter is cast:
-- a sharded database takes no STABLE function of a column in an UPDATE, and every one that makes a time is.
-- Locks: none, the caller holds them through orderLock.
UPDATE orders
SET expires_at = change.expires_at, version = version + 1
FROM unnest(:orderIds!::bigint[], :ends!::text[]::timestamptz[]) AS change (order_id, expires_at)
WHERE orders.order_id = change.order_id
  AND orders.order_id = ANY(:orderIds!::bigint[]);

/* @name orderRead */
-- Reads orders with their lines, one row per line, sorted by order and sku, on any node. It is one statement
-- and so one snapshot: an order is never seen without its lines. An unknown id returns no row. Rows end at
-- :linesMax.
-- created_us, updated_us, expires_us: in microseconds since the epoch.
-- is_overdue: whether the reservation has ended; while the order is open, nobody has released it yet.
-- :clockAheadMs: as in orderOverdue.
-- Locks: none.
SELECT orders.order_id, orders.user_id, orders.status, lines.sku, lines.count,
    (extract(epoch FROM orders.created_at) * 1000000)::bigint AS "created_us!",
    (extract(epoch FROM orders.updated_at) * 1000000)::bigint AS "updated_us!",
    (extract(epoch FROM orders.expires_at) * 1000000)::bigint AS "expires_us?",
    coalesce(orders.expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond', false)
        AS "is_overdue!",
    orders.cancel_reason, orders.version
FROM orders
JOIN order_lines AS lines ON lines.order_id = orders.order_id
WHERE orders.order_id = ANY(:orderIds!::bigint[])
  AND lines.order_id = ANY(:orderIds!::bigint[])
ORDER BY orders.order_id, lines.sku
LIMIT :linesMax!;

/* @name orderScan */
-- Reads the :limit newest orders below an id, newest first, on any node. The caller filters them and reads
-- their lines.
-- The other columns: as in orderRead.
-- Locks: none.
SELECT order_id, user_id, status,
    (extract(epoch FROM created_at) * 1000000)::bigint AS "created_us!",
    (extract(epoch FROM updated_at) * 1000000)::bigint AS "updated_us!",
    (extract(epoch FROM expires_at) * 1000000)::bigint AS "expires_us?",
    coalesce(expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond', false) AS "is_overdue!",
    cancel_reason
FROM orders
WHERE order_id < :below!::bigint
ORDER BY order_id DESC
LIMIT :limit!;

/* @name orderScanOfUser */
-- The same for the orders of one user. It is a statement of its own, so that each has the plan of its index.
-- Locks: none.
SELECT order_id, user_id, status,
    (extract(epoch FROM created_at) * 1000000)::bigint AS "created_us!",
    (extract(epoch FROM updated_at) * 1000000)::bigint AS "updated_us!",
    (extract(epoch FROM expires_at) * 1000000)::bigint AS "expires_us?",
    coalesce(expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond', false) AS "is_overdue!",
    cancel_reason
FROM orders
WHERE user_id = :userId!::bigint
  AND order_id < :below!::bigint
ORDER BY order_id DESC
LIMIT :limit!;

/* @name orderLineRead */
-- Reads the last :limit lines of orders in the order of order and sku, the last one first, on any node. Lines
-- never change, so they may be read after their orders.
-- Locks: none.
SELECT order_id, sku, count
FROM order_lines
WHERE order_id = ANY(:orderIds!::bigint[])
ORDER BY order_id DESC, sku DESC
LIMIT :limit!;

/* @name orderWindow */
-- Reads the :limit orders that follow the id :after, in order of their ids: whether each was created, and
-- was changed the last time, longer than :retentionMs ago. Runs on the primary, whose clock counts.
-- Locks: none.
-- Ids rise by creation, so no index beyond the primary key is needed to find old orders.
SELECT order_id, status,
    created_at < now() - make_interval(secs => :retentionMs!::float8 / 1000) AS "is_old!",
    updated_at < now() - make_interval(secs => :retentionMs!::float8 / 1000) AS "is_unchanged!"
FROM orders
WHERE order_id > :after!
ORDER BY order_id
LIMIT :limit!;

/* @name orderLineCount */
-- Counts the lines of the given orders, in order of their ids, up to :limit lines. Returns the number, and
-- the last of these orders, which may have more lines.
-- Locks: none.
SELECT count(*) AS "lines!", max(counted.order_id) AS "last_order_id?"
FROM (
    SELECT order_id
    FROM order_lines
    WHERE order_id = ANY(:orderIds!::bigint[])
    ORDER BY order_id
    LIMIT :limit!
) AS counted;

/* @name orderLineDelete */
-- Removes the lines of orders that the same transaction removes next.
-- Locks: these rows. Lines never change, so only another removal waits for them.
DELETE FROM order_lines
WHERE order_id = ANY(:orderIds!::bigint[]);

/* @name orderDelete */
-- Removes those of the given orders that have one of the final statuses :statuses, and returns their ids,
-- without those that another removal was faster with.
-- Locks: these rows. It waits for a transaction that holds one of them, and then removes it.
DELETE FROM orders
WHERE order_id = ANY(:orderIds!::bigint[])
  AND status = ANY(:statuses!::text[])
RETURNING order_id;

/* @name orderOpenIds */
-- Reads the ids of up to :limit open orders, on any node: their number, and the ids as integers of 8 bytes,
-- one behind the other, since to read as many rows would hold up a service. One statement and so one
-- snapshot: whatever becomes of an order meanwhile, it is there once or not at all. They are sorted by their
-- ends, since the planner may else read all orders.
-- Locks: none.
SELECT count(*) AS "size!", string_agg(int8send(open.order_id), ''::bytea) AS "ids?"
FROM (
    SELECT order_id FROM orders WHERE status = 'awaiting payment' ORDER BY expires_at, order_id LIMIT :limit!
) AS open;

/* @name orderLineSums */
-- Sums the lines of the given orders by sku, of those that follow the sku :after, up to the sku :upTo, on any
-- node. Lines never change, so they may be read after their orders.
-- Locks: none.
SELECT sku, sum(count) AS "count!"
FROM order_lines
WHERE order_id = ANY(:orderIds!::bigint[])
  AND sku > :after!::bigint
  AND sku <= :upTo!::bigint
GROUP BY sku;

/* @name orderLineAudit */
-- Reads which of the :limit lines that follow (:afterId, :afterSku) have no order, on any node, and in every
-- row how many lines there were and the last one; where all have one there is one row. One statement and so
-- one snapshot, in which an order is whole or absent. OFFSET 0 keeps the planner from reading all orders.
-- Locks: none.
WITH checked AS MATERIALIZED (
    SELECT order_id, sku
    FROM order_lines
    WHERE (order_id, sku) > (:afterId!::bigint, :afterSku!::bigint)
    ORDER BY order_id, sku
    LIMIT :limit!
)
SELECT (SELECT count(*) FROM checked) AS "size!", last.order_id AS "last_id?", last.sku AS "last_sku?",
    stray.order_id AS "order_id?", stray.sku AS "sku?"
FROM (SELECT 1) AS always
LEFT JOIN (SELECT order_id, sku FROM checked ORDER BY order_id DESC, sku DESC LIMIT 1) AS last ON true
LEFT JOIN (
    SELECT checked.order_id, checked.sku
    FROM checked
    LEFT JOIN LATERAL (
        SELECT orders.order_id FROM orders WHERE orders.order_id = checked.order_id OFFSET 0
    ) AS owner ON true
    WHERE owner.order_id IS NULL
) AS stray ON true
ORDER BY stray.order_id, stray.sku;

/* @name orderHoldSum */
-- Sums what open orders hold of a sku. It reads all open orders. OFFSET 0: as in orderHolds.
-- Locks: none. Where the caller holds the stock of the sku through stockLock, none of its orders can change.
SELECT coalesce(sum(line.count), 0)::bigint AS "count!"
FROM orders
CROSS JOIN LATERAL (
    SELECT lines.count
    FROM order_lines AS lines
    WHERE lines.order_id = orders.order_id
      AND lines.sku = :sku!::bigint
    OFFSET 0
) AS line
WHERE orders.status = 'awaiting payment';
