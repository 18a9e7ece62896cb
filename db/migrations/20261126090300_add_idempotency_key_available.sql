-- migrate:up

-- What was available to an order that failed, so that a replay names the same shortages: pairs of a line's
-- position, from 0 in the order of skus, and the pieces that the line could have had. A line without a pair
-- could have had none, so skus that do not exist take no room. NULL where the order got all its lines, and in
-- keys of a version that does not know the column. Their shortages are in the column of that name alone.
ALTER TABLE idempotency_keys ADD COLUMN available integer[];

-- migrate:down

ALTER TABLE idempotency_keys DROP COLUMN available;
