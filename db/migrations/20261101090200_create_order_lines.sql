-- migrate:up

-- The lines of an order: written with it, never changed. One line per sku.
--
-- There is no foreign key to stocks, because an order may name a sku that has no stock (it then failed).
CREATE TABLE order_lines (
    order_id bigint NOT NULL,
    sku      bigint NOT NULL,
    count    integer NOT NULL,
    CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, sku),
    CONSTRAINT order_lines_order_fkey FOREIGN KEY (order_id) REFERENCES orders (order_id),
    CONSTRAINT order_lines_sku_is_uint32 CHECK (sku BETWEEN 1 AND 4294967295),
    CONSTRAINT order_lines_count_in_range CHECK (count BETWEEN 1 AND 65535)
);

-- migrate:down

DROP TABLE order_lines;
