-- migrate:up

-- What there is of each sku. What can be bought is total_count - reserved.
--
-- A stock row is updated by every batch that touches its sku. Half of each page is left free, and no index
-- covers a counter, so that these updates stay HOT: no index is written and the old versions are pruned as
-- the page is next read.
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
