-- migrate:up

-- The event feed: one row for each transaction that changed orders or stock, with all of its events.
-- position: that of its first event in the feed, which has no gaps; NULL until the publisher has set it. The
-- ranges of two batches cannot overlap, because a publisher numbers batches one behind the other: where two
-- of them differ, they begin with the same position, which is unique.
-- types, subjects, versions, ends_us and traceparents are parallel. subjects: the orders, or the skus of changes
-- of stock by hand; versions: theirs. ends_us: those of reservations, where an event is about one, in
-- microseconds since the epoch. ends_us and traceparents are empty where no event has one.
-- skus: those whose counters the transaction changed.
-- Arrays cost a tenth of a row per event: see docs/decisions/event-feed.md.
CREATE TABLE event_batches (
    batch_id bigint NOT NULL,
    position bigint,
    created_at timestamptz NOT NULL,
    event_count integer NOT NULL,
    types text[] NOT NULL,
    subjects bigint[] NOT NULL,
    versions bigint[] NOT NULL,
    ends_us bigint[] NOT NULL,
    traceparents text[] NOT NULL,
    skus bigint[] NOT NULL,
    PRIMARY KEY (batch_id),
    CONSTRAINT event_batches_position_is_unique UNIQUE (position),
    CONSTRAINT event_batches_position_is_positive CHECK (position > 0),
    CONSTRAINT event_batches_has_events CHECK (event_count > 0 AND event_count = cardinality(types))
);

-- migrate:down

DROP TABLE event_batches;
