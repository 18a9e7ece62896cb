-- migrate:up

-- The ledger: every change of a stock's counters; what the orders of a transaction do to a sku is one row.
-- Each row has the totals after it, so the rows of a sku prove each other, and the last one is the stock.
-- Rows never change. Old ones may be removed, for an opening in the place of the last of them.
-- order_count orders moved the stock together; order_id names the one that did so alone. occurred_at is set
-- where that was before created_at.
-- The columns stand in the order of their width, because PostgreSQL would pad them otherwise.
CREATE TABLE stock_movements (
    sku bigint NOT NULL,
    version bigint NOT NULL,
    total_change bigint NOT NULL,
    reserved_change bigint NOT NULL,
    total_after bigint NOT NULL,
    reserved_after bigint NOT NULL,
    created_at timestamptz NOT NULL,
    occurred_at timestamptz,
    order_id bigint,
    order_count integer NOT NULL,
    kind text NOT NULL,
    reason text,
    reference text,
    note text,
    actor text,
    PRIMARY KEY (sku, version),
    CONSTRAINT stock_movements_kind_is_known CHECK (
        kind IN ('opened', 'received', 'adjusted', 'counted', 'reserved', 'released', 'sold')
    )
);

-- migrate:down

DROP TABLE stock_movements;
