/** Types generated for queries found in "sql/migrations.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

/** 'CreateVersionTable' parameters type */
export type ICreateVersionTableParams = void;

/** 'CreateVersionTable' return type */
export type ICreateVersionTableResult = void;

/** 'CreateVersionTable' query type */
export interface ICreateVersionTableQuery {
  params: ICreateVersionTableParams;
  result: ICreateVersionTableResult;
}

const createVersionTableIR: any = {"usedParamSet":{},"params":[],"statement":"-- Creates the table of the applied migrations where it is missing.\nCREATE TABLE IF NOT EXISTS schema_migrations (version varchar(128) PRIMARY KEY)"};

/**
 * Query generated from SQL:
 * ```
 * -- Creates the table of the applied migrations where it is missing.
 * CREATE TABLE IF NOT EXISTS schema_migrations (version varchar(128) PRIMARY KEY)
 * ```
 */
export const createVersionTable = new PreparedQuery<ICreateVersionTableParams,ICreateVersionTableResult>(createVersionTableIR);


/** 'BeginMigration' parameters type */
export type IBeginMigrationParams = void;

/** 'BeginMigration' return type */
export type IBeginMigrationResult = void;

/** 'BeginMigration' query type */
export interface IBeginMigrationQuery {
  params: IBeginMigrationParams;
  result: IBeginMigrationResult;
}

const beginMigrationIR: any = {"usedParamSet":{},"params":[],"statement":"-- A migration and the record of it are one transaction, unless its file is marked transaction:false.\nBEGIN"};

/**
 * Query generated from SQL:
 * ```
 * -- A migration and the record of it are one transaction, unless its file is marked transaction:false.
 * BEGIN
 * ```
 */
export const beginMigration = new PreparedQuery<IBeginMigrationParams,IBeginMigrationResult>(beginMigrationIR);


/** 'LimitLockWait' parameters type */
export type ILimitLockWaitParams = void;

/** 'LimitLockWait' return type */
export type ILimitLockWaitResult = void;

/** 'LimitLockWait' query type */
export interface ILimitLockWaitQuery {
  params: ILimitLockWaitParams;
  result: ILimitLockWaitResult;
}

const limitLockWaitIR: any = {"usedParamSet":{},"params":[],"statement":"-- Limits how long the statements of this transaction wait for a lock: all that need the table meanwhile wait\n-- behind them, reads too. It is shorter than a read may take, so no read fails by it.\nSET LOCAL lock_timeout = '500ms'"};

/**
 * Query generated from SQL:
 * ```
 * -- Limits how long the statements of this transaction wait for a lock: all that need the table meanwhile wait
 * -- behind them, reads too. It is shorter than a read may take, so no read fails by it.
 * SET LOCAL lock_timeout = '500ms'
 * ```
 */
export const limitLockWait = new PreparedQuery<ILimitLockWaitParams,ILimitLockWaitResult>(limitLockWaitIR);


/** 'RollbackMigration' parameters type */
export type IRollbackMigrationParams = void;

/** 'RollbackMigration' return type */
export type IRollbackMigrationResult = void;

/** 'RollbackMigration' query type */
export interface IRollbackMigrationQuery {
  params: IRollbackMigrationParams;
  result: IRollbackMigrationResult;
}

const rollbackMigrationIR: any = {"usedParamSet":{},"params":[],"statement":"-- Ends the transaction of a migration that could not be applied.\nROLLBACK"};

/**
 * Query generated from SQL:
 * ```
 * -- Ends the transaction of a migration that could not be applied.
 * ROLLBACK
 * ```
 */
export const rollbackMigration = new PreparedQuery<IRollbackMigrationParams,IRollbackMigrationResult>(rollbackMigrationIR);


/** 'OldestTransaction' parameters type */
export type IOldestTransactionParams = void;

/** 'OldestTransaction' return type */
export interface IOldestTransactionResult {
  address: string | null;
  application: string | null;
  idle_s: number | null;
  pid: number;
  user: string | null;
}

/** 'OldestTransaction' query type */
export interface IOldestTransactionQuery {
  params: IOldestTransactionParams;
  result: IOldestTransactionResult;
}

const oldestTransactionIR: any = {"usedParamSet":{},"params":[],"statement":"-- Returns the other session of this database whose transaction is open for the longest time: most likely a\n-- migration waits for it. What the login may not see is null. No lock.\nSELECT\n    pid AS \"pid!\",\n    usename::text AS \"user?\",\n    application_name AS \"application?\",\n    host(client_addr) AS \"address?\",\n    extract(epoch FROM clock_timestamp() - xact_start)::int AS \"idle_s?\"\nFROM pg_stat_activity\nWHERE datname = current_database()\n  AND pid <> pg_backend_pid()\n  AND backend_type = 'client backend'\nORDER BY xact_start\nLIMIT 1"};

/**
 * Query generated from SQL:
 * ```
 * -- Returns the other session of this database whose transaction is open for the longest time: most likely a
 * -- migration waits for it. What the login may not see is null. No lock.
 * SELECT
 *     pid AS "pid!",
 *     usename::text AS "user?",
 *     application_name AS "application?",
 *     host(client_addr) AS "address?",
 *     extract(epoch FROM clock_timestamp() - xact_start)::int AS "idle_s?"
 * FROM pg_stat_activity
 * WHERE datname = current_database()
 *   AND pid <> pg_backend_pid()
 *   AND backend_type = 'client backend'
 * ORDER BY xact_start
 * LIMIT 1
 * ```
 */
export const oldestTransaction = new PreparedQuery<IOldestTransactionParams,IOldestTransactionResult>(oldestTransactionIR);


/** 'RecordVersion' parameters type */
export interface IRecordVersionParams {
  version: string;
}

/** 'RecordVersion' return type */
export type IRecordVersionResult = void;

/** 'RecordVersion' query type */
export interface IRecordVersionQuery {
  params: IRecordVersionParams;
  result: IRecordVersionResult;
}

const recordVersionIR: any = {"usedParamSet":{"version":true},"params":[{"name":"version","required":true,"transform":{"type":"scalar"},"locs":[{"a":83,"b":91}]}],"statement":"-- Records a migration as applied.\nINSERT INTO schema_migrations (version) VALUES (:version!)"};

/**
 * Query generated from SQL:
 * ```
 * -- Records a migration as applied.
 * INSERT INTO schema_migrations (version) VALUES (:version!)
 * ```
 */
export const recordVersion = new PreparedQuery<IRecordVersionParams,IRecordVersionResult>(recordVersionIR);


/** 'CommitMigration' parameters type */
export type ICommitMigrationParams = void;

/** 'CommitMigration' return type */
export type ICommitMigrationResult = void;

/** 'CommitMigration' query type */
export interface ICommitMigrationQuery {
  params: ICommitMigrationParams;
  result: ICommitMigrationResult;
}

const commitMigrationIR: any = {"usedParamSet":{},"params":[],"statement":"-- Ends the transaction of a migration.\nCOMMIT"};

/**
 * Query generated from SQL:
 * ```
 * -- Ends the transaction of a migration.
 * COMMIT
 * ```
 */
export const commitMigration = new PreparedQuery<ICommitMigrationParams,ICommitMigrationResult>(commitMigrationIR);


/** 'MigrationTryLock' parameters type */
export interface IMigrationTryLockParams {
  key: bigint;
}

/** 'MigrationTryLock' return type */
export interface IMigrationTryLockResult {
  locked: boolean;
}

/** 'MigrationTryLock' query type */
export interface IMigrationTryLockQuery {
  params: IMigrationTryLockParams;
  result: IMigrationTryLockResult;
}

const migrationTryLockIR: any = {"usedParamSet":{"key":true},"params":[{"name":"key","required":true,"transform":{"type":"scalar"},"locs":[{"a":212,"b":216}]}],"statement":"-- Takes the lock under which one instance at a time migrates, or returns false at once where another session\n-- holds it. The session holds the lock until migrationUnlock or its end.\nSELECT pg_try_advisory_lock(:key!) AS \"locked!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Takes the lock under which one instance at a time migrates, or returns false at once where another session
 * -- holds it. The session holds the lock until migrationUnlock or its end.
 * SELECT pg_try_advisory_lock(:key!) AS "locked!"
 * ```
 */
export const migrationTryLock = new PreparedQuery<IMigrationTryLockParams,IMigrationTryLockResult>(migrationTryLockIR);


/** 'MigrationUnlock' parameters type */
export interface IMigrationUnlockParams {
  key: bigint;
}

/** 'MigrationUnlock' return type */
export interface IMigrationUnlockResult {
  unlocked: boolean;
}

/** 'MigrationUnlock' query type */
export interface IMigrationUnlockQuery {
  params: IMigrationUnlockParams;
  result: IMigrationUnlockResult;
}

const migrationUnlockIR: any = {"usedParamSet":{"key":true},"params":[{"name":"key","required":true,"transform":{"type":"scalar"},"locs":[{"a":61,"b":65}]}],"statement":"-- Lets the next instance migrate.\nSELECT pg_advisory_unlock(:key!) AS \"unlocked!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Lets the next instance migrate.
 * SELECT pg_advisory_unlock(:key!) AS "unlocked!"
 * ```
 */
export const migrationUnlock = new PreparedQuery<IMigrationUnlockParams,IMigrationUnlockResult>(migrationUnlockIR);


/** 'MigrationLockHolder' parameters type */
export interface IMigrationLockHolderParams {
  key: bigint;
}

/** 'MigrationLockHolder' return type */
export interface IMigrationLockHolderResult {
  address: string | null;
  application: string | null;
  idle_s: number | null;
  pid: number;
  user: string | null;
}

/** 'MigrationLockHolder' query type */
export interface IMigrationLockHolderQuery {
  params: IMigrationLockHolderParams;
  result: IMigrationLockHolderResult;
}

const migrationLockHolderIR: any = {"usedParamSet":{"key":true},"params":[{"name":"key","required":true,"transform":{"type":"scalar"},"locs":[{"a":667,"b":671}]}],"statement":"-- Returns the session that holds the lock; none where it has just ended. What the login may not see is null.\nSELECT\n    activity.pid AS \"pid!\",\n    activity.usename::text AS \"user?\",\n    activity.application_name AS \"application?\",\n    host(activity.client_addr) AS \"address?\",\n    extract(epoch FROM clock_timestamp() - activity.state_change)::int AS \"idle_s?\"\nFROM pg_locks AS lock\nJOIN pg_stat_activity AS activity ON activity.pid = lock.pid\nWHERE lock.locktype = 'advisory'\n  AND lock.granted\n  AND lock.objsubid = 1\n  AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())\n  AND (lock.classid::bigint << 32) + lock.objid::bigint = :key!"};

/**
 * Query generated from SQL:
 * ```
 * -- Returns the session that holds the lock; none where it has just ended. What the login may not see is null.
 * SELECT
 *     activity.pid AS "pid!",
 *     activity.usename::text AS "user?",
 *     activity.application_name AS "application?",
 *     host(activity.client_addr) AS "address?",
 *     extract(epoch FROM clock_timestamp() - activity.state_change)::int AS "idle_s?"
 * FROM pg_locks AS lock
 * JOIN pg_stat_activity AS activity ON activity.pid = lock.pid
 * WHERE lock.locktype = 'advisory'
 *   AND lock.granted
 *   AND lock.objsubid = 1
 *   AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
 *   AND (lock.classid::bigint << 32) + lock.objid::bigint = :key!
 * ```
 */
export const migrationLockHolder = new PreparedQuery<IMigrationLockHolderParams,IMigrationLockHolderResult>(migrationLockHolderIR);


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

const applicationRoleExistsIR: any = {"usedParamSet":{},"params":[],"statement":"-- Whether this server has a role for the service alone; see db/roles.sql. No lock.\nSELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_app') AS \"exists!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Whether this server has a role for the service alone; see db/roles.sql. No lock.
 * SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_app') AS "exists!"
 * ```
 */
export const applicationRoleExists = new PreparedQuery<IApplicationRoleExistsParams,IApplicationRoleExistsResult>(applicationRoleExistsIR);


