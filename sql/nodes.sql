/*
  What the connection router asks a database node about itself, and the service about its schema.
*/

/* @name nodeState */
-- Tells a node's role and, for a replica, the slot that it streams through and how much WAL, in bytes since
-- the beginning, it has received and replayed. Run on every node. No lock.
SELECT
    pg_is_in_recovery() AS "in_recovery!",
    (SELECT slot_name FROM pg_stat_wal_receiver WHERE status = 'streaming') AS "slot_name?",
    coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint AS "received!",
    coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint AS "replayed!";

/* @name nodeSynchronousSlots */
-- Lists the replication slots whose standby every commit waits for. A standby that is one of a quorum is not
-- listed: a commit may be confirmed by the others before it shows there. Run on the primary. No lock.
SELECT slots.slot_name AS "slot_name!"
FROM pg_replication_slots AS slots
JOIN pg_stat_replication AS standby ON standby.pid = slots.active_pid
WHERE standby.sync_state = 'sync';

/* @name nodeCommitsHang */
-- Tells whether commits wait in vain: for a standby while none is there, or for one that is there and confirms
-- nothing, which shows by a commit that has waited longer than any may. Without pg_monitor the states are null,
-- which counts as one that may confirm. Run on the primary. No lock.
SELECT current_setting('synchronous_standby_names') <> ''
    AND (
        NOT EXISTS (
            SELECT FROM pg_stat_replication
            WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')
        )
        OR EXISTS (
            SELECT FROM pg_stat_activity
            WHERE wait_event = 'SyncRep'
              AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)
        )
    ) AS "hang!";

/* @name schemaVersions */
-- Lists the migrations that were applied. Fails with 42P01 where none ever was. No lock.
SELECT version FROM schema_migrations ORDER BY version;

/* @name migrationLock */
-- Waits until no other instance migrates. Held by the session until migrationUnlock or its end.
SELECT pg_advisory_lock(7163846290174) IS NULL AS "locked?";

/* @name migrationUnlock */
-- Lets the next instance migrate.
SELECT pg_advisory_unlock(7163846290174) AS "unlocked!";

/* @name applicationRoleExists */
-- Tells whether this server has a role for the service alone; see db/roles.sql. No lock.
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_app') AS "exists!";
