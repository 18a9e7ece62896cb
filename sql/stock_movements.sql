/*
  The ledger of stock: every change of a counter, written by stockChange (stocks.sql), which describes it.
  The rows of a sku are a chain: the first one is its opening, their versions have no gap, each begins where
  the one before ended, none is older than it, and the last one is the stock.
*/

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

/* @name stockMovementOld */
-- Reads, of the :skus skus that follow the sku :after, how many of their oldest movements are older than
-- :retentionMs, up to :limit of each, and the last of these, with what it left. Of a sku without any there is
-- a row too, without the last one. Runs on the primary, whose clock counts. Times follow the versions, so no
-- index on time is needed.
-- Locks: none.
SELECT walked.sku, old.count AS "count!", last.version AS "version?", last.total_after AS "total_after?",
    last.reserved_after AS "reserved_after?",
    (extract(epoch FROM last.created_at) * 1000000)::bigint AS "created_us?"
FROM (SELECT sku FROM stocks WHERE sku > :after!::bigint ORDER BY sku LIMIT :skus!) AS walked
CROSS JOIN LATERAL (
    SELECT count(*) AS count, max(oldest.version) AS version
    FROM (
        SELECT version, created_at
        FROM stock_movements
        WHERE stock_movements.sku = walked.sku
        ORDER BY version
        LIMIT :limit!
    ) AS oldest
    WHERE oldest.created_at < now() - make_interval(secs => :retentionMs!::float8 / 1000)
) AS old
LEFT JOIN stock_movements AS last ON last.sku = walked.sku AND last.version = old.version
ORDER BY walked.sku;

/* @name stockMovementDelete */
-- Removes the movements of each sku up to a version, and returns those of exactly that version: none where
-- another instance was faster. The arrays are parallel.
-- Locks: these rows. They never change, so only another removal waits for them.
WITH removed AS (
    DELETE FROM stock_movements AS movements
    USING unnest(:skus!::bigint[], :versions!::bigint[]) AS closed (sku, version)
    WHERE movements.sku = closed.sku
      AND movements.version <= closed.version
      AND movements.sku = ANY(:skus!::bigint[])
    RETURNING movements.sku, movements.version, closed.version AS closed_version
)
SELECT sku, version, (SELECT count(*) FROM removed) AS "count!"
FROM removed
WHERE version = closed_version;

/* @name stockMovementReopen */
-- Writes openings in the place of movements that this transaction has removed, with what they left. The
-- arrays are parallel; times are in microseconds since the epoch.
-- Locks: the new rows.
INSERT INTO stock_movements (
    sku, version, total_change, reserved_change, total_after, reserved_after, created_at, order_count, kind
)
SELECT opening.sku, opening.version, 0, 0, opening.total, opening.reserved,
    'epoch'::timestamptz + opening.created_us * interval '1 microsecond', 0, 'opened'
FROM unnest(
    :skus!::bigint[], :versions!::bigint[], :totals!::bigint[], :reserved!::bigint[], :createdUs!::bigint[]
) AS opening (sku, version, total, reserved, created_us);
