/*
  The ledger of stock: every change of a counter, written by stockChange (stocks.sql), which describes it.
  The rows of a sku are a chain: the first one is its opening, their versions have no gap, each begins where
  the one before ended, none is older than it, and the last one is the stock.
*/

/* @name stockMovementList */
-- Reads the :limit newest movements of a sku below a version, newest first, on any node.
-- created_us, occurred_us: in microseconds since the epoch.
-- Locks: none.
SELECT version, kind, total_change, reserved_change, total_after, reserved_after, order_id, order_count,
    reason, reference, note, actor,
    (extract(epoch FROM created_at) * 1000000)::bigint AS "created_us!",
    (extract(epoch FROM coalesce(occurred_at, created_at)) * 1000000)::bigint AS "occurred_us!"
FROM stock_movements
WHERE sku = :sku!::bigint
  AND version < :below!::bigint
ORDER BY version DESC
LIMIT :limit!;

/* @name stockAudit */
-- Reads what is wrong with the :limit skus that follow the sku :after, on any node: movements that do not
-- begin where the one before ended, stock that is not what its last movement left, and reserved pieces that
-- are not those of open orders. Stock without movements has not changed since it was added by hand. One
-- statement and so one snapshot, in which each transaction is whole or absent.
-- last_sku: where the next window begins; null behind the last one.
-- Locks: none.
WITH audited AS (
    SELECT sku, version, total_count, reserved
    FROM stocks
    WHERE sku > :after!::bigint
    ORDER BY sku
    LIMIT :limit!
),
bounds AS (
    SELECT CASE WHEN count(*) = :limit! THEN max(sku) END AS last_sku FROM audited
),
held AS (
    SELECT lines.sku, sum(lines.count) AS count
    FROM orders
    JOIN order_lines AS lines ON lines.order_id = orders.order_id
    WHERE orders.status = 'awaiting payment'
      AND lines.sku > :after!::bigint
      AND lines.sku <= (SELECT coalesce(last_sku, 4294967295) FROM bounds)
    GROUP BY lines.sku
),
chain AS (
    SELECT movements.sku, movements.version, movements.kind,
        movements.total_after - movements.total_change AS total_before,
        movements.reserved_after - movements.reserved_change AS reserved_before,
        lag(movements.version) OVER previous AS previous_version,
        lag(movements.total_after) OVER previous AS previous_total,
        lag(movements.reserved_after) OVER previous AS previous_reserved
    FROM stock_movements AS movements
    JOIN audited ON audited.sku = movements.sku
    WINDOW previous AS (PARTITION BY movements.sku ORDER BY movements.version)
),
last AS (
    SELECT DISTINCT ON (movements.sku)
        movements.sku, movements.version, movements.total_after, movements.reserved_after
    FROM stock_movements AS movements
    JOIN audited ON audited.sku = movements.sku
    ORDER BY movements.sku, movements.version DESC
),
findings AS (
    SELECT sku, version, 'chain' AS finding
    FROM chain
    WHERE CASE
        WHEN previous_version IS NULL THEN kind <> 'opened'
        ELSE (version, total_before, reserved_before)
            <> (previous_version + 1, previous_total, previous_reserved)
    END
    UNION ALL
    SELECT audited.sku, audited.version, 'counters'
    FROM audited
    LEFT JOIN last ON last.sku = audited.sku
    WHERE (audited.version, audited.total_count, audited.reserved)
        <> (coalesce(last.version, 0), coalesce(last.total_after, audited.total_count),
            coalesce(last.reserved_after, audited.reserved))
    UNION ALL
    SELECT coalesce(audited.sku, held.sku), coalesce(audited.version, 0), 'reserved'
    FROM audited
    FULL JOIN held ON held.sku = audited.sku
    WHERE coalesce(audited.reserved, 0) <> coalesce(held.count, 0)
)
SELECT bounds.last_sku, findings.sku, findings.version, findings.finding
FROM bounds
LEFT JOIN findings ON true
ORDER BY findings.sku, findings.version;
