-- migrate:up

-- An id is drawn behind the last lock of a transaction; see sql/events.sql.
CREATE SEQUENCE event_batch_ids AS bigint;

-- migrate:down

DROP SEQUENCE event_batch_ids;
