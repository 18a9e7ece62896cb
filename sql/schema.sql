/*
  What migrations and the readiness check query about the schema.
*/

/* @name schemaVersions */
-- Lists the applied migrations. Fails with 42P01 where none was ever applied. No lock.
SELECT version FROM schema_migrations ORDER BY version;

/* @name migrationLock */
-- Takes the lock, unless another instance migrates. The session holds it until migrationUnlock or its end.
-- It does not wait: a statement that waits keeps a snapshot, and an index that the other instance builds
-- concurrently waits for all snapshots.
SELECT pg_try_advisory_lock(7163846290174) AS "locked!";

/* @name migrationUnlock */
-- Lets the next instance migrate.
SELECT pg_advisory_unlock(7163846290174) AS "unlocked!";

/* @name applicationRoleExists */
-- Whether this server has a role for the service alone; see db/roles.sql. No lock.
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_app') AS "exists!";

/* @name advanceOrderIds */
-- Skips ids of new orders, after a restore. For the owner of the schema. No lock.
SELECT setval('order_ids', nextval('order_ids') + :count!::bigint) AS "lastSkipped!";
