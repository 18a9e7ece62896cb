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
  commits_hang: boolean;
  in_recovery: boolean;
  received: bigint;
  replayed: bigint;
  slot_name: string | null;
  started: string;
  synchronous_slots: stringArray;
  system: string;
  timeline: number;
}

/** 'NodeState' query type */
export interface INodeStateQuery {
  params: INodeStateParams;
  result: INodeStateResult;
}

const nodeStateIR: any = {"usedParamSet":{"timeoutMs":true},"params":[{"name":"timeoutMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":2960,"b":2970}]}],"statement":"-- Returns everything that the router needs to know about a node, in one row. Runs on every node. No lock.\n-- system: the cluster that the server belongs to; a primary and its replicas share it.\n-- started: the server's start time, by which a later server at the same address is recognised.\n-- timeline: on a primary that of the WAL it writes now (the control file shows the old one until the first\n-- checkpoint after a promotion); on a replica the one it receives or, receiving nothing, that of its last\n-- checkpoint.\n-- slot_name, received, replayed: on a replica, the slot it streams through and its WAL positions, in bytes.\n-- synchronous_slots: on a primary, the slots of the standbys that every commit waits for. Members of a quorum\n-- are left out: the others may confirm a commit before it is visible there. Empty while a standby is\n-- `potential`: it may take over at any moment, and from then on commits do not wait for the current one.\n-- commits_hang: on a primary, whether commits cannot be confirmed. Either a standby is required and none is\n-- connected, or a COMMIT of ours takes longer than the write timeout, whatever it waits for: a standby that\n-- confirms nothing, a disk, another server. Without pg_read_all_stats the states of the standbys are null:\n-- that counts as one that may confirm.\n-- clock_ms: its time, in milliseconds since the epoch.\nSELECT\n    (SELECT system_identifier FROM pg_control_system())::text AS \"system!\",\n    extract(epoch FROM pg_postmaster_start_time())::text AS \"started!\",\n    pg_is_in_recovery() AS \"in_recovery!\",\n    CASE\n        WHEN pg_is_in_recovery() THEN coalesce(\n            (SELECT received_tli FROM pg_stat_wal_receiver),\n            (SELECT timeline_id FROM pg_control_checkpoint())\n        )\n        ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int\n    END AS \"timeline!\",\n    (SELECT slot_name FROM pg_stat_wal_receiver WHERE status = 'streaming') AS \"slot_name?\",\n    coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint AS \"received!\",\n    coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint AS \"replayed!\",\n    ARRAY(\n        SELECT slots.slot_name::text\n        FROM pg_replication_slots AS slots\n        JOIN pg_stat_replication AS standby ON standby.pid = slots.active_pid\n        WHERE standby.sync_state = 'sync'\n          AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'potential')\n    ) AS \"synchronous_slots!\",\n    (\n        current_setting('synchronous_standby_names') <> ''\n        AND NOT EXISTS (\n            SELECT FROM pg_stat_replication\n            WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')\n        )\n    )\n    OR EXISTS (\n        SELECT FROM pg_stat_activity\n        WHERE state = 'active'\n          AND query = 'COMMIT'\n          AND application_name = current_setting('application_name')\n          AND datname = current_database()\n          AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)\n    ) AS \"commits_hang!\",\n    (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS \"clock_ms!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Returns everything that the router needs to know about a node, in one row. Runs on every node. No lock.
 * -- system: the cluster that the server belongs to; a primary and its replicas share it.
 * -- started: the server's start time, by which a later server at the same address is recognised.
 * -- timeline: on a primary that of the WAL it writes now (the control file shows the old one until the first
 * -- checkpoint after a promotion); on a replica the one it receives or, receiving nothing, that of its last
 * -- checkpoint.
 * -- slot_name, received, replayed: on a replica, the slot it streams through and its WAL positions, in bytes.
 * -- synchronous_slots: on a primary, the slots of the standbys that every commit waits for. Members of a quorum
 * -- are left out: the others may confirm a commit before it is visible there. Empty while a standby is
 * -- `potential`: it may take over at any moment, and from then on commits do not wait for the current one.
 * -- commits_hang: on a primary, whether commits cannot be confirmed. Either a standby is required and none is
 * -- connected, or a COMMIT of ours takes longer than the write timeout, whatever it waits for: a standby that
 * -- confirms nothing, a disk, another server. Without pg_read_all_stats the states of the standbys are null:
 * -- that counts as one that may confirm.
 * -- clock_ms: its time, in milliseconds since the epoch.
 * SELECT
 *     (SELECT system_identifier FROM pg_control_system())::text AS "system!",
 *     extract(epoch FROM pg_postmaster_start_time())::text AS "started!",
 *     pg_is_in_recovery() AS "in_recovery!",
 *     CASE
 *         WHEN pg_is_in_recovery() THEN coalesce(
 *             (SELECT received_tli FROM pg_stat_wal_receiver),
 *             (SELECT timeline_id FROM pg_control_checkpoint())
 *         )
 *         ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
 *     END AS "timeline!",
 *     (SELECT slot_name FROM pg_stat_wal_receiver WHERE status = 'streaming') AS "slot_name?",
 *     coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint AS "received!",
 *     coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint AS "replayed!",
 *     ARRAY(
 *         SELECT slots.slot_name::text
 *         FROM pg_replication_slots AS slots
 *         JOIN pg_stat_replication AS standby ON standby.pid = slots.active_pid
 *         WHERE standby.sync_state = 'sync'
 *           AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'potential')
 *     ) AS "synchronous_slots!",
 *     (
 *         current_setting('synchronous_standby_names') <> ''
 *         AND NOT EXISTS (
 *             SELECT FROM pg_stat_replication
 *             WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')
 *         )
 *     )
 *     OR EXISTS (
 *         SELECT FROM pg_stat_activity
 *         WHERE state = 'active'
 *           AND query = 'COMMIT'
 *           AND application_name = current_setting('application_name')
 *           AND datname = current_database()
 *           AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)
 *     ) AS "commits_hang!",
 *     (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "clock_ms!"
 * ```
 */
export const nodeState = new PreparedQuery<INodeStateParams,INodeStateResult>(nodeStateIR);


/** 'NodeStarted' parameters type */
export type INodeStartedParams = void;

/** 'NodeStarted' return type */
export interface INodeStartedResult {
  started: string;
}

/** 'NodeStarted' query type */
export interface INodeStartedQuery {
  params: INodeStartedParams;
  result: INodeStartedResult;
}

const nodeStartedIR: any = {"usedParamSet":{},"params":[],"statement":"-- Returns the start time of the server that a new connection has reached, in the form of nodeState. No lock.\nSELECT extract(epoch FROM pg_postmaster_start_time())::text AS \"started!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Returns the start time of the server that a new connection has reached, in the form of nodeState. No lock.
 * SELECT extract(epoch FROM pg_postmaster_start_time())::text AS "started!"
 * ```
 */
export const nodeStarted = new PreparedQuery<INodeStartedParams,INodeStartedResult>(nodeStartedIR);


