-- How many sessions of others are in a transaction, and how many transactions have written so far: a load's
-- last requests may still be worked on, or wait for their turn in the service.
SELECT
    (SELECT count(*)
     FROM pg_stat_activity
     WHERE datname = current_database()
       AND pid <> pg_backend_pid()
       AND backend_type = 'client backend'
       AND state <> 'idle')::integer AS busy,
    pg_snapshot_xmax(pg_current_snapshot())::text AS transactions;
