-- Run once after the seed: a sku with no pieces, and a note of what every sku began with.
INSERT INTO stocks (sku, total_count, reserved) VALUES (1000010001, 0, 0);

CREATE TABLE bench_stocks AS SELECT sku, total_count FROM stocks;
