-- migrate:up

-- The end of the reservation that the first reply named: a replay names it too, also after an extension.
ALTER TABLE idempotency_keys ADD COLUMN order_expires_at timestamptz;

-- migrate:down

ALTER TABLE idempotency_keys DROP COLUMN order_expires_at;
