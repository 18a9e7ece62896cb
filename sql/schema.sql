/*
  What the readiness check queries about the schema.
*/

/* @name schemaVersions */
-- Lists the applied migrations. Fails with 42P01 where none was ever applied. No lock.
SELECT version FROM schema_migrations ORDER BY version;
