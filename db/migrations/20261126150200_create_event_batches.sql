-- migrate:up

-- The event feed: one row for each transaction that changed orders or stock, with all of its events.
-- position: that of its first event in the feed, which has no gaps; NULL until the publisher has set it.
-- published_at: when it did. Two publishers at once cannot both commit: a run numbers all batches that it has
-- found or none, and its first position, which is unique, follows the last one that was committed before.
-- types, subjects, versions, ends_us and traceparents are parallel. subjects: the orders, or the skus of
-- changes of stock by hand; versions: theirs. ends_us: those of reservations, where an event is about one, in
-- microseconds since the epoch. ends_us and traceparents are empty where no event has one. skus: those whose
-- counters the transaction changed. Arrays cost a fraction of a row per event: see
-- docs/decisions/event-feed.md. Each batch leaves an entry behind in the index of those that wait, which
-- publishers pass over until a vacuum removes it. Without these settings that comes after a fifth of the
-- table, and leaves out the indexes.
CREATE TABLE event_batches (
    batch_id bigint NOT NULL,
    position bigint,
    published_at timestamptz,
    created_at timestamptz NOT NULL,
    event_count integer NOT NULL,
    types text[] NOT NULL,
    subjects bigint[] NOT NULL,
    versions bigint[] NOT NULL,
    ends_us bigint[] NOT NULL,
    traceparents text[] NOT NULL,
    skus bigint[] NOT NULL,
    PRIMARY KEY (batch_id),
    CONSTRAINT event_batches_position_is_positive CHECK (position > 0),
    CONSTRAINT event_batches_is_published_whole CHECK ((position IS NULL) = (published_at IS NULL)),
    CONSTRAINT event_batches_has_events CHECK (event_count > 0 AND event_count = cardinality(types))
)
WITH (autovacuum_vacuum_scale_factor = 0.01, vacuum_index_cleanup = on);

-- migrate:down

DROP TABLE event_batches;
