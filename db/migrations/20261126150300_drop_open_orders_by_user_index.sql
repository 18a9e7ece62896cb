-- migrate:up transaction:false

-- Only a limit of held pieces per user reads by it, which few set, and every create and change of status
-- wrote it. The index of all orders by user serves that limit too: it reads the orders of the users of a
-- batch.
DROP INDEX CONCURRENTLY IF EXISTS orders_user_id_open;

-- migrate:down transaction:false

CREATE INDEX CONCURRENTLY orders_user_id_open ON orders (user_id)
WHERE status = 'awaiting payment';
