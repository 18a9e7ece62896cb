/*
  What the connection router queries from a database node about itself.
*/

/* @name nodeState */
-- Returns everything that the router needs to know about a node, in one row. Runs on every node. No lock.
-- system: the cluster that the server belongs to; a primary and its replicas share it.
-- started: the server's start time, by which a later server at the same address is recognised.
-- timeline: on a primary that of the WAL it writes now (the control file shows the old one until the first
-- checkpoint after a promotion); on a replica the one it receives or, receiving nothing, that of its last
-- checkpoint.
-- server: the server itself, the same through any name or address that leads to it.
-- may_read_stats: whether this login sees the replication; without it slots and streams are null.
-- slot_name, received, replayed: on a replica, the slot it streams through and its WAL positions, in bytes.
-- streams: on a replica, whether it streams, through a slot or not.
-- standby_names: on a primary, how many standbys confirm a commit, and which.
-- synchronous_slots: on a primary, the slots of the standbys that every commit waits for. Members of a quorum
-- are left out: the others may confirm a commit before it is visible there. Empty while a standby is
-- `potential`: it may take over at any moment, and from then on commits do not wait for the current one.
-- flushed: on a primary, how far its WAL was written to disk when it had listed these slots, in bytes. All
-- that was acknowledged without one of them is before it.
-- confirming: on a primary, how many standbys may confirm a commit. Without pg_read_all_stats the states of
-- the standbys are null: each counts as one that may.
-- commit_hangs: on a primary, whether a COMMIT of ours takes longer than the write timeout, whatever it waits
-- for: a standby that confirms nothing, a disk, another server.
-- clock_ms: its time, in milliseconds since the epoch.
SELECT
    (SELECT system_identifier FROM pg_control_system())::text AS "system!",
    extract(epoch FROM pg_postmaster_start_time())::text AS "started!",
    extract(epoch FROM pg_postmaster_start_time())::text || ':' || current_setting('port') AS "server!",
    pg_has_role('pg_read_all_stats', 'USAGE') AS "may_read_stats!",
    pg_is_in_recovery() AS "in_recovery!",
    CASE
        WHEN pg_is_in_recovery() THEN coalesce(
            (SELECT received_tli FROM pg_stat_wal_receiver),
            (SELECT timeline_id FROM pg_control_checkpoint())
        )
        ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
    END AS "timeline!",
    (SELECT slot_name FROM pg_stat_wal_receiver WHERE status = 'streaming') AS "slot_name?",
    EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AS "streams!",
    coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint AS "received!",
    coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint AS "replayed!",
    ARRAY(
        SELECT slots.slot_name::text
        FROM pg_replication_slots AS slots
        JOIN pg_stat_replication AS standby ON standby.pid = slots.active_pid
        WHERE standby.sync_state = 'sync'
          AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'potential')
    ) AS "synchronous_slots!",
    CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_current_wal_flush_lsn() - '0/0' END::bigint AS "flushed!",
    current_setting('synchronous_standby_names') AS "standby_names!",
    (
        SELECT count(*) FROM pg_stat_replication
        WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')
    )::int AS "confirming!",
    EXISTS (
        SELECT FROM pg_stat_activity
        WHERE state = 'active'
          AND query = 'COMMIT'
          AND application_name = current_setting('application_name')
          AND datname = current_database()
          AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)
    ) AS "commit_hangs!",
    (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "clock_ms!";

/* @name nodeStarted */
-- Returns what a new connection has reached. No lock.
-- started: the start time of the server, in the form of nodeState.
-- version: the server's version as a number.
-- pid: the server process of this session. A connection learns it at its start too, from what it reached.
-- dropped: which settings of the session, among those that it was opened with, are not in force.
SELECT
    extract(epoch FROM pg_postmaster_start_time())::text AS "started!",
    current_setting('server_version_num')::int AS "version!",
    pg_backend_pid() AS "pid!",
    ARRAY(
        SELECT wanted.name
        FROM unnest(:names!::text[], :values!::text[]) AS wanted (name, value)
        WHERE current_setting(wanted.name) <> wanted.value
        ORDER BY wanted.name
    ) AS "dropped!";
