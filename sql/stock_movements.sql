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

/* @name stockCounterAudit */
-- Compares the :limit skus that follow the sku :after with their last movements, on any node. Returns those
-- that differ, and in every row how many skus there were and the last one; without a difference there is one
-- row. Stock of version 0 is not in the ledger yet. One statement and so one snapshot.
-- Locks: none.
WITH audited AS MATERIALIZED (
    SELECT sku, version, total_count, reserved
    FROM stocks
    WHERE sku > :after!::bigint
    ORDER BY sku
    LIMIT :limit!
)
SELECT bounds.size AS "size!", bounds.last_sku AS "last_sku?", wrong.sku AS "sku?",
    wrong.version AS "version?", wrong.total_count AS "total?", wrong.reserved AS "reserved?",
    wrong.last_version AS "last_version?", wrong.total_after AS "total_after?",
    wrong.reserved_after AS "reserved_after?"
FROM (SELECT count(*) AS size, max(sku) AS last_sku FROM audited) AS bounds
LEFT JOIN (
    SELECT audited.sku, audited.version, audited.total_count, audited.reserved,
        last.version AS last_version, last.total_after, last.reserved_after
    FROM audited
    LEFT JOIN LATERAL (
        SELECT movements.version, movements.total_after, movements.reserved_after
        FROM stock_movements AS movements
        WHERE movements.sku = audited.sku
        ORDER BY movements.version DESC
        LIMIT 1
    ) AS last ON true
    WHERE (audited.version, audited.total_count, audited.reserved)
        <> (coalesce(last.version, 0), coalesce(last.total_after, audited.total_count),
            coalesce(last.reserved_after, audited.reserved))
) AS wrong ON true
ORDER BY wrong.sku;

/* @name stockChainAudit */
-- Checks the :limit movements from (:sku, :version) on, on any node: each of the same sku with the one
-- before. The first of a sku must be an opening, of stock that exists. The first of the window was checked in
-- the window before, if it is of the same sku. Returns the wrong ones, and in every row how many movements
-- there were and the last one; without a wrong one there is one row. OFFSET 0 keeps the planner from reading
-- all stock.
-- Locks: none.
WITH checked AS MATERIALIZED (
    SELECT sku, version, kind, total_change, reserved_change, total_after, reserved_after, created_at
    FROM stock_movements
    WHERE (sku, version) >= (:sku!::bigint, :version!::bigint)
    ORDER BY sku, version
    LIMIT :limit!
),
linked AS (
    SELECT sku, version, kind, created_at,
        total_after - total_change AS total_before, reserved_after - reserved_change AS reserved_before,
        lag(sku) OVER chain AS previous_sku, lag(version) OVER chain AS previous_version,
        lag(total_after) OVER chain AS previous_total, lag(reserved_after) OVER chain AS previous_reserved,
        lag(created_at) OVER chain AS previous_created_at
    FROM checked
    WINDOW chain AS (ORDER BY sku, version)
)
SELECT (SELECT count(*) FROM checked) AS "size!", last.sku AS "last_sku?", last.version AS "last_version?",
    wrong.sku AS "sku?", wrong.version AS "version?", wrong.finding AS "finding?"
FROM (SELECT 1) AS always
LEFT JOIN (SELECT sku, version FROM checked ORDER BY sku DESC, version DESC LIMIT 1) AS last ON true
LEFT JOIN (
    SELECT sku, version, CASE
        WHEN previous_sku = sku THEN 'chain'
        WHEN kind <> 'opened' THEN 'chain'
        ELSE 'noStock'
    END AS finding
    FROM linked
    WHERE CASE
        WHEN previous_sku = sku THEN created_at < previous_created_at
            OR (version, total_before, reserved_before)
                <> (previous_version + 1, previous_total, previous_reserved)
        WHEN sku = :sku! THEN false
        ELSE kind <> 'opened'
            OR NOT EXISTS (SELECT FROM stocks WHERE stocks.sku = linked.sku OFFSET 0)
    END
) AS wrong ON true
ORDER BY wrong.sku, wrong.version;

/* @name stockReservedMoves */
-- Sums what movements added to the reserved pieces of each sku, and what they took, from behind one version
-- up to another, on any node. The arrays are parallel.
-- Locks: none.
SELECT span.sku AS "sku!", moves.added AS "added!", moves.taken AS "taken!"
FROM unnest(:skus!::bigint[], :afters!::bigint[], :upTos!::bigint[]) AS span (sku, after, up_to)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(greatest(reserved_change, 0)), 0)::bigint AS added,
        coalesce(sum(least(reserved_change, 0)), 0)::bigint AS taken
    FROM stock_movements AS movements
    WHERE movements.sku = span.sku
      AND movements.sku = ANY(:skus!::bigint[])
      AND movements.version > span.after
      AND movements.version <= span.up_to
) AS moves;

/* @name stockRepair */
-- Writes a movement that leads from the last one of a sku to the pieces that exist, and to those that open
-- orders hold, which it makes the reserved ones. With stockChange it is the only statement that changes a
-- counter, and it never changes a movement.
-- Locks: none, the caller holds the stock through stockLock.
WITH repaired AS (
    UPDATE stocks
    SET reserved = :held!::bigint,
        version = :version!::bigint,
        changed_at = greatest(statement_timestamp(), stocks.changed_at)
    WHERE stocks.sku = :sku!::bigint
    RETURNING stocks.sku, stocks.version, stocks.total_count, stocks.reserved, stocks.changed_at
)
INSERT INTO stock_movements (
    sku, version, total_change, reserved_change, total_after, reserved_after, created_at, order_count, kind,
    reason
)
SELECT sku, version, :totalChange!::bigint, :reservedChange!::bigint, total_count, reserved, changed_at, 0,
    :kind!, 'repair'
FROM repaired;

/* @name stockMovementRemovalLock */
-- Tries to become the only transaction that removes movements, until it ends. The statements behind it see
-- what the removal before has done. Two at once would each put an opening into the same ledger, the later
-- one without what is between them.
-- Locks: advisory, of the removal.
SELECT pg_try_advisory_xact_lock(:lock!::bigint) AS "locked!";

/* @name stockMovementOld */
-- Reads, of the :skus skus that follow the sku :after, how many of their oldest movements are older than
-- :retentionMs, up to :limit of each, and the last of these, with what it left. Of a sku without any there is
-- a row too, without the last one. Runs on the primary, whose clock counts. Versions have no gap and times
-- follow them, so the last one is found by halves: some 14 movements are read of each sku, not all of them.
-- Locks: none.
WITH RECURSIVE walked AS MATERIALIZED (
    SELECT sku, version
    FROM stocks
    WHERE sku > :after!::bigint
    ORDER BY sku
    LIMIT :skus!
),
search AS (
    SELECT walked.sku, first.version AS first, first.version - 1 AS low,
        least(first.version + :limit!::bigint, walked.version + 1) AS high
    FROM walked
    CROSS JOIN LATERAL (
        SELECT movements.version
        FROM stock_movements AS movements
        WHERE movements.sku = walked.sku
        ORDER BY movements.version
        LIMIT 1
    ) AS first
    UNION ALL
    SELECT sku, first,
        CASE WHEN is_old THEN middle ELSE low END,
        CASE WHEN is_old THEN high ELSE middle END
    FROM (
        SELECT search.*, (low + high) / 2 AS middle,
            (
                SELECT movements.created_at < now() - make_interval(secs => :retentionMs!::float8 / 1000)
                FROM stock_movements AS movements
                WHERE movements.sku = search.sku
                  AND movements.version = (search.low + search.high) / 2
            ) AS is_old
        FROM search
        WHERE high - low > 1
    ) AS halves
)
SELECT walked.sku, coalesce(search.low - search.first + 1, 0) AS "count!", last.version AS "version?",
    last.total_after AS "total_after?", last.reserved_after AS "reserved_after?",
    (extract(epoch FROM last.created_at) * 1000000)::bigint AS "created_us?"
FROM walked
LEFT JOIN search ON search.sku = walked.sku AND search.high - search.low = 1
LEFT JOIN LATERAL (
    SELECT movements.version, movements.total_after, movements.reserved_after, movements.created_at
    FROM stock_movements AS movements
    WHERE movements.sku = walked.sku
      AND movements.version = search.low
    OFFSET 0
) AS last ON true
ORDER BY walked.sku;

/* @name stockMovementDelete */
-- Removes the movements of each sku up to a version. The arrays are parallel. They are found by their places,
-- since a join would read all movements of these skus, also those that stay.
-- Locks: these rows. They never change, and the caller holds stockMovementRemovalLock.
DELETE FROM stock_movements
WHERE sku = ANY(:skus!::bigint[])
  AND ctid = ANY(ARRAY(
    SELECT old.place
    FROM unnest(:skus!::bigint[], :versions!::bigint[]) AS closed (sku, version)
    CROSS JOIN LATERAL (
        SELECT movements.ctid AS place
        FROM stock_movements AS movements
        WHERE movements.sku = closed.sku
          AND movements.version <= closed.version
        OFFSET 0
    ) AS old
));

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
