/** Types generated for queries found in "sql/nodes.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

/** 'NodeState' parameters type */
export type INodeStateParams = void;

/** 'NodeState' return type */
export interface INodeStateResult {
  in_recovery: boolean;
  received: bigint;
  replayed: bigint;
  slot_name: string | null;
}

/** 'NodeState' query type */
export interface INodeStateQuery {
  params: INodeStateParams;
  result: INodeStateResult;
}

const nodeStateIR: any = {"usedParamSet":{},"params":[],"statement":"-- Tells a node's role and, for a replica, the slot that it streams through and how much WAL, in bytes since\n-- the beginning, it has received and replayed. Run on every node. No lock.\nSELECT\n    pg_is_in_recovery() AS \"in_recovery!\",\n    (SELECT slot_name FROM pg_stat_wal_receiver WHERE status = 'streaming') AS \"slot_name?\",\n    coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint AS \"received!\",\n    coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint AS \"replayed!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Tells a node's role and, for a replica, the slot that it streams through and how much WAL, in bytes since
 * -- the beginning, it has received and replayed. Run on every node. No lock.
 * SELECT
 *     pg_is_in_recovery() AS "in_recovery!",
 *     (SELECT slot_name FROM pg_stat_wal_receiver WHERE status = 'streaming') AS "slot_name?",
 *     coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint AS "received!",
 *     coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint AS "replayed!"
 * ```
 */
export const nodeState = new PreparedQuery<INodeStateParams,INodeStateResult>(nodeStateIR);


/** 'NodeSynchronousSlots' parameters type */
export type INodeSynchronousSlotsParams = void;

/** 'NodeSynchronousSlots' return type */
export interface INodeSynchronousSlotsResult {
  slot_name: string;
}

/** 'NodeSynchronousSlots' query type */
export interface INodeSynchronousSlotsQuery {
  params: INodeSynchronousSlotsParams;
  result: INodeSynchronousSlotsResult;
}

const nodeSynchronousSlotsIR: any = {"usedParamSet":{},"params":[],"statement":"-- Lists the replication slots whose standby every commit waits for. A standby that is one of a quorum is not\n-- listed: a commit may be confirmed by the others before it shows there. Run on the primary. No lock.\nSELECT slots.slot_name AS \"slot_name!\"\nFROM pg_replication_slots AS slots\nJOIN pg_stat_replication AS standby ON standby.pid = slots.active_pid\nWHERE standby.sync_state = 'sync'"};

/**
 * Query generated from SQL:
 * ```
 * -- Lists the replication slots whose standby every commit waits for. A standby that is one of a quorum is not
 * -- listed: a commit may be confirmed by the others before it shows there. Run on the primary. No lock.
 * SELECT slots.slot_name AS "slot_name!"
 * FROM pg_replication_slots AS slots
 * JOIN pg_stat_replication AS standby ON standby.pid = slots.active_pid
 * WHERE standby.sync_state = 'sync'
 * ```
 */
export const nodeSynchronousSlots = new PreparedQuery<INodeSynchronousSlotsParams,INodeSynchronousSlotsResult>(nodeSynchronousSlotsIR);


/** 'NodeCommitsHang' parameters type */
export interface INodeCommitsHangParams {
  timeoutMs: number;
}

/** 'NodeCommitsHang' return type */
export interface INodeCommitsHangResult {
  hang: boolean;
}

/** 'NodeCommitsHang' query type */
export interface INodeCommitsHangQuery {
  params: INodeCommitsHangParams;
  result: INodeCommitsHangResult;
}

const nodeCommitsHangIR: any = {"usedParamSet":{"timeoutMs":true},"params":[{"name":"timeoutMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":687,"b":697}]}],"statement":"-- Tells whether commits wait in vain: for a standby while none is there, or for one that is there and confirms\n-- nothing, which shows by a commit that has waited longer than any may. Without pg_monitor the states are null,\n-- which counts as one that may confirm. Run on the primary. No lock.\nSELECT current_setting('synchronous_standby_names') <> ''\n    AND (\n        NOT EXISTS (\n            SELECT FROM pg_stat_replication\n            WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')\n        )\n        OR EXISTS (\n            SELECT FROM pg_stat_activity\n            WHERE wait_event = 'SyncRep'\n              AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)\n        )\n    ) AS \"hang!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Tells whether commits wait in vain: for a standby while none is there, or for one that is there and confirms
 * -- nothing, which shows by a commit that has waited longer than any may. Without pg_monitor the states are null,
 * -- which counts as one that may confirm. Run on the primary. No lock.
 * SELECT current_setting('synchronous_standby_names') <> ''
 *     AND (
 *         NOT EXISTS (
 *             SELECT FROM pg_stat_replication
 *             WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')
 *         )
 *         OR EXISTS (
 *             SELECT FROM pg_stat_activity
 *             WHERE wait_event = 'SyncRep'
 *               AND clock_timestamp() - query_start > make_interval(secs => :timeoutMs!::float8 / 1000)
 *         )
 *     ) AS "hang!"
 * ```
 */
export const nodeCommitsHang = new PreparedQuery<INodeCommitsHangParams,INodeCommitsHangResult>(nodeCommitsHangIR);


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


