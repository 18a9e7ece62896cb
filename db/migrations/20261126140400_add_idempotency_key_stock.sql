-- migrate:up

-- What a change of stock under this key has read: total and reserved of each of its skus, in its order. A
-- replay decides the same request on the same numbers. NULL for an order.
ALTER TABLE idempotency_keys ADD COLUMN stock_before bigint[];

-- migrate:down

ALTER TABLE idempotency_keys DROP COLUMN stock_before;
