-- migrate:up transaction:false

-- For the removal of keys after their end. Writes go on while it is built. A build that was interrupted
-- leaves an invalid index: drop it, and migrate again.
CREATE INDEX CONCURRENTLY idempotency_keys_expires_at ON idempotency_keys (expires_at);

-- migrate:down transaction:false

DROP INDEX CONCURRENTLY idempotency_keys_expires_at;
