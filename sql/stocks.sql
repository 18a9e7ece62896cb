/*
  Stock of a sku: the pieces that exist (total_count), and those of them that open orders hold (reserved).
  The difference is available. What the orders of a batch do to one sku is summed before these queries run.
*/

/* @name stockLock */
-- Locks the stock of the given skus and reads it. A sku without stock returns no row.
-- Locks: these stock rows, in sku order, so that batches which share skus queue up and never deadlock.
-- After a wait for a row lock, the row is read as the transaction before left it.
SELECT sku, total_count, reserved, version
FROM stocks
WHERE sku = ANY(:skus!::bigint[])
ORDER BY sku
FOR NO KEY UPDATE;

/* @name stockOpen */
-- Adds skus without pieces. The arrays hold no sku twice.
-- Locks: the new rows, in sku order. It waits for another transaction that adds one of them, and fails when
-- that one commits; the caller runs again, and finds the stock.
INSERT INTO stocks (sku)
SELECT fresh.sku
FROM unnest(:skus!::bigint[]) AS fresh (sku)
ORDER BY fresh.sku;

/* @name stockChange */
-- Changes each of the given skus once, and writes its movement to the ledger, with the totals after it.
-- With stockRepair it is the only statement that changes a counter. The arrays are parallel; an order id of 0
-- stands for none or several, an empty text for none. Changes by orders leave the last five arrays empty:
-- unnest then fills them up with NULL. countedAts: of counts only, which occurred at that time.
-- Stock that is not in the ledger yet gets an opening of version 0 before: its state until then.
-- The time of a movement is that of this statement, which runs behind the wait for the lock. So the movements
-- of a sku have times in the order of their versions, also after a failover to a clock that is behind.
-- Locks: none, the caller holds them through stockLock. The table's CHECK rejects an oversell.
WITH changed AS (
    UPDATE stocks
    SET total_count = stocks.total_count + change.total,
        reserved = stocks.reserved + change.reserved,
        version = stocks.version + 1,
        changed_at = greatest(statement_timestamp(), stocks.changed_at),
        counted_at = coalesce(change.counted_at, stocks.counted_at)
    FROM unnest(
        :skus!::bigint[], :kinds!::text[], :totalChanges!::bigint[], :reservedChanges!::bigint[],
        :orderIds!::bigint[], :orderCounts!::integer[], :countedAts!::text[]::timestamptz[],
        :reasons!::text[], :references!::text[], :notes!::text[], :actors!::text[]
    ) AS change (
        sku, kind, total, reserved, order_id, order_count, counted_at, reason, reference, note, actor
    )
    WHERE stocks.sku = change.sku
      AND stocks.sku = ANY(:skus!::bigint[])
    RETURNING stocks.sku, stocks.version, stocks.total_count, stocks.reserved, stocks.changed_at,
        change.kind, change.total AS total_change, change.reserved AS reserved_change, change.order_id,
        change.order_count, change.counted_at, change.reason, change.reference, change.note, change.actor
)
INSERT INTO stock_movements (
    sku, version, total_change, reserved_change, total_after, reserved_after, created_at, occurred_at,
    order_id, order_count, kind, reason, reference, note, actor
)
SELECT sku, version, total_change, reserved_change, total_count, reserved, changed_at, counted_at,
    nullif(order_id, 0), order_count, kind, nullif(reason, ''), nullif(reference, ''), nullif(note, ''),
    nullif(actor, '')
FROM changed
UNION ALL
SELECT sku, 0, 0, 0, total_count - total_change, reserved - reserved_change, changed_at, NULL, NULL, 0,
    'opened', NULL, NULL, NULL, NULL
FROM changed
WHERE version = 1;

/* @name stockCountRead */
-- For each count of a sku at a time: what has changed its total since, by the movements behind that time,
-- except counts, whose time is when they were taken; when the sku was counted last; and what now is. Times
-- are in microseconds since the epoch. The arrays are parallel, and may hold a sku more than once. Versions
-- have no gap and times follow them, so the first version behind the time is found by halves.
-- Locks: none, the caller holds the stock through stockLock, so no movement is missing.
WITH RECURSIVE counts AS (
    SELECT sent.position, sent.sku, sent.counted_at
    FROM unnest(:skus!::bigint[], :countedAts!::text[]::timestamptz[])
        WITH ORDINALITY AS sent (sku, counted_at, position)
),
search AS (
    SELECT counts.position, counts.sku, counts.counted_at, first.version - 1 AS low,
        stocks.version + 1 AS high
    FROM counts
    JOIN stocks ON stocks.sku = counts.sku AND stocks.sku = ANY(:skus!::bigint[])
    CROSS JOIN LATERAL (
        SELECT movements.version
        FROM stock_movements AS movements
        WHERE movements.sku = counts.sku
        ORDER BY movements.version
        LIMIT 1
    ) AS first
    UNION ALL
    SELECT position, sku, counted_at,
        CASE WHEN is_before THEN middle ELSE low END,
        CASE WHEN is_before THEN high ELSE middle END
    FROM (
        SELECT search.*, (low + high) / 2 AS middle,
            (
                SELECT movements.created_at <= search.counted_at
                FROM stock_movements AS movements
                WHERE movements.sku = search.sku
                  AND movements.version = (search.low + search.high) / 2
            ) AS is_before
        FROM search
        WHERE high - low > 1
    ) AS halves
)
SELECT (extract(epoch FROM stocks.counted_at) * 1000000)::bigint AS "counted_us?",
    (extract(epoch FROM statement_timestamp()) * 1000000)::bigint AS "now_us!",
    (
        coalesce(
            stocks.total_count - (
                SELECT movements.total_after - movements.total_change
                FROM stock_movements AS movements
                WHERE movements.sku = search.sku
                  AND movements.version = search.high
            ), 0
        ) - coalesce(
            (
                SELECT sum(movements.total_change)
                FROM stock_movements AS movements
                WHERE movements.sku = search.sku
                  AND movements.version >= search.high
                  AND movements.kind = 'counted'
            ), 0
        )
    )::bigint AS "changed!"
FROM counts
LEFT JOIN stocks ON stocks.sku = counts.sku AND stocks.sku = ANY(:skus!::bigint[])
LEFT JOIN search ON search.position = counts.position AND search.high - search.low = 1
ORDER BY counts.position;

/* @name stockRead */
-- Reads the stock of the given skus, on any node. A sku without stock returns no row.
-- Locks: none.
SELECT sku, total_count, reserved
FROM stocks
WHERE sku = ANY(:skus!::bigint[]);

/* @name stockList */
-- Reads the stock of the :limit skus that follow the sku :after, in order, on any node.
-- Locks: none.
SELECT sku, total_count, reserved
FROM stocks
WHERE sku > :after!::bigint
ORDER BY sku
LIMIT :limit!;

/* @name stockVersionList */
-- Reads what is reserved of the :limit skus that follow the sku :after, up to the sku :upTo, in order, on any
-- node, and of which movement that is.
-- Locks: none.
SELECT sku, reserved, version
FROM stocks
WHERE sku > :after!::bigint
  AND sku <= :upTo!::bigint
ORDER BY sku
LIMIT :limit!;
