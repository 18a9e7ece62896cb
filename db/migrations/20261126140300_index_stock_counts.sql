-- migrate:up

-- For what counts have corrected since a version. Movements by orders are not in it.
CREATE INDEX stock_movements_counts ON stock_movements (sku, version) WHERE kind = 'counted';

-- migrate:down

DROP INDEX stock_movements_counts;
