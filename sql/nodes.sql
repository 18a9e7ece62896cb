/*
  What the connection router asks a database node about itself, and the service about its schema.
*/

/* @name nodeState */
-- Tells all that the router has to know of a node, in one answer. Run on every node. No lock.
-- system: which cluster the server belongs to; a primary and its replicas have it in common.
-- started: when the server was started, which tells this server from whatever stands at its address later.
-- timeline: a primary's is that of the WAL it writes now (the control file's is older until the first checkpoint
-- after a promotion); a replica's is the one that it receives or, receiving nothing, that of its last checkpoint.
-- slot_name, received, replayed: of a replica, through which slot it streams and how far it is, in bytes.
-- synchronous_slots: of a primary, the slots whose standby every commit waits for. A standby that is one of a quorum
-- is not listed: a commit may be confirmed by the others before it shows there. None is while another is ready to
-- take over: from one moment to the next commits would no longer wait for this one.
-- commits_hang: of a primary, whether commits wait in vain: for a standby while none is there, or for one that is
-- there and confirms nothing, which shows by a commit of ours that has waited longer than any may. Without
-- pg_read_all_stats the states are null, which counts as one that may confirm.
SELECT
    (SELECT system_identifier FROM pg_control_system())::text AS "system!",
    extract(epoch FROM pg_postmaster_start_time())::text AS "started!",
    pg_is_in_recovery() AS "in_recovery!",
    CASE
        WHEN pg_is_in_recovery() THEN coalesce(
            (SELECT received_tli FROM pg_stat_wal_receiver),
            (SELECT timeline_id FROM pg_control_checkpoint())
        )
        ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
    END AS "timeline!",
    (SELECT slot_name FROM pg_stat_wal_receiver WHERE status = 'streaming') AS "slot_name?",
    coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint AS "received!",
    coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint AS "replayed!",
    ARRAY(
        SELECT slots.slot_name::text
        FROM pg_replication_slots AS slots
        JOIN pg_stat_replication AS standby ON standby.pid = slots.active_pid
        WHERE standby.sync_state = 'sync'
          AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'potential')
    ) AS "synchronous_slots!",
    current_setting('synchronous_standby_names') <> ''
    AND (
        NOT EXISTS (
            SELECT FROM pg_stat_replication
            WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')
        )
        OR EXISTS (
            SELECT FROM pg_stat_activity
            WHERE wait_event = 'SyncRep'
              AND application_name = current_setting('application_name')
              AND datname = current_database()
              AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)
        )
    ) AS "commits_hang!";

/* @name nodeStarted */
-- Tells when the server was started that a new connection has reached, as nodeState does. No lock.
SELECT extract(epoch FROM pg_postmaster_start_time())::text AS "started!";

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
