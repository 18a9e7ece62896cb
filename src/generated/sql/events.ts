/** Types generated for queries found in "sql/events.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type bigintArray = (bigint)[];

export type stringArray = (string)[];

/** 'EventBatchInsert' parameters type */
export interface IEventBatchInsertParams {
  endsUs: bigintArray;
  skus: bigintArray;
  subjects: bigintArray;
  traceparents: stringArray;
  types: stringArray;
  versions: bigintArray;
}

/** 'EventBatchInsert' return type */
export type IEventBatchInsertResult = void;

/** 'EventBatchInsert' query type */
export interface IEventBatchInsertQuery {
  params: IEventBatchInsertParams;
  result: IEventBatchInsertResult;
}

const eventBatchInsertIR: any = {"usedParamSet":{"types":true,"subjects":true,"versions":true,"endsUs":true,"traceparents":true,"skus":true},"params":[{"name":"types","required":true,"transform":{"type":"scalar"},"locs":[{"a":535,"b":541},{"a":553,"b":559}]},{"name":"subjects","required":true,"transform":{"type":"scalar"},"locs":[{"a":570,"b":579}]},{"name":"versions","required":true,"transform":{"type":"scalar"},"locs":[{"a":596,"b":605}]},{"name":"endsUs","required":true,"transform":{"type":"scalar"},"locs":[{"a":618,"b":625}]},{"name":"traceparents","required":true,"transform":{"type":"scalar"},"locs":[{"a":638,"b":651}]},{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":662,"b":667}]}],"statement":"-- Writes the events of a transaction. The first five arrays are parallel; the last two of these may be empty.\n-- An end of 0 stands for none, an empty text for no traceparent. It is the last statement of its transaction,\n-- because it draws the id of the batch: a transaction that waits for one of its locks draws a higher id.\n-- Locks: the new row.\nINSERT INTO event_batches (\n    batch_id, created_at, event_count, types, subjects, versions, ends_us, traceparents, skus\n)\nVALUES (\n    nextval('event_batch_ids'), now(), cardinality(:types!::text[]), :types!::text[], :subjects!::bigint[],\n    :versions!::bigint[], :endsUs!::bigint[], :traceparents!::text[], :skus!::bigint[]\n)"};

/**
 * Query generated from SQL:
 * ```
 * -- Writes the events of a transaction. The first five arrays are parallel; the last two of these may be empty.
 * -- An end of 0 stands for none, an empty text for no traceparent. It is the last statement of its transaction,
 * -- because it draws the id of the batch: a transaction that waits for one of its locks draws a higher id.
 * -- Locks: the new row.
 * INSERT INTO event_batches (
 *     batch_id, created_at, event_count, types, subjects, versions, ends_us, traceparents, skus
 * )
 * VALUES (
 *     nextval('event_batch_ids'), now(), cardinality(:types!::text[]), :types!::text[], :subjects!::bigint[],
 *     :versions!::bigint[], :endsUs!::bigint[], :traceparents!::text[], :skus!::bigint[]
 * )
 * ```
 */
export const eventBatchInsert = new PreparedQuery<IEventBatchInsertParams,IEventBatchInsertResult>(eventBatchInsertIR);


/** 'EventBacklog' parameters type */
export interface IEventBacklogParams {
  clockAheadMs: number;
}

/** 'EventBacklog' return type */
export interface IEventBacklogResult {
  waits_ms: number;
}

/** 'EventBacklog' query type */
export interface IEventBacklogQuery {
  params: IEventBacklogParams;
  result: IEventBacklogResult;
}

const eventBacklogIR: any = {"usedParamSet":{"clockAheadMs":true},"params":[{"name":"clockAheadMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":270,"b":283}]}],"statement":"-- Reads for how long the first batch without a position waits for it, in milliseconds; no row without one.\n-- On any node, whose clock is :clockAheadMs ahead of the primary's.\n-- Locks: none.\nSELECT (extract(epoch FROM clock_timestamp() - created_at) * 1000)::float8 - :clockAheadMs!::float8\n    AS \"waits_ms!\"\nFROM event_batches\nWHERE position IS NULL\nORDER BY batch_id\nLIMIT 1"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads for how long the first batch without a position waits for it, in milliseconds; no row without one.
 * -- On any node, whose clock is :clockAheadMs ahead of the primary's.
 * -- Locks: none.
 * SELECT (extract(epoch FROM clock_timestamp() - created_at) * 1000)::float8 - :clockAheadMs!::float8
 *     AS "waits_ms!"
 * FROM event_batches
 * WHERE position IS NULL
 * ORDER BY batch_id
 * LIMIT 1
 * ```
 */
export const eventBacklog = new PreparedQuery<IEventBacklogParams,IEventBacklogResult>(eventBacklogIR);


/** 'EventPublisherLock' parameters type */
export interface IEventPublisherLockParams {
  lock: bigint;
}

/** 'EventPublisherLock' return type */
export interface IEventPublisherLockResult {
  locked: boolean;
}

/** 'EventPublisherLock' query type */
export interface IEventPublisherLockQuery {
  params: IEventPublisherLockParams;
  result: IEventPublisherLockResult;
}

const eventPublisherLockIR: any = {"usedParamSet":{"lock":true},"params":[{"name":"lock","required":true,"transform":{"type":"scalar"},"locs":[{"a":273,"b":278}]}],"statement":"-- Tries to become the only publisher until the transaction ends. The statement behind it, which is sent with\n-- it, has a snapshot of its own, in which everything is that the publisher before has numbered.\n-- Locks: advisory, of the feed.\nSELECT pg_try_advisory_xact_lock(:lock!::bigint) AS \"locked!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Tries to become the only publisher until the transaction ends. The statement behind it, which is sent with
 * -- it, has a snapshot of its own, in which everything is that the publisher before has numbered.
 * -- Locks: advisory, of the feed.
 * SELECT pg_try_advisory_xact_lock(:lock!::bigint) AS "locked!"
 * ```
 */
export const eventPublisherLock = new PreparedQuery<IEventPublisherLockParams,IEventPublisherLockResult>(eventPublisherLockIR);


/** 'EventPublish' parameters type */
export interface IEventPublishParams {
  limit: bigint;
  lock: bigint;
}

/** 'EventPublish' return type */
export interface IEventPublishResult {
  batches: number;
  last_position: bigint | null;
  waiting: number;
}

/** 'EventPublish' query type */
export interface IEventPublishQuery {
  params: IEventPublishParams;
  result: IEventPublishResult;
}

const eventPublishIR: any = {"usedParamSet":{"lock":true,"limit":true},"params":[{"name":"lock","required":true,"transform":{"type":"scalar"},"locs":[{"a":1120,"b":1125}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":1169,"b":1175}]}],"statement":"-- Numbers up to :limit committed batches in the order of their ids, behind all that are numbered, and returns\n-- how many there were, how many it numbered, and the last event's position. Where it runs twice at once,\n-- which eventPublisherLock prevents, the second run finds its first batch numbered by the other, or fails on\n-- the position that the other gave to its first batch. So the caller must roll back a run that numbered less\n-- than there was: the rest of it may overlap with what the other has numbered. Each batch is updated along\n-- the primary key, whatever the statistics show: the range of ids keeps the planner from scanning the table,\n-- and `published_at` in place of `position` from joining with the index of those that wait, of which it\n-- expects one. Without the lock it does nothing; where it gets the lock only here, it may not see what the\n-- publisher before has numbered, and the caller must roll it back too.\n-- Locks: these rows.\nWITH waiting AS MATERIALIZED (\n    SELECT batch_id, event_count\n    FROM event_batches\n    WHERE position IS NULL\n      AND (SELECT pg_try_advisory_xact_lock(:lock!::bigint))\n    ORDER BY batch_id\n    LIMIT :limit!\n),\nnumbered AS MATERIALIZED (\n    SELECT waiting.batch_id,\n        last.position + sum(waiting.event_count) OVER (ORDER BY waiting.batch_id) - waiting.event_count + 1\n            AS position\n    FROM waiting\n    CROSS JOIN (\n        SELECT coalesce(max(position + event_count - 1), 0) AS position\n        FROM (\n            SELECT position, event_count\n            FROM event_batches\n            WHERE position IS NOT NULL\n            ORDER BY position DESC\n            LIMIT 1\n        ) AS newest\n    ) AS last\n),\npublished AS (\n    UPDATE event_batches\n    SET position = numbered.position, published_at = statement_timestamp()\n    FROM numbered\n    WHERE event_batches.batch_id = numbered.batch_id\n      AND event_batches.batch_id >= (SELECT min(waiting.batch_id) FROM waiting)\n      AND event_batches.batch_id <= (SELECT max(waiting.batch_id) FROM waiting)\n      AND event_batches.published_at IS NULL\n    RETURNING event_batches.position + event_batches.event_count - 1 AS last_position\n)\nSELECT count(*)::integer AS \"batches!\", (SELECT count(*) FROM waiting)::integer AS \"waiting!\",\n    max(last_position) AS \"last_position?\"\nFROM published"};

/**
 * Query generated from SQL:
 * ```
 * -- Numbers up to :limit committed batches in the order of their ids, behind all that are numbered, and returns
 * -- how many there were, how many it numbered, and the last event's position. Where it runs twice at once,
 * -- which eventPublisherLock prevents, the second run finds its first batch numbered by the other, or fails on
 * -- the position that the other gave to its first batch. So the caller must roll back a run that numbered less
 * -- than there was: the rest of it may overlap with what the other has numbered. Each batch is updated along
 * -- the primary key, whatever the statistics show: the range of ids keeps the planner from scanning the table,
 * -- and `published_at` in place of `position` from joining with the index of those that wait, of which it
 * -- expects one. Without the lock it does nothing; where it gets the lock only here, it may not see what the
 * -- publisher before has numbered, and the caller must roll it back too.
 * -- Locks: these rows.
 * WITH waiting AS MATERIALIZED (
 *     SELECT batch_id, event_count
 *     FROM event_batches
 *     WHERE position IS NULL
 *       AND (SELECT pg_try_advisory_xact_lock(:lock!::bigint))
 *     ORDER BY batch_id
 *     LIMIT :limit!
 * ),
 * numbered AS MATERIALIZED (
 *     SELECT waiting.batch_id,
 *         last.position + sum(waiting.event_count) OVER (ORDER BY waiting.batch_id) - waiting.event_count + 1
 *             AS position
 *     FROM waiting
 *     CROSS JOIN (
 *         SELECT coalesce(max(position + event_count - 1), 0) AS position
 *         FROM (
 *             SELECT position, event_count
 *             FROM event_batches
 *             WHERE position IS NOT NULL
 *             ORDER BY position DESC
 *             LIMIT 1
 *         ) AS newest
 *     ) AS last
 * ),
 * published AS (
 *     UPDATE event_batches
 *     SET position = numbered.position, published_at = statement_timestamp()
 *     FROM numbered
 *     WHERE event_batches.batch_id = numbered.batch_id
 *       AND event_batches.batch_id >= (SELECT min(waiting.batch_id) FROM waiting)
 *       AND event_batches.batch_id <= (SELECT max(waiting.batch_id) FROM waiting)
 *       AND event_batches.published_at IS NULL
 *     RETURNING event_batches.position + event_batches.event_count - 1 AS last_position
 * )
 * SELECT count(*)::integer AS "batches!", (SELECT count(*) FROM waiting)::integer AS "waiting!",
 *     max(last_position) AS "last_position?"
 * FROM published
 * ```
 */
export const eventPublish = new PreparedQuery<IEventPublishParams,IEventPublishResult>(eventPublishIR);


/** 'EventHead' parameters type */
export type IEventHeadParams = void;

/** 'EventHead' return type */
export interface IEventHeadResult {
  position: bigint;
  us: bigint;
}

/** 'EventHead' query type */
export interface IEventHeadQuery {
  params: IEventHeadParams;
  result: IEventHeadResult;
}

const eventHeadIR: any = {"usedParamSet":{},"params":[],"statement":"-- Reads the position of the last event, and when its batch was published, in microseconds since the epoch, on\n-- any node. Without any event it returns no row.\n-- Locks: none.\nSELECT position + event_count - 1 AS \"position!\",\n    (extract(epoch FROM published_at) * 1000000)::bigint AS \"us!\"\nFROM event_batches\nWHERE position IS NOT NULL\nORDER BY position DESC\nLIMIT 1"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the position of the last event, and when its batch was published, in microseconds since the epoch, on
 * -- any node. Without any event it returns no row.
 * -- Locks: none.
 * SELECT position + event_count - 1 AS "position!",
 *     (extract(epoch FROM published_at) * 1000000)::bigint AS "us!"
 * FROM event_batches
 * WHERE position IS NOT NULL
 * ORDER BY position DESC
 * LIMIT 1
 * ```
 */
export const eventHead = new PreparedQuery<IEventHeadParams,IEventHeadResult>(eventHeadIR);


/** 'EventTail' parameters type */
export type IEventTailParams = void;

/** 'EventTail' return type */
export interface IEventTailResult {
  position: bigint;
}

/** 'EventTail' query type */
export interface IEventTailQuery {
  params: IEventTailParams;
  result: IEventTailResult;
}

const eventTailIR: any = {"usedParamSet":{},"params":[],"statement":"-- Reads the position of the first event that is kept, on any node. Without any event it returns no row.\n-- Locks: none.\nSELECT position AS \"position!\"\nFROM event_batches\nWHERE position IS NOT NULL\nORDER BY position\nLIMIT 1"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the position of the first event that is kept, on any node. Without any event it returns no row.
 * -- Locks: none.
 * SELECT position AS "position!"
 * FROM event_batches
 * WHERE position IS NOT NULL
 * ORDER BY position
 * LIMIT 1
 * ```
 */
export const eventTail = new PreparedQuery<IEventTailParams,IEventTailResult>(eventTailIR);


/** 'EventPositionBefore' parameters type */
export interface IEventPositionBeforeParams {
  beforeUs: bigint;
}

/** 'EventPositionBefore' return type */
export interface IEventPositionBeforeResult {
  position: bigint;
}

/** 'EventPositionBefore' query type */
export interface IEventPositionBeforeQuery {
  params: IEventPositionBeforeParams;
  result: IEventPositionBeforeResult;
}

const eventPositionBeforeIR: any = {"usedParamSet":{"beforeUs":true},"params":[{"name":"beforeUs","required":true,"transform":{"type":"scalar"},"locs":[{"a":992,"b":1001}]}],"statement":"-- Reads a position near the last one up to which all batches were published before a time, in microseconds\n-- since the epoch. Times of batches follow their positions, except where a failover led to a clock that is\n-- behind; so the position is found by halves. On any node.\n-- Locks: none.\nWITH RECURSIVE search AS (\n    SELECT coalesce(first.position, 1) - 1 AS low, coalesce(last.position, 0) AS high\n    FROM (SELECT 1) AS always\n    LEFT JOIN (\n        SELECT position FROM event_batches WHERE position IS NOT NULL ORDER BY position LIMIT 1\n    ) AS first ON true\n    LEFT JOIN (\n        SELECT position FROM event_batches WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1\n    ) AS last ON true\n    UNION ALL\n    SELECT CASE WHEN is_before THEN middle ELSE low END, CASE WHEN is_before THEN high ELSE middle END\n    FROM (\n        SELECT low, high, (low + high) / 2 AS middle,\n            (\n                SELECT batch.published_at\n                    < 'epoch'::timestamptz + :beforeUs!::bigint * interval '1 microsecond'\n                FROM event_batches AS batch\n                WHERE batch.position <= (low + high) / 2\n                ORDER BY batch.position DESC\n                LIMIT 1\n            ) AS is_before\n        FROM search\n        WHERE high - low > 1\n    ) AS halves\n)\nSELECT low AS \"position!\" FROM search ORDER BY high - low LIMIT 1"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads a position near the last one up to which all batches were published before a time, in microseconds
 * -- since the epoch. Times of batches follow their positions, except where a failover led to a clock that is
 * -- behind; so the position is found by halves. On any node.
 * -- Locks: none.
 * WITH RECURSIVE search AS (
 *     SELECT coalesce(first.position, 1) - 1 AS low, coalesce(last.position, 0) AS high
 *     FROM (SELECT 1) AS always
 *     LEFT JOIN (
 *         SELECT position FROM event_batches WHERE position IS NOT NULL ORDER BY position LIMIT 1
 *     ) AS first ON true
 *     LEFT JOIN (
 *         SELECT position FROM event_batches WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1
 *     ) AS last ON true
 *     UNION ALL
 *     SELECT CASE WHEN is_before THEN middle ELSE low END, CASE WHEN is_before THEN high ELSE middle END
 *     FROM (
 *         SELECT low, high, (low + high) / 2 AS middle,
 *             (
 *                 SELECT batch.published_at
 *                     < 'epoch'::timestamptz + :beforeUs!::bigint * interval '1 microsecond'
 *                 FROM event_batches AS batch
 *                 WHERE batch.position <= (low + high) / 2
 *                 ORDER BY batch.position DESC
 *                 LIMIT 1
 *             ) AS is_before
 *         FROM search
 *         WHERE high - low > 1
 *     ) AS halves
 * )
 * SELECT low AS "position!" FROM search ORDER BY high - low LIMIT 1
 * ```
 */
export const eventPositionBefore = new PreparedQuery<IEventPositionBeforeParams,IEventPositionBeforeResult>(eventPositionBeforeIR);


/** 'EventBatchAt' parameters type */
export interface IEventBatchAtParams {
  position: bigint;
}

/** 'EventBatchAt' return type */
export interface IEventBatchAtResult {
  is_empty: boolean;
  last_position: bigint | null;
  now_us: bigint;
  us: bigint | null;
}

/** 'EventBatchAt' query type */
export interface IEventBatchAtQuery {
  params: IEventBatchAtParams;
  result: IEventBatchAtResult;
}

const eventBatchAtIR: any = {"usedParamSet":{"position":true},"params":[{"name":"position","required":true,"transform":{"type":"scalar"},"locs":[{"a":658,"b":667}]}],"statement":"-- Reads the batch that a position is in, or the last one before it, if there is one: the position of its last\n-- event, and when it was published; and what now is, and whether the feed has no event at all. Times are in\n-- microseconds since the epoch. On any node.\n-- Locks: none.\nSELECT batch.last_position AS \"last_position?\", batch.us AS \"us?\",\n    (extract(epoch FROM now()) * 1000000)::bigint AS \"now_us!\", newest.position IS NULL AS \"is_empty!\"\nFROM (SELECT 1) AS always\nLEFT JOIN (\n    SELECT position + event_count - 1 AS last_position,\n        (extract(epoch FROM published_at) * 1000000)::bigint AS us\n    FROM event_batches\n    WHERE position <= :position!::bigint\n    ORDER BY position DESC\n    LIMIT 1\n) AS batch ON true\nLEFT JOIN (\n    SELECT position\n    FROM event_batches\n    WHERE position IS NOT NULL\n    ORDER BY position DESC\n    LIMIT 1\n) AS newest ON true"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the batch that a position is in, or the last one before it, if there is one: the position of its last
 * -- event, and when it was published; and what now is, and whether the feed has no event at all. Times are in
 * -- microseconds since the epoch. On any node.
 * -- Locks: none.
 * SELECT batch.last_position AS "last_position?", batch.us AS "us?",
 *     (extract(epoch FROM now()) * 1000000)::bigint AS "now_us!", newest.position IS NULL AS "is_empty!"
 * FROM (SELECT 1) AS always
 * LEFT JOIN (
 *     SELECT position + event_count - 1 AS last_position,
 *         (extract(epoch FROM published_at) * 1000000)::bigint AS us
 *     FROM event_batches
 *     WHERE position <= :position!::bigint
 *     ORDER BY position DESC
 *     LIMIT 1
 * ) AS batch ON true
 * LEFT JOIN (
 *     SELECT position
 *     FROM event_batches
 *     WHERE position IS NOT NULL
 *     ORDER BY position DESC
 *     LIMIT 1
 * ) AS newest ON true
 * ```
 */
export const eventBatchAt = new PreparedQuery<IEventBatchAtParams,IEventBatchAtResult>(eventBatchAtIR);


/** 'EventRead' parameters type */
export interface IEventReadParams {
  after: bigint;
  scan: bigint;
}

/** 'EventRead' return type */
export interface IEventReadResult {
  created_us: bigint;
  ends_us: string;
  event_count: number;
  position: bigint;
  published_us: bigint;
  subjects: string;
  traceparents: string;
  types: string;
  versions: string;
}

/** 'EventRead' query type */
export interface IEventReadQuery {
  params: IEventReadParams;
  result: IEventReadResult;
}

const eventReadIR: any = {"usedParamSet":{"after":true,"scan":true},"params":[{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":1370,"b":1376},{"a":1495,"b":1501},{"a":1632,"b":1638},{"a":1822,"b":1828},{"a":1984,"b":1990}]},{"name":"scan","required":true,"transform":{"type":"scalar"},"locs":[{"a":1513,"b":1518},{"a":1650,"b":1655}]}],"statement":"-- Reads the events of the :scan positions that follow the position :after, batch by batch in their order, on\n-- any node. position: of the first of them in the batch. The texts have a word for each event: an end of 0\n-- stands for none, an empty traceparent too, and of a batch without any of these the text is empty. With a\n-- row for each event a long read takes more than twice the time. Times are in microseconds since the epoch;\n-- created_us: when the batch was written.\n-- Locks: none.\nSELECT event_batches.position + part.first_place - 1 AS \"position!\",\n    part.last_place - part.first_place + 1 AS \"event_count!\",\n    (extract(epoch FROM event_batches.created_at) * 1000000)::bigint AS \"created_us!\",\n    (extract(epoch FROM event_batches.published_at) * 1000000)::bigint AS \"published_us!\",\n    array_to_string(event_batches.types[part.first_place:(part.last_place)], ' ') AS \"types!\",\n    array_to_string(event_batches.subjects[part.first_place:(part.last_place)], ' ') AS \"subjects!\",\n    array_to_string(event_batches.versions[part.first_place:(part.last_place)], ' ') AS \"versions!\",\n    array_to_string(event_batches.ends_us[part.first_place:(part.last_place)], ' ') AS \"ends_us!\",\n    array_to_string(event_batches.traceparents[part.first_place:(part.last_place)], ' ') AS \"traceparents!\"\nFROM event_batches\nCROSS JOIN LATERAL (\n    SELECT greatest(1, :after!::bigint + 2 - event_batches.position)::integer AS first_place,\n        least(\n            event_batches.event_count, :after!::bigint + :scan!::bigint + 1 - event_batches.position\n        )::integer AS last_place\n) AS part\nWHERE event_batches.position <= :after!::bigint + :scan!::bigint\n  AND event_batches.position >= coalesce(\n      (\n          SELECT before.position\n          FROM event_batches AS before\n          WHERE before.position <= :after!::bigint + 1\n          ORDER BY before.position DESC\n          LIMIT 1\n      ),\n      1\n  )\n  AND event_batches.position + event_batches.event_count - 1 > :after!::bigint\nORDER BY event_batches.position"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the events of the :scan positions that follow the position :after, batch by batch in their order, on
 * -- any node. position: of the first of them in the batch. The texts have a word for each event: an end of 0
 * -- stands for none, an empty traceparent too, and of a batch without any of these the text is empty. With a
 * -- row for each event a long read takes more than twice the time. Times are in microseconds since the epoch;
 * -- created_us: when the batch was written.
 * -- Locks: none.
 * SELECT event_batches.position + part.first_place - 1 AS "position!",
 *     part.last_place - part.first_place + 1 AS "event_count!",
 *     (extract(epoch FROM event_batches.created_at) * 1000000)::bigint AS "created_us!",
 *     (extract(epoch FROM event_batches.published_at) * 1000000)::bigint AS "published_us!",
 *     array_to_string(event_batches.types[part.first_place:(part.last_place)], ' ') AS "types!",
 *     array_to_string(event_batches.subjects[part.first_place:(part.last_place)], ' ') AS "subjects!",
 *     array_to_string(event_batches.versions[part.first_place:(part.last_place)], ' ') AS "versions!",
 *     array_to_string(event_batches.ends_us[part.first_place:(part.last_place)], ' ') AS "ends_us!",
 *     array_to_string(event_batches.traceparents[part.first_place:(part.last_place)], ' ') AS "traceparents!"
 * FROM event_batches
 * CROSS JOIN LATERAL (
 *     SELECT greatest(1, :after!::bigint + 2 - event_batches.position)::integer AS first_place,
 *         least(
 *             event_batches.event_count, :after!::bigint + :scan!::bigint + 1 - event_batches.position
 *         )::integer AS last_place
 * ) AS part
 * WHERE event_batches.position <= :after!::bigint + :scan!::bigint
 *   AND event_batches.position >= coalesce(
 *       (
 *           SELECT before.position
 *           FROM event_batches AS before
 *           WHERE before.position <= :after!::bigint + 1
 *           ORDER BY before.position DESC
 *           LIMIT 1
 *       ),
 *       1
 *   )
 *   AND event_batches.position + event_batches.event_count - 1 > :after!::bigint
 * ORDER BY event_batches.position
 * ```
 */
export const eventRead = new PreparedQuery<IEventReadParams,IEventReadResult>(eventReadIR);


/** 'EventOrderRead' parameters type */
export interface IEventOrderReadParams {
  fewOrders: bigint;
  linesMax: bigint;
  orderIds: bigintArray;
  textMax: bigint;
}

/** 'EventOrderRead' return type */
export interface IEventOrderReadResult {
  lines: string | null;
  user_id: bigint | null;
}

/** 'EventOrderRead' query type */
export interface IEventOrderReadQuery {
  params: IEventOrderReadParams;
  result: IEventOrderReadResult;
}

const eventOrderReadIR: any = {"usedParamSet":{"orderIds":true,"linesMax":true,"fewOrders":true,"textMax":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":544,"b":553},{"a":1041,"b":1050}]},{"name":"linesMax","required":true,"transform":{"type":"scalar"},"locs":[{"a":572,"b":581},{"a":1188,"b":1197}]},{"name":"fewOrders","required":true,"transform":{"type":"scalar"},"locs":[{"a":1142,"b":1152}]},{"name":"textMax","required":true,"transform":{"type":"scalar"},"locs":[{"a":1457,"b":1465}]}],"statement":"-- Reads who ordered and what, which never change, of each order in the order given, on any node: the lines as\n-- `sku count sku count`. Of an order that was removed all is NULL. Rows end where these texts have :textMax\n-- characters; the first row is always there. If all orders together have :linesMax lines or more, only the\n-- first :fewOrders are read: only a part of the others would fit the page.\n-- Locks: none.\nWITH counted AS MATERIALIZED (\n    SELECT count(*) AS lines\n    FROM (\n        SELECT FROM order_lines WHERE order_id = ANY(:orderIds!::bigint[]) LIMIT :linesMax!::bigint\n    ) AS listed\n),\ndescribed AS MATERIALIZED (\n    SELECT wanted.place,\n        (\n            SELECT orders.user_id\n            FROM orders\n            WHERE orders.order_id = wanted.order_id\n        ) AS user_id,\n        (\n            SELECT string_agg(order_lines.sku || ' ' || order_lines.count, ' ' ORDER BY order_lines.sku)\n            FROM order_lines\n            WHERE order_lines.order_id = wanted.order_id\n        ) AS lines\n    FROM unnest(:orderIds!::bigint[]) WITH ORDINALITY AS wanted (order_id, place), counted\n    WHERE wanted.place <= :fewOrders!::bigint\n       OR counted.lines < :linesMax!::bigint\n),\nmeasured AS (\n    SELECT described.*,\n        sum(coalesce(length(lines), 0)) OVER (ORDER BY place) - coalesce(length(lines), 0) AS text_before\n    FROM described\n)\nSELECT user_id AS \"user_id?\", lines AS \"lines?\"\nFROM measured\nWHERE text_before < :textMax!::bigint\nORDER BY place"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads who ordered and what, which never change, of each order in the order given, on any node: the lines as
 * -- `sku count sku count`. Of an order that was removed all is NULL. Rows end where these texts have :textMax
 * -- characters; the first row is always there. If all orders together have :linesMax lines or more, only the
 * -- first :fewOrders are read: only a part of the others would fit the page.
 * -- Locks: none.
 * WITH counted AS MATERIALIZED (
 *     SELECT count(*) AS lines
 *     FROM (
 *         SELECT FROM order_lines WHERE order_id = ANY(:orderIds!::bigint[]) LIMIT :linesMax!::bigint
 *     ) AS listed
 * ),
 * described AS MATERIALIZED (
 *     SELECT wanted.place,
 *         (
 *             SELECT orders.user_id
 *             FROM orders
 *             WHERE orders.order_id = wanted.order_id
 *         ) AS user_id,
 *         (
 *             SELECT string_agg(order_lines.sku || ' ' || order_lines.count, ' ' ORDER BY order_lines.sku)
 *             FROM order_lines
 *             WHERE order_lines.order_id = wanted.order_id
 *         ) AS lines
 *     FROM unnest(:orderIds!::bigint[]) WITH ORDINALITY AS wanted (order_id, place), counted
 *     WHERE wanted.place <= :fewOrders!::bigint
 *        OR counted.lines < :linesMax!::bigint
 * ),
 * measured AS (
 *     SELECT described.*,
 *         sum(coalesce(length(lines), 0)) OVER (ORDER BY place) - coalesce(length(lines), 0) AS text_before
 *     FROM described
 * )
 * SELECT user_id AS "user_id?", lines AS "lines?"
 * FROM measured
 * WHERE text_before < :textMax!::bigint
 * ORDER BY place
 * ```
 */
export const eventOrderRead = new PreparedQuery<IEventOrderReadParams,IEventOrderReadResult>(eventOrderReadIR);


/** 'EventStockRead' parameters type */
export interface IEventStockReadParams {
  skus: bigintArray;
  versions: bigintArray;
}

/** 'EventStockRead' return type */
export interface IEventStockReadResult {
  actor: string | null;
  kind: string;
  note: string | null;
  reason: string | null;
  reference: string | null;
  reserved_after: bigint;
  sku: bigint;
  total_after: bigint;
  total_change: bigint;
  version: bigint;
}

/** 'EventStockRead' query type */
export interface IEventStockReadQuery {
  params: IEventStockReadParams;
  result: IEventStockReadResult;
}

const eventStockReadIR: any = {"usedParamSet":{"skus":true,"versions":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":310,"b":315},{"a":514,"b":519}]},{"name":"versions","required":true,"transform":{"type":"scalar"},"locs":[{"a":328,"b":337}]}],"statement":"-- Reads movements by sku and version, on any node. The arrays are parallel.\n-- Locks: none.\nSELECT movements.sku, movements.version, movements.kind, movements.total_change, movements.total_after,\n    movements.reserved_after, movements.reason, movements.reference, movements.note, movements.actor\nFROM unnest(:skus!::bigint[], :versions!::bigint[]) AS wanted (sku, version)\nJOIN stock_movements AS movements\n    ON movements.sku = wanted.sku\n    AND movements.version = wanted.version\n    AND movements.sku = ANY(:skus!::bigint[])"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads movements by sku and version, on any node. The arrays are parallel.
 * -- Locks: none.
 * SELECT movements.sku, movements.version, movements.kind, movements.total_change, movements.total_after,
 *     movements.reserved_after, movements.reason, movements.reference, movements.note, movements.actor
 * FROM unnest(:skus!::bigint[], :versions!::bigint[]) AS wanted (sku, version)
 * JOIN stock_movements AS movements
 *     ON movements.sku = wanted.sku
 *     AND movements.version = wanted.version
 *     AND movements.sku = ANY(:skus!::bigint[])
 * ```
 */
export const eventStockRead = new PreparedQuery<IEventStockReadParams,IEventStockReadResult>(eventStockReadIR);


/** 'EventSkuRead' parameters type */
export interface IEventSkuReadParams {
  after: bigint;
  afterSku: bigint;
  limit: bigint;
  upTo: bigint;
}

/** 'EventSkuRead' return type */
export interface IEventSkuReadResult {
  reserved: bigint;
  sku: bigint;
  total_count: bigint;
}

/** 'EventSkuRead' query type */
export interface IEventSkuReadQuery {
  params: IEventSkuReadParams;
  result: IEventSkuReadResult;
}

const eventSkuReadIR: any = {"usedParamSet":{"after":true,"upTo":true,"afterSku":true,"limit":true},"params":[{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":433,"b":439}]},{"name":"upTo","required":true,"transform":{"type":"scalar"},"locs":[{"a":485,"b":490}]},{"name":"afterSku","required":true,"transform":{"type":"scalar"},"locs":[{"a":524,"b":533}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":578,"b":584}]}],"statement":"-- Reads the skus that the batches of a range of positions have changed, in ascending order, each once: up to\n-- :limit that follow the sku :afterSku, with the stock that is there now. On any node.\n-- Locks: none.\nSELECT stocks.sku, stocks.total_count, stocks.reserved\nFROM (\n    SELECT DISTINCT changed.sku\n    FROM event_batches\n    CROSS JOIN LATERAL unnest(event_batches.skus) AS changed (sku)\n    WHERE event_batches.position > :after!::bigint\n      AND event_batches.position <= :upTo!::bigint\n      AND changed.sku > :afterSku!::bigint\n    ORDER BY changed.sku\n    LIMIT :limit!\n) AS changed\nJOIN stocks ON stocks.sku = changed.sku\nORDER BY stocks.sku"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the skus that the batches of a range of positions have changed, in ascending order, each once: up to
 * -- :limit that follow the sku :afterSku, with the stock that is there now. On any node.
 * -- Locks: none.
 * SELECT stocks.sku, stocks.total_count, stocks.reserved
 * FROM (
 *     SELECT DISTINCT changed.sku
 *     FROM event_batches
 *     CROSS JOIN LATERAL unnest(event_batches.skus) AS changed (sku)
 *     WHERE event_batches.position > :after!::bigint
 *       AND event_batches.position <= :upTo!::bigint
 *       AND changed.sku > :afterSku!::bigint
 *     ORDER BY changed.sku
 *     LIMIT :limit!
 * ) AS changed
 * JOIN stocks ON stocks.sku = changed.sku
 * ORDER BY stocks.sku
 * ```
 */
export const eventSkuRead = new PreparedQuery<IEventSkuReadParams,IEventSkuReadResult>(eventSkuReadIR);


/** 'EventBatchNth' parameters type */
export interface IEventBatchNthParams {
  after: bigint;
  batches: bigint;
}

/** 'EventBatchNth' return type */
export interface IEventBatchNthResult {
  position: bigint;
  us: bigint;
}

/** 'EventBatchNth' query type */
export interface IEventBatchNthQuery {
  params: IEventBatchNthParams;
  result: IEventBatchNthResult;
}

const eventBatchNthIR: any = {"usedParamSet":{"after":true,"batches":true},"params":[{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":424,"b":430}]},{"name":"batches","required":true,"transform":{"type":"scalar"},"locs":[{"a":472,"b":480}]}],"statement":"-- Reads the last event of the :batches batches that follow a position, and when its batch was published, in\n-- microseconds since the epoch, on any node. Where there is none it returns no row.\n-- Locks: none.\nSELECT position + event_count - 1 AS \"position!\",\n    (extract(epoch FROM published_at) * 1000000)::bigint AS \"us!\"\nFROM (\n    SELECT position, event_count, published_at\n    FROM event_batches\n    WHERE position > :after!::bigint\n    ORDER BY position\n    LIMIT :batches!\n) AS next\nORDER BY position DESC\nLIMIT 1"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the last event of the :batches batches that follow a position, and when its batch was published, in
 * -- microseconds since the epoch, on any node. Where there is none it returns no row.
 * -- Locks: none.
 * SELECT position + event_count - 1 AS "position!",
 *     (extract(epoch FROM published_at) * 1000000)::bigint AS "us!"
 * FROM (
 *     SELECT position, event_count, published_at
 *     FROM event_batches
 *     WHERE position > :after!::bigint
 *     ORDER BY position
 *     LIMIT :batches!
 * ) AS next
 * ORDER BY position DESC
 * LIMIT 1
 * ```
 */
export const eventBatchNth = new PreparedQuery<IEventBatchNthParams,IEventBatchNthResult>(eventBatchNthIR);


/** 'EventBatchDelete' parameters type */
export interface IEventBatchDeleteParams {
  limit: bigint;
  retentionMs: number;
}

/** 'EventBatchDelete' return type */
export interface IEventBatchDeleteResult {
  batches: number;
}

/** 'EventBatchDelete' query type */
export interface IEventBatchDeleteQuery {
  params: IEventBatchDeleteParams;
  result: IEventBatchDeleteResult;
}

const eventBatchDeleteIR: any = {"usedParamSet":{"retentionMs":true,"limit":true},"params":[{"name":"retentionMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":561,"b":573}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":687,"b":693}]}],"statement":"-- Removes up to :limit of the oldest batches, and returns their number: those behind which another one was\n-- published longer than :retentionMs ago too, by the primary's clock. So a reader that has read everything\n-- does not lose its place when the feed was quiet for long, and the last batch stays: the next position\n-- follows from it. What is younger keeps all that follows it, also where a clock went back, so the feed gets\n-- no hole.\n-- Locks: these rows.\nWITH oldest AS MATERIALIZED (\n    SELECT position, published_at < now() - make_interval(secs => :retentionMs!::float8 / 1000) AS is_old\n    FROM event_batches\n    WHERE position IS NOT NULL\n    ORDER BY position\n    LIMIT :limit!::bigint + 1\n),\nlast_old AS (\n    SELECT max(oldest.position) AS position\n    FROM oldest\n    WHERE oldest.position < coalesce(\n        (SELECT min(young.position) FROM oldest AS young WHERE NOT young.is_old),\n        9223372036854775807\n    )\n),\nremoved AS (\n    DELETE FROM event_batches\n    WHERE position = ANY(\n        ARRAY(SELECT oldest.position FROM oldest, last_old WHERE oldest.position < last_old.position)\n    )\n      AND position IS NOT NULL\n    RETURNING position\n)\nSELECT count(*)::integer AS \"batches!\"\nFROM removed"};

/**
 * Query generated from SQL:
 * ```
 * -- Removes up to :limit of the oldest batches, and returns their number: those behind which another one was
 * -- published longer than :retentionMs ago too, by the primary's clock. So a reader that has read everything
 * -- does not lose its place when the feed was quiet for long, and the last batch stays: the next position
 * -- follows from it. What is younger keeps all that follows it, also where a clock went back, so the feed gets
 * -- no hole.
 * -- Locks: these rows.
 * WITH oldest AS MATERIALIZED (
 *     SELECT position, published_at < now() - make_interval(secs => :retentionMs!::float8 / 1000) AS is_old
 *     FROM event_batches
 *     WHERE position IS NOT NULL
 *     ORDER BY position
 *     LIMIT :limit!::bigint + 1
 * ),
 * last_old AS (
 *     SELECT max(oldest.position) AS position
 *     FROM oldest
 *     WHERE oldest.position < coalesce(
 *         (SELECT min(young.position) FROM oldest AS young WHERE NOT young.is_old),
 *         9223372036854775807
 *     )
 * ),
 * removed AS (
 *     DELETE FROM event_batches
 *     WHERE position = ANY(
 *         ARRAY(SELECT oldest.position FROM oldest, last_old WHERE oldest.position < last_old.position)
 *     )
 *       AND position IS NOT NULL
 *     RETURNING position
 * )
 * SELECT count(*)::integer AS "batches!"
 * FROM removed
 * ```
 */
export const eventBatchDelete = new PreparedQuery<IEventBatchDeleteParams,IEventBatchDeleteResult>(eventBatchDeleteIR);


