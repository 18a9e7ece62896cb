/** Types generated for queries found in "sql/cluster.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type stringArray = (string)[];

/** 'NodeState' parameters type */
export interface INodeStateParams {
  timeoutMs: number;
}

/** 'NodeState' return type */
export interface INodeStateResult {
  clock_ms: number;
  commit_hangs: boolean;
  confirming: number;
  flushed: bigint;
  in_recovery: boolean;
  may_read_stats: boolean;
  received: bigint;
  replayed: bigint;
  server: string;
  slot_name: string | null;
  standby_names: string;
  started: string;
  streams: boolean;
  synchronous_slots: stringArray;
  system: string;
  timeline: number;
}

/** 'NodeState' query type */
export interface INodeStateQuery {
  params: INodeStateParams;
  result: INodeStateResult;
}

const nodeStateIR: any = {"usedParamSet":{"timeoutMs":true},"params":[{"name":"timeoutMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":3799,"b":3809}]}],"statement":"-- Returns everything that the router needs to know about a node, in one row. Runs on every node. No lock.\n-- system: the cluster that the server belongs to; a primary and its replicas share it.\n-- started: the server's start time, by which a later server at the same address is recognised.\n-- timeline: on a primary that of the WAL it writes now (the control file shows the old one until the first\n-- checkpoint after a promotion); on a replica the one it receives or, receiving nothing, that of its last\n-- checkpoint.\n-- server: the server itself, the same through any name or address that leads to it.\n-- may_read_stats: whether this login sees the replication; without it slots and streams are null.\n-- slot_name, received, replayed: on a replica, the slot it streams through and its WAL positions, in bytes.\n-- streams: on a replica, whether it streams, through a slot or not.\n-- standby_names: on a primary, how many standbys confirm a commit, and which.\n-- synchronous_slots: on a primary, the slots of the standbys that every commit waits for. Members of a quorum\n-- are left out: the others may confirm a commit before it is visible there. Empty while a standby is\n-- `potential`: it may take over at any moment, and from then on commits do not wait for the current one.\n-- flushed: on a primary, how far its WAL was written to disk when it had listed these slots, in bytes. All\n-- that was acknowledged without one of them is before it.\n-- confirming: on a primary, how many standbys may confirm a commit. Without pg_read_all_stats the states of\n-- the standbys are null: each counts as one that may.\n-- commit_hangs: on a primary, whether a COMMIT of ours takes longer than the write timeout, whatever it waits\n-- for: a standby that confirms nothing, a disk, another server.\n-- clock_ms: its time, in milliseconds since the epoch.\nSELECT\n    (SELECT system_identifier FROM pg_control_system())::text AS \"system!\",\n    extract(epoch FROM pg_postmaster_start_time())::text AS \"started!\",\n    extract(epoch FROM pg_postmaster_start_time())::text || ':' || current_setting('port') AS \"server!\",\n    pg_has_role('pg_read_all_stats', 'USAGE') AS \"may_read_stats!\",\n    pg_is_in_recovery() AS \"in_recovery!\",\n    CASE\n        WHEN pg_is_in_recovery() THEN coalesce(\n            (SELECT received_tli FROM pg_stat_wal_receiver),\n            (SELECT timeline_id FROM pg_control_checkpoint())\n        )\n        ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int\n    END AS \"timeline!\",\n    (SELECT slot_name FROM pg_stat_wal_receiver WHERE status = 'streaming') AS \"slot_name?\",\n    EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AS \"streams!\",\n    coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint AS \"received!\",\n    coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint AS \"replayed!\",\n    ARRAY(\n        SELECT slots.slot_name::text\n        FROM pg_replication_slots AS slots\n        JOIN pg_stat_replication AS standby ON standby.pid = slots.active_pid\n        WHERE standby.sync_state = 'sync'\n          AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'potential')\n    ) AS \"synchronous_slots!\",\n    CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_current_wal_flush_lsn() - '0/0' END::bigint AS \"flushed!\",\n    current_setting('synchronous_standby_names') AS \"standby_names!\",\n    (\n        SELECT count(*) FROM pg_stat_replication\n        WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')\n    )::int AS \"confirming!\",\n    EXISTS (\n        SELECT FROM pg_stat_activity\n        WHERE state = 'active'\n          AND query = 'COMMIT'\n          AND application_name = current_setting('application_name')\n          AND datname = current_database()\n          AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)\n    ) AS \"commit_hangs!\",\n    (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS \"clock_ms!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Returns everything that the router needs to know about a node, in one row. Runs on every node. No lock.
 * -- system: the cluster that the server belongs to; a primary and its replicas share it.
 * -- started: the server's start time, by which a later server at the same address is recognised.
 * -- timeline: on a primary that of the WAL it writes now (the control file shows the old one until the first
 * -- checkpoint after a promotion); on a replica the one it receives or, receiving nothing, that of its last
 * -- checkpoint.
 * -- server: the server itself, the same through any name or address that leads to it.
 * -- may_read_stats: whether this login sees the replication; without it slots and streams are null.
 * -- slot_name, received, replayed: on a replica, the slot it streams through and its WAL positions, in bytes.
 * -- streams: on a replica, whether it streams, through a slot or not.
 * -- standby_names: on a primary, how many standbys confirm a commit, and which.
 * -- synchronous_slots: on a primary, the slots of the standbys that every commit waits for. Members of a quorum
 * -- are left out: the others may confirm a commit before it is visible there. Empty while a standby is
 * -- `potential`: it may take over at any moment, and from then on commits do not wait for the current one.
 * -- flushed: on a primary, how far its WAL was written to disk when it had listed these slots, in bytes. All
 * -- that was acknowledged without one of them is before it.
 * -- confirming: on a primary, how many standbys may confirm a commit. Without pg_read_all_stats the states of
 * -- the standbys are null: each counts as one that may.
 * -- commit_hangs: on a primary, whether a COMMIT of ours takes longer than the write timeout, whatever it waits
 * -- for: a standby that confirms nothing, a disk, another server.
 * -- clock_ms: its time, in milliseconds since the epoch.
 * SELECT
 *     (SELECT system_identifier FROM pg_control_system())::text AS "system!",
 *     extract(epoch FROM pg_postmaster_start_time())::text AS "started!",
 *     extract(epoch FROM pg_postmaster_start_time())::text || ':' || current_setting('port') AS "server!",
 *     pg_has_role('pg_read_all_stats', 'USAGE') AS "may_read_stats!",
 *     pg_is_in_recovery() AS "in_recovery!",
 *     CASE
 *         WHEN pg_is_in_recovery() THEN coalesce(
 *             (SELECT received_tli FROM pg_stat_wal_receiver),
 *             (SELECT timeline_id FROM pg_control_checkpoint())
 *         )
 *         ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
 *     END AS "timeline!",
 *     (SELECT slot_name FROM pg_stat_wal_receiver WHERE status = 'streaming') AS "slot_name?",
 *     EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AS "streams!",
 *     coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint AS "received!",
 *     coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint AS "replayed!",
 *     ARRAY(
 *         SELECT slots.slot_name::text
 *         FROM pg_replication_slots AS slots
 *         JOIN pg_stat_replication AS standby ON standby.pid = slots.active_pid
 *         WHERE standby.sync_state = 'sync'
 *           AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'potential')
 *     ) AS "synchronous_slots!",
 *     CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_current_wal_flush_lsn() - '0/0' END::bigint AS "flushed!",
 *     current_setting('synchronous_standby_names') AS "standby_names!",
 *     (
 *         SELECT count(*) FROM pg_stat_replication
 *         WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')
 *     )::int AS "confirming!",
 *     EXISTS (
 *         SELECT FROM pg_stat_activity
 *         WHERE state = 'active'
 *           AND query = 'COMMIT'
 *           AND application_name = current_setting('application_name')
 *           AND datname = current_database()
 *           AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)
 *     ) AS "commit_hangs!",
 *     (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "clock_ms!"
 * ```
 */
export const nodeState = new PreparedQuery<INodeStateParams,INodeStateResult>(nodeStateIR);


/** 'NodeStarted' parameters type */
export interface INodeStartedParams {
  names: stringArray;
  values: stringArray;
}

/** 'NodeStarted' return type */
export interface INodeStartedResult {
  dropped: stringArray;
  pid: number;
  started: string;
  version: number;
}

/** 'NodeStarted' query type */
export interface INodeStartedQuery {
  params: INodeStartedParams;
  result: INodeStartedResult;
}

const nodeStartedIR: any = {"usedParamSet":{"names":true,"values":true},"params":[{"name":"names","required":true,"transform":{"type":"scalar"},"locs":[{"a":605,"b":611}]},{"name":"values","required":true,"transform":{"type":"scalar"},"locs":[{"a":622,"b":629}]}],"statement":"-- Returns what a new connection has reached. No lock.\n-- started: the start time of the server, in the form of nodeState.\n-- version: the server's version as a number.\n-- pid: the server process of this session. A connection learns it at its start too, from what it reached.\n-- dropped: which settings of the session, among those that it was opened with, are not in force.\nSELECT\n    extract(epoch FROM pg_postmaster_start_time())::text AS \"started!\",\n    current_setting('server_version_num')::int AS \"version!\",\n    pg_backend_pid() AS \"pid!\",\n    ARRAY(\n        SELECT wanted.name\n        FROM unnest(:names!::text[], :values!::text[]) AS wanted (name, value)\n        WHERE current_setting(wanted.name) <> wanted.value\n        ORDER BY wanted.name\n    ) AS \"dropped!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Returns what a new connection has reached. No lock.
 * -- started: the start time of the server, in the form of nodeState.
 * -- version: the server's version as a number.
 * -- pid: the server process of this session. A connection learns it at its start too, from what it reached.
 * -- dropped: which settings of the session, among those that it was opened with, are not in force.
 * SELECT
 *     extract(epoch FROM pg_postmaster_start_time())::text AS "started!",
 *     current_setting('server_version_num')::int AS "version!",
 *     pg_backend_pid() AS "pid!",
 *     ARRAY(
 *         SELECT wanted.name
 *         FROM unnest(:names!::text[], :values!::text[]) AS wanted (name, value)
 *         WHERE current_setting(wanted.name) <> wanted.value
 *         ORDER BY wanted.name
 *     ) AS "dropped!"
 * ```
 */
export const nodeStarted = new PreparedQuery<INodeStartedParams,INodeStartedResult>(nodeStartedIR);


