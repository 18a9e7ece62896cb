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


