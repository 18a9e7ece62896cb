-- migrate:up

-- Ids are drawn for a whole batch before its orders are written; see sql/orders.sql.
CREATE SEQUENCE order_ids AS bigint;

-- The status of an order changes at most once, in place: a tenth of each page is left free for it.
CREATE TABLE orders (
    order_id   bigint NOT NULL,
    user_id    bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    status     text NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (order_id),
    CONSTRAINT orders_order_id_is_positive CHECK (order_id > 0),
    CONSTRAINT orders_user_id_is_positive CHECK (user_id > 0),
    CONSTRAINT orders_status_is_known
        CHECK (status IN ('new', 'awaiting payment', 'failed', 'payed', 'cancelled')),
    CONSTRAINT orders_updated_after_created CHECK (updated_at >= created_at)
) WITH (fillfactor = 90);

-- migrate:down

DROP TABLE orders;
DROP SEQUENCE order_ids;
