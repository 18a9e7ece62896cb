-- migrate:up transaction:false

-- For lists of a user's orders, newest first. Writes go on while it is built. A build that was interrupted
-- leaves an invalid index: drop it, and migrate again.
CREATE INDEX CONCURRENTLY orders_user_id_order_id ON orders (user_id, order_id);

-- migrate:down transaction:false

DROP INDEX CONCURRENTLY orders_user_id_order_id;
