-- Which order each idempotency key led to.
SELECT key, order_id
FROM idempotency_keys;
