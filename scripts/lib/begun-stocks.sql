-- Run once, on stock that nobody has touched yet: a note of what every sku begins with.
CREATE TABLE begun_stocks AS SELECT sku, total_count FROM stocks;
