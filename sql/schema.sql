/*
  What the readiness check queries about the schema.
*/

/* @name schemaVersions */
-- Lists the applied migrations. Fails with 42P01 where none was ever applied. No lock.
SELECT version FROM schema_migrations ORDER BY version;

/* @name advanceOrderIds */
-- Skips ids of new orders, after a restore. For the owner of the schema. No lock.
SELECT setval('order_ids', nextval('order_ids') + :count!::bigint) AS "lastSkipped!";
