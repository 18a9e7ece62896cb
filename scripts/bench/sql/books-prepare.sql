-- Run once after the seed: a sku with no pieces.
INSERT INTO stocks (sku, total_count, reserved) VALUES (1000010001, 0, 0);
