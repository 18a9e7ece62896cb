/** Types generated for queries found in "sql/schema.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

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

const schemaVersionsIR: any = {"usedParamSet":{},"params":[],"statement":"-- Lists the applied migrations. Fails with 42P01 where none was ever applied. No lock.\nSELECT version FROM schema_migrations ORDER BY version"};

/**
 * Query generated from SQL:
 * ```
 * -- Lists the applied migrations. Fails with 42P01 where none was ever applied. No lock.
 * SELECT version FROM schema_migrations ORDER BY version
 * ```
 */
export const schemaVersions = new PreparedQuery<ISchemaVersionsParams,ISchemaVersionsResult>(schemaVersionsIR);


/** 'MigrationLock' parameters type */
export type IMigrationLockParams = void;

/** 'MigrationLock' return type */
export interface IMigrationLockResult {
  locked: boolean;
}

/** 'MigrationLock' query type */
export interface IMigrationLockQuery {
  params: IMigrationLockParams;
  result: IMigrationLockResult;
}

const migrationLockIR: any = {"usedParamSet":{},"params":[],"statement":"-- Takes the lock, unless another instance migrates. The session holds it until migrationUnlock or its end.\n-- It does not wait: a statement that waits keeps a snapshot, and an index that the other instance builds\n-- concurrently waits for all snapshots.\nSELECT pg_try_advisory_lock(7163846290174) AS \"locked!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Takes the lock, unless another instance migrates. The session holds it until migrationUnlock or its end.
 * -- It does not wait: a statement that waits keeps a snapshot, and an index that the other instance builds
 * -- concurrently waits for all snapshots.
 * SELECT pg_try_advisory_lock(7163846290174) AS "locked!"
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

const applicationRoleExistsIR: any = {"usedParamSet":{},"params":[],"statement":"-- Whether this server has a role for the service alone; see db/roles.sql. No lock.\nSELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_app') AS \"exists!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Whether this server has a role for the service alone; see db/roles.sql. No lock.
 * SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_app') AS "exists!"
 * ```
 */
export const applicationRoleExists = new PreparedQuery<IApplicationRoleExistsParams,IApplicationRoleExistsResult>(applicationRoleExistsIR);


/** 'AdvanceOrderIds' parameters type */
export interface IAdvanceOrderIdsParams {
  count: bigint;
}

/** 'AdvanceOrderIds' return type */
export interface IAdvanceOrderIdsResult {
  lastSkipped: bigint;
}

/** 'AdvanceOrderIds' query type */
export interface IAdvanceOrderIdsQuery {
  params: IAdvanceOrderIdsParams;
  result: IAdvanceOrderIdsResult;
}

const advanceOrderIdsIR: any = {"usedParamSet":{"count":true},"params":[{"name":"count","required":true,"transform":{"type":"scalar"},"locs":[{"a":133,"b":139}]}],"statement":"-- Skips ids of new orders, after a restore. For the owner of the schema. No lock.\nSELECT setval('order_ids', nextval('order_ids') + :count!::bigint) AS \"lastSkipped!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Skips ids of new orders, after a restore. For the owner of the schema. No lock.
 * SELECT setval('order_ids', nextval('order_ids') + :count!::bigint) AS "lastSkipped!"
 * ```
 */
export const advanceOrderIds = new PreparedQuery<IAdvanceOrderIdsParams,IAdvanceOrderIdsResult>(advanceOrderIdsIR);


