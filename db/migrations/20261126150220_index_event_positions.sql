-- migrate:up

CREATE UNIQUE INDEX event_batches_position ON event_batches (position)
WHERE position IS NOT NULL;

-- migrate:down

DROP INDEX event_batches_position;
