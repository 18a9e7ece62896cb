-- migrate:up

-- The pieces of each sku: total_count - reserved is available.
--
-- A stock row is updated by every batch that touches its sku. Half of each page is left free, and no index
-- covers a counter, so these updates stay HOT: no index is written, and old versions are pruned when the page
-- is read next.
CREATE TABLE stocks (
    sku         bigint NOT NULL,
    total_count bigint NOT NULL,
    reserved    bigint NOT NULL,
    CONSTRAINT stocks_pkey PRIMARY KEY (sku),
    CONSTRAINT stocks_sku_is_uint32 CHECK (sku BETWEEN 1 AND 4294967295),
    CONSTRAINT stocks_reserved_is_covered CHECK (0 <= reserved AND reserved <= total_count)
) WITH (fillfactor = 50);

-- migrate:down

DROP TABLE stocks;
