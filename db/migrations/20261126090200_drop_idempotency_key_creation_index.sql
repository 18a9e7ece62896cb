-- migrate:up transaction:false

-- Nothing looks for keys by the time of their creation any more. An instance of the version before still does
-- until it is replaced: its removal of keys scans the table meanwhile.
DROP INDEX CONCURRENTLY idempotency_keys_created_at;

-- migrate:down transaction:false

CREATE INDEX CONCURRENTLY idempotency_keys_created_at ON idempotency_keys (created_at);
