-- migrate:up transaction:false

-- For the release of reservations that have ended. Writes go on while it is built. A build that was
-- interrupted leaves an invalid index: drop it, and migrate again.
CREATE INDEX CONCURRENTLY orders_expires_at ON orders (expires_at, order_id)
WHERE status = 'awaiting payment';

-- migrate:down transaction:false

DROP INDEX CONCURRENTLY orders_expires_at;
