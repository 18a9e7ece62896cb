-- migrate:up

-- What callers heard under the keys that they sent with new orders, so that the same key gets the same answer.
-- A key is claimed and its order is filled in within one transaction, so nobody else ever reads it without one.
--
-- The order is filled in place: half of each page is left free, and no index covers what is filled in, so that
-- this stays HOT. Keys are compared and sorted as bytes, which is quick and the same on every server.
--
-- There is no foreign key to orders: where tables are spread over machines, a key and its order may lie apart.
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
