-- migrate:up

-- What the publisher reads. Beside it is an index of the batches that have a position: each batch is in one
-- of the two, so neither grows with the other's.
CREATE INDEX event_batches_waiting ON event_batches (batch_id)
WHERE position IS NULL;

-- migrate:down

DROP INDEX event_batches_waiting;
