-- Run after a reset: what the reset left dead is not for the next step to clean up.
VACUUM (ANALYZE) stocks;
