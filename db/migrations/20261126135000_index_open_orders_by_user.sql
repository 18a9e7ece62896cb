-- migrate:up transaction:false

-- For the limit of what the open orders of a user hold. It has the open orders only, so that it stays small
-- whatever the history of a user is. Writes go on while it is built. A build that was interrupted leaves an
-- invalid index: drop it, and migrate again.
CREATE INDEX CONCURRENTLY orders_user_id_open ON orders (user_id)
WHERE status = 'awaiting payment';

-- migrate:down transaction:false

DROP INDEX CONCURRENTLY orders_user_id_open;
