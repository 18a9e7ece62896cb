-- What the primary has done so far. Every transaction that writes draws one id, and none other does; unlike
-- pg_stat_database, which trails by up to a second, ids are exact at any moment.
SELECT
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS transactions,
    (pg_current_wal_insert_lsn() - '0/0')::bigint AS wal_bytes;
