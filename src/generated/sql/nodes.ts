/** Types generated for queries found in "sql/nodes.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type stringArray = (string)[];

/** 'NodeState' parameters type */
export interface INodeStateParams {
  timeoutMs: number;
}

/** 'NodeState' return type */
export interface INodeStateResult {
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

const nodeStateIR: any = {"usedParamSet":{"timeoutMs":true},"params":[{"name":"timeoutMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":2832,"b":2842}]}],"statement":"-- Tells all that the router has to know of a node, in one answer. Run on every node. No lock.\n-- system: which cluster the server belongs to; a primary and its replicas have it in common.\n-- started: when the server was started, which tells this server from whatever stands at its address later.\n-- timeline: a primary's is that of the WAL it writes now (the control file's is older until the first checkpoint\n-- after a promotion); a replica's is the one that it receives or, receiving nothing, that of its last checkpoint.\n-- slot_name, received, replayed: of a replica, through which slot it streams and how far it is, in bytes.\n-- synchronous_slots: of a primary, the slots whose standby every commit waits for. A standby that is one of a quorum\n-- is not listed: a commit may be confirmed by the others before it shows there. None is while another is ready to\n-- take over: from one moment to the next commits would no longer wait for this one.\n-- commits_hang: of a primary, whether commits wait in vain: for a standby while none is there, or for one that is\n-- there and confirms nothing, which shows by a commit of ours that has waited longer than any may. Without\n-- pg_read_all_stats the states are null, which counts as one that may confirm.\nSELECT\n    (SELECT system_identifier FROM pg_control_system())::text AS \"system!\",\n    extract(epoch FROM pg_postmaster_start_time())::text AS \"started!\",\n    pg_is_in_recovery() AS \"in_recovery!\",\n    CASE\n        WHEN pg_is_in_recovery() THEN coalesce(\n            (SELECT received_tli FROM pg_stat_wal_receiver),\n            (SELECT timeline_id FROM pg_control_checkpoint())\n        )\n        ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int\n    END AS \"timeline!\",\n    (SELECT slot_name FROM pg_stat_wal_receiver WHERE status = 'streaming') AS \"slot_name?\",\n    coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint AS \"received!\",\n    coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint AS \"replayed!\",\n    ARRAY(\n        SELECT slots.slot_name::text\n        FROM pg_replication_slots AS slots\n        JOIN pg_stat_replication AS standby ON standby.pid = slots.active_pid\n        WHERE standby.sync_state = 'sync'\n          AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'potential')\n    ) AS \"synchronous_slots!\",\n    current_setting('synchronous_standby_names') <> ''\n    AND (\n        NOT EXISTS (\n            SELECT FROM pg_stat_replication\n            WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')\n        )\n        OR EXISTS (\n            SELECT FROM pg_stat_activity\n            WHERE wait_event = 'SyncRep'\n              AND application_name = current_setting('application_name')\n              AND datname = current_database()\n              AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)\n        )\n    ) AS \"commits_hang!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Tells all that the router has to know of a node, in one answer. Run on every node. No lock.
 * -- system: which cluster the server belongs to; a primary and its replicas have it in common.
 * -- started: when the server was started, which tells this server from whatever stands at its address later.
 * -- timeline: a primary's is that of the WAL it writes now (the control file's is older until the first checkpoint
 * -- after a promotion); a replica's is the one that it receives or, receiving nothing, that of its last checkpoint.
 * -- slot_name, received, replayed: of a replica, through which slot it streams and how far it is, in bytes.
 * -- synchronous_slots: of a primary, the slots whose standby every commit waits for. A standby that is one of a quorum
 * -- is not listed: a commit may be confirmed by the others before it shows there. None is while another is ready to
 * -- take over: from one moment to the next commits would no longer wait for this one.
 * -- commits_hang: of a primary, whether commits wait in vain: for a standby while none is there, or for one that is
 * -- there and confirms nothing, which shows by a commit of ours that has waited longer than any may. Without
 * -- pg_read_all_stats the states are null, which counts as one that may confirm.
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
 *     current_setting('synchronous_standby_names') <> ''
 *     AND (
 *         NOT EXISTS (
 *             SELECT FROM pg_stat_replication
 *             WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')
 *         )
 *         OR EXISTS (
 *             SELECT FROM pg_stat_activity
 *             WHERE wait_event = 'SyncRep'
 *               AND application_name = current_setting('application_name')
 *               AND datname = current_database()
 *               AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)
 *         )
 *     ) AS "commits_hang!"
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

const nodeStartedIR: any = {"usedParamSet":{},"params":[],"statement":"-- Tells when the server was started that a new connection has reached, as nodeState does. No lock.\nSELECT extract(epoch FROM pg_postmaster_start_time())::text AS \"started!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Tells when the server was started that a new connection has reached, as nodeState does. No lock.
 * SELECT extract(epoch FROM pg_postmaster_start_time())::text AS "started!"
 * ```
 */
export const nodeStarted = new PreparedQuery<INodeStartedParams,INodeStartedResult>(nodeStartedIR);


/** 'SchemaVersions' parameters type */
export type ISchemaVersionsParams = void;

/** 'SchemaVersions' return type */
export interface ISchemaVersionsResult {
  version: string;
}

/** 'SchemaVersions' query type */
export interface ISchemaVersionsQuery {
  params: ISchemaVersionsParams;
  result: ISchemaVersionsResult;
}

const schemaVersionsIR: any = {"usedParamSet":{},"params":[],"statement":"-- Lists the migrations that were applied. Fails with 42P01 where none ever was. No lock.\nSELECT version FROM schema_migrations ORDER BY version"};

/**
 * Query generated from SQL:
 * ```
 * -- Lists the migrations that were applied. Fails with 42P01 where none ever was. No lock.
 * SELECT version FROM schema_migrations ORDER BY version
 * ```
 */
export const schemaVersions = new PreparedQuery<ISchemaVersionsParams,ISchemaVersionsResult>(schemaVersionsIR);


/** 'MigrationLock' parameters type */
export type IMigrationLockParams = void;

/** 'MigrationLock' return type */
export interface IMigrationLockResult {
  locked: boolean | null;
}

/** 'MigrationLock' query type */
export interface IMigrationLockQuery {
  params: IMigrationLockParams;
  result: IMigrationLockResult;
}

const migrationLockIR: any = {"usedParamSet":{},"params":[],"statement":"-- Waits until no other instance migrates. Held by the session until migrationUnlock or its end.\nSELECT pg_advisory_lock(7163846290174) IS NULL AS \"locked?\""};

/**
 * Query generated from SQL:
 * ```
 * -- Waits until no other instance migrates. Held by the session until migrationUnlock or its end.
 * SELECT pg_advisory_lock(7163846290174) IS NULL AS "locked?"
 * ```
 */
export const migrationLock = new PreparedQuery<IMigrationLockParams,IMigrationLockResult>(migrationLockIR);


/** 'MigrationUnlock' parameters type */
export type IMigrationUnlockParams = void;

/** 'MigrationUnlock' return type */
export interface IMigrationUnlockResult {
  unlocked: boolean;
}

/** 'MigrationUnlock' query type */
export interface IMigrationUnlockQuery {
  params: IMigrationUnlockParams;
  result: IMigrationUnlockResult;
}

const migrationUnlockIR: any = {"usedParamSet":{},"params":[],"statement":"-- Lets the next instance migrate.\nSELECT pg_advisory_unlock(7163846290174) AS \"unlocked!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Lets the next instance migrate.
 * SELECT pg_advisory_unlock(7163846290174) AS "unlocked!"
 * ```
 */
export const migrationUnlock = new PreparedQuery<IMigrationUnlockParams,IMigrationUnlockResult>(migrationUnlockIR);


/** 'ApplicationRoleExists' parameters type */
export type IApplicationRoleExistsParams = void;

/** 'ApplicationRoleExists' return type */
export interface IApplicationRoleExistsResult {
  exists: boolean;
}

/** 'ApplicationRoleExists' query type */
export interface IApplicationRoleExistsQuery {
  params: IApplicationRoleExistsParams;
  result: IApplicationRoleExistsResult;
}

const applicationRoleExistsIR: any = {"usedParamSet":{},"params":[],"statement":"-- Tells whether this server has a role for the service alone; see db/roles.sql. No lock.\nSELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_app') AS \"exists!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Tells whether this server has a role for the service alone; see db/roles.sql. No lock.
 * SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_app') AS "exists!"
 * ```
 */
export const applicationRoleExists = new PreparedQuery<IApplicationRoleExistsParams,IApplicationRoleExistsResult>(applicationRoleExistsIR);


