-- Seed design, first transaction: the order, in the status in which it is yet to be decided.
INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
VALUES (nextval('order_ids'), $1, 'new', now(), now())
RETURNING order_id;
