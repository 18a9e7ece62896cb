-- migrate:up

-- The outcome of each create by idempotency key, so that a retry gets the original reply. A key is claimed
-- and its order recorded within one transaction, so no other transaction reads a key without its order.
--
-- The order is recorded in place: half of each page is left free, and no index covers what is recorded, so
-- these updates stay HOT. Keys are compared and sorted as bytes, which is fast and the same on every server.
--
-- There is no foreign key to orders: in a sharded database a key and its order may be on different nodes.
CREATE TABLE idempotency_keys (
    created_at   timestamptz NOT NULL,
    order_id     bigint,
    caller       text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    request_hash bytea NOT NULL,
    shortages    jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, key),
    CONSTRAINT idempotency_keys_key_is_printable CHECK (length(key) BETWEEN 1 AND 255 AND key !~ '[^ -~]'),
    CONSTRAINT idempotency_keys_request_hash_is_sha256 CHECK (octet_length(request_hash) = 32),
    CONSTRAINT idempotency_keys_order_id_is_positive CHECK (order_id > 0),
    CONSTRAINT idempotency_keys_shortages_is_list CHECK (jsonb_typeof(shortages) = 'array')
) WITH (fillfactor = 50);

-- For the removal of old keys, oldest first.
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);

-- migrate:down

DROP TABLE idempotency_keys;
