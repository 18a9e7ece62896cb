-- migrate:up

-- When what a failed order was short of would have come free, so that a replay names the same times: pairs of
-- a line's position, as in the column available, and the time in microseconds since the epoch. NULL without
-- any, and in keys of a version that does not know the column.
ALTER TABLE idempotency_keys ADD COLUMN available_at bigint[];

-- migrate:down

ALTER TABLE idempotency_keys DROP COLUMN available_at;
