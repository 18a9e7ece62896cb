/*
  The event feed. A transaction that changes orders, or stock by hand, writes its events as one batch, without
  a position. The publisher numbers the batches that are committed, in the order of their ids. So the feed has
  no gaps, and what changed the same order or sku comes in the order of the commits: a batch draws its id
  behind the last lock of its transaction, which keeps the locks until the commit.
*/

/* @name eventBatchInsert */
-- Writes the events of a transaction. The first five arrays are parallel; the last two of these may be empty.
-- An end of 0 stands for none, an empty text for no traceparent. It is the last statement of its transaction,
-- because it draws the id of the batch: a transaction that waits for one of its locks draws a higher id.
-- Locks: the new row.
INSERT INTO event_batches (
    batch_id, created_at, event_count, types, subjects, versions, ends_us, traceparents, skus
)
VALUES (
    nextval('event_batch_ids'), now(), cardinality(:types!::text[]), :types!::text[], :subjects!::bigint[],
    :versions!::bigint[], :endsUs!::bigint[], :traceparents!::text[], :skus!::bigint[]
);

/* @name eventBacklog */
-- Reads for how long the first batch without a position waits for it, in milliseconds; no row without one.
-- On any node, whose clock is :clockAheadMs ahead of the primary's.
-- Locks: none.
SELECT (extract(epoch FROM clock_timestamp() - created_at) * 1000)::float8 - :clockAheadMs!::float8
    AS "waits_ms!"
FROM event_batches
WHERE position IS NULL
ORDER BY batch_id
LIMIT 1;

/* @name eventPublisherLock */
-- Tries to become the only publisher until the transaction ends. The statement behind it, which is sent with
-- it, has a snapshot of its own, in which everything is that the publisher before has numbered.
-- Locks: advisory, of the feed.
SELECT pg_try_advisory_xact_lock(:lock!::bigint) AS "locked!";

/* @name eventPublish */
-- Numbers up to :limit committed batches in the order of their ids, behind all that are numbered, and returns
-- how many there were, how many it numbered, and the last event's position. Where it runs twice at once,
-- which eventPublisherLock prevents, the second run finds its first batch numbered by the other, or fails on
-- the position that the other gave to its first batch. So the caller must roll back a run that numbered less
-- than there was: the rest of it may overlap with what the other has numbered. Each batch is updated along
-- the primary key, whatever the statistics show: the range of ids keeps the planner from scanning the table,
-- and `published_at` in place of `position` from joining with the index of those that wait, of which it
-- expects one. Without the lock it does nothing; where it gets the lock only here, it may not see what the
-- publisher before has numbered, and the caller must roll it back too.
-- Locks: these rows.
WITH waiting AS MATERIALIZED (
    SELECT batch_id, event_count
    FROM event_batches
    WHERE position IS NULL
      AND (SELECT pg_try_advisory_xact_lock(:lock!::bigint))
    ORDER BY batch_id
    LIMIT :limit!
),
numbered AS MATERIALIZED (
    SELECT waiting.batch_id,
        last.position + sum(waiting.event_count) OVER (ORDER BY waiting.batch_id) - waiting.event_count + 1
            AS position
    FROM waiting
    CROSS JOIN (
        SELECT coalesce(max(position + event_count - 1), 0) AS position
        FROM (
            SELECT position, event_count
            FROM event_batches
            WHERE position IS NOT NULL
            ORDER BY position DESC
            LIMIT 1
        ) AS newest
    ) AS last
),
published AS (
    UPDATE event_batches
    SET position = numbered.position, published_at = statement_timestamp()
    FROM numbered
    WHERE event_batches.batch_id = numbered.batch_id
      AND event_batches.batch_id >= (SELECT min(waiting.batch_id) FROM waiting)
      AND event_batches.batch_id <= (SELECT max(waiting.batch_id) FROM waiting)
      AND event_batches.published_at IS NULL
    RETURNING event_batches.position + event_batches.event_count - 1 AS last_position
)
SELECT count(*)::integer AS "batches!", (SELECT count(*) FROM waiting)::integer AS "waiting!",
    max(last_position) AS "last_position?"
FROM published;

/* @name eventHead */
-- Reads the position of the last event, and when its batch was published, in microseconds since the epoch, on
-- any node. Without any event it returns no row.
-- Locks: none.
SELECT position + event_count - 1 AS "position!",
    (extract(epoch FROM published_at) * 1000000)::bigint AS "us!"
FROM event_batches
WHERE position IS NOT NULL
ORDER BY position DESC
LIMIT 1;

/* @name eventTail */
-- Reads the position of the first event that is kept, on any node. Without any event it returns no row.
-- Locks: none.
SELECT position AS "position!"
FROM event_batches
WHERE position IS NOT NULL
ORDER BY position
LIMIT 1;

/* @name eventPositionBefore */
-- Reads a position near the last one up to which all batches were published before a time, in microseconds
-- since the epoch. Times of batches follow their positions, except where a failover led to a clock that is
-- behind; so the position is found by halves. On any node.
-- Locks: none.
WITH RECURSIVE search AS (
    SELECT coalesce(first.position, 1) - 1 AS low, coalesce(last.position, 0) AS high
    FROM (SELECT 1) AS always
    LEFT JOIN (
        SELECT position FROM event_batches WHERE position IS NOT NULL ORDER BY position LIMIT 1
    ) AS first ON true
    LEFT JOIN (
        SELECT position FROM event_batches WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1
    ) AS last ON true
    UNION ALL
    SELECT CASE WHEN is_before THEN middle ELSE low END, CASE WHEN is_before THEN high ELSE middle END
    FROM (
        SELECT low, high, (low + high) / 2 AS middle,
            (
                SELECT batch.published_at
                    < 'epoch'::timestamptz + :beforeUs!::bigint * interval '1 microsecond'
                FROM event_batches AS batch
                WHERE batch.position <= (low + high) / 2
                ORDER BY batch.position DESC
                LIMIT 1
            ) AS is_before
        FROM search
        WHERE high - low > 1
    ) AS halves
)
SELECT low AS "position!" FROM search ORDER BY high - low LIMIT 1;

/* @name eventBatchAt */
-- Reads the batch that a position is in, or the last one before it, if there is one: the position of its last
-- event, and when it was published; and what now is, and whether the feed has no event at all. Times are in
-- microseconds since the epoch. On any node.
-- Locks: none.
SELECT batch.last_position AS "last_position?", batch.us AS "us?",
    (extract(epoch FROM now()) * 1000000)::bigint AS "now_us!", newest.position IS NULL AS "is_empty!"
FROM (SELECT 1) AS always
LEFT JOIN (
    SELECT position + event_count - 1 AS last_position,
        (extract(epoch FROM published_at) * 1000000)::bigint AS us
    FROM event_batches
    WHERE position <= :position!::bigint
    ORDER BY position DESC
    LIMIT 1
) AS batch ON true
LEFT JOIN (
    SELECT position
    FROM event_batches
    WHERE position IS NOT NULL
    ORDER BY position DESC
    LIMIT 1
) AS newest ON true;

/* @name eventRead */
-- Reads the events of the :scan positions that follow the position :after, batch by batch in their order, on
-- any node. position: of the first of them in the batch. The texts have a word for each event: an end of 0
-- stands for none, an empty traceparent too, and of a batch without any of these the text is empty. With a
-- row for each event a long read takes more than twice the time. Times are in microseconds since the epoch;
-- created_us: when the batch was written.
-- Locks: none.
SELECT event_batches.position + part.first_place - 1 AS "position!",
    part.last_place - part.first_place + 1 AS "event_count!",
    (extract(epoch FROM event_batches.created_at) * 1000000)::bigint AS "created_us!",
    (extract(epoch FROM event_batches.published_at) * 1000000)::bigint AS "published_us!",
    array_to_string(event_batches.types[part.first_place:(part.last_place)], ' ') AS "types!",
    array_to_string(event_batches.subjects[part.first_place:(part.last_place)], ' ') AS "subjects!",
    array_to_string(event_batches.versions[part.first_place:(part.last_place)], ' ') AS "versions!",
    array_to_string(event_batches.ends_us[part.first_place:(part.last_place)], ' ') AS "ends_us!",
    array_to_string(event_batches.traceparents[part.first_place:(part.last_place)], ' ') AS "traceparents!"
FROM event_batches
CROSS JOIN LATERAL (
    SELECT greatest(1, :after!::bigint + 2 - event_batches.position)::integer AS first_place,
        least(
            event_batches.event_count, :after!::bigint + :scan!::bigint + 1 - event_batches.position
        )::integer AS last_place
) AS part
WHERE event_batches.position <= :after!::bigint + :scan!::bigint
  AND event_batches.position >= coalesce(
      (
          SELECT before.position
          FROM event_batches AS before
          WHERE before.position <= :after!::bigint + 1
          ORDER BY before.position DESC
          LIMIT 1
      ),
      1
  )
  AND event_batches.position + event_batches.event_count - 1 > :after!::bigint
ORDER BY event_batches.position;

/* @name eventOrderRead */
-- Reads who ordered and what, which never change, of each order in the order given, on any node: the lines as
-- `sku count sku count`. Of an order that was removed all is NULL. Rows end where these texts have :textMax
-- characters; the first row is always there. If all orders together have :linesMax lines or more, only the
-- first :fewOrders are read: only a part of the others would fit the page.
-- Locks: none.
WITH counted AS MATERIALIZED (
    SELECT count(*) AS lines
    FROM (
        SELECT FROM order_lines WHERE order_id = ANY(:orderIds!::bigint[]) LIMIT :linesMax!::bigint
    ) AS listed
),
described AS MATERIALIZED (
    SELECT wanted.place,
        (
            SELECT orders.user_id
            FROM orders
            WHERE orders.order_id = wanted.order_id
        ) AS user_id,
        (
            SELECT string_agg(order_lines.sku || ' ' || order_lines.count, ' ' ORDER BY order_lines.sku)
            FROM order_lines
            WHERE order_lines.order_id = wanted.order_id
        ) AS lines
    FROM unnest(:orderIds!::bigint[]) WITH ORDINALITY AS wanted (order_id, place), counted
    WHERE wanted.place <= :fewOrders!::bigint
       OR counted.lines < :linesMax!::bigint
),
measured AS (
    SELECT described.*,
        sum(coalesce(length(lines), 0)) OVER (ORDER BY place) - coalesce(length(lines), 0) AS text_before
    FROM described
)
SELECT user_id AS "user_id?", lines AS "lines?"
FROM measured
WHERE text_before < :textMax!::bigint
ORDER BY place;

/* @name eventStockRead */
-- Reads movements by sku and version, on any node. The arrays are parallel.
-- Locks: none.
SELECT movements.sku, movements.version, movements.kind, movements.total_change, movements.total_after,
    movements.reserved_after, movements.reason, movements.reference, movements.note, movements.actor
FROM unnest(:skus!::bigint[], :versions!::bigint[]) AS wanted (sku, version)
JOIN stock_movements AS movements
    ON movements.sku = wanted.sku
    AND movements.version = wanted.version
    AND movements.sku = ANY(:skus!::bigint[]);

/* @name eventSkuRead */
-- Reads the skus that the batches of a range of positions have changed, in ascending order, each once: up to
-- :limit that follow the sku :afterSku, with the stock that is there now. On any node.
-- Locks: none.
SELECT stocks.sku, stocks.total_count, stocks.reserved
FROM (
    SELECT DISTINCT changed.sku
    FROM event_batches
    CROSS JOIN LATERAL unnest(event_batches.skus) AS changed (sku)
    WHERE event_batches.position > :after!::bigint
      AND event_batches.position <= :upTo!::bigint
      AND changed.sku > :afterSku!::bigint
    ORDER BY changed.sku
    LIMIT :limit!
) AS changed
JOIN stocks ON stocks.sku = changed.sku
ORDER BY stocks.sku;

/* @name eventBatchNth */
-- Reads the last event of the :batches batches that follow a position, and when its batch was published, in
-- microseconds since the epoch, on any node. Where there is none it returns no row.
-- Locks: none.
SELECT position + event_count - 1 AS "position!",
    (extract(epoch FROM published_at) * 1000000)::bigint AS "us!"
FROM (
    SELECT position, event_count, published_at
    FROM event_batches
    WHERE position > :after!::bigint
    ORDER BY position
    LIMIT :batches!
) AS next
ORDER BY position DESC
LIMIT 1;

/* @name eventBatchDelete */
-- Removes up to :limit of the oldest batches, and returns their number: those behind which another one was
-- published longer than :retentionMs ago too, by the primary's clock. So a reader that has read everything
-- does not lose its place when the feed was quiet for long, and the last batch stays: the next position
-- follows from it. What is younger keeps all that follows it, also where a clock went back, so the feed gets
-- no hole.
-- Locks: these rows.
WITH oldest AS MATERIALIZED (
    SELECT position, published_at < now() - make_interval(secs => :retentionMs!::float8 / 1000) AS is_old
    FROM event_batches
    WHERE position IS NOT NULL
    ORDER BY position
    LIMIT :limit!::bigint + 1
),
last_old AS (
    SELECT max(oldest.position) AS position
    FROM oldest
    WHERE oldest.position < coalesce(
        (SELECT min(young.position) FROM oldest AS young WHERE NOT young.is_old),
        9223372036854775807
    )
),
removed AS (
    DELETE FROM event_batches
    WHERE position = ANY(
        ARRAY(SELECT oldest.position FROM oldest, last_old WHERE oldest.position < last_old.position)
    )
      AND position IS NOT NULL
    RETURNING position
)
SELECT count(*)::integer AS "batches!"
FROM removed;
