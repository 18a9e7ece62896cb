-- Run after a reset: what it left dead is not for what comes next to clean up.
VACUUM (ANALYZE) stocks;
