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


