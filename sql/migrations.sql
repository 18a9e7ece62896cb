/*
  What migrations run, with the login that owns the schema. The table and its form are those of dbmate.
*/

/* @name createVersionTable */
-- Creates the table of the applied migrations where it is missing.
CREATE TABLE IF NOT EXISTS schema_migrations (version varchar(128) PRIMARY KEY);

/* @name beginMigration */
-- A migration and the record of it are one transaction, unless its file is marked transaction:false.
BEGIN;

/* @name limitLockWait */
-- Limits how long the statements of this transaction wait for a lock: all that need the table meanwhile wait
-- behind them, reads too. It is shorter than a read may take, so no read fails by it.
SET LOCAL lock_timeout = '500ms';

/* @name rollbackMigration */
-- Ends the transaction of a migration that could not be applied.
ROLLBACK;

/* @name oldestTransaction */
-- Returns the other session of this database whose transaction is open for the longest time: most likely a
-- migration waits for it. What the login may not see is null. No lock.
SELECT
    pid AS "pid!",
    usename::text AS "user?",
    application_name AS "application?",
    host(client_addr) AS "address?",
    extract(epoch FROM clock_timestamp() - xact_start)::int AS "idle_s?"
FROM pg_stat_activity
WHERE datname = current_database()
  AND pid <> pg_backend_pid()
  AND backend_type = 'client backend'
ORDER BY xact_start
LIMIT 1;

/* @name recordVersion */
-- Records a migration as applied.
INSERT INTO schema_migrations (version) VALUES (:version!);

/* @name commitMigration */
-- Ends the transaction of a migration.
COMMIT;

/* @name migrationTryLock */
-- Takes the lock under which one instance at a time migrates, or returns false at once where another session
-- holds it. The session holds the lock until migrationUnlock or its end.
SELECT pg_try_advisory_lock(:key!) AS "locked!";

/* @name migrationUnlock */
-- Lets the next instance migrate.
SELECT pg_advisory_unlock(:key!) AS "unlocked!";

/* @name migrationLockHolder */
-- Returns the session that holds the lock; none where it has just ended. What the login may not see is null.
SELECT
    activity.pid AS "pid!",
    activity.usename::text AS "user?",
    activity.application_name AS "application?",
    host(activity.client_addr) AS "address?",
    extract(epoch FROM clock_timestamp() - activity.state_change)::int AS "idle_s?"
FROM pg_locks AS lock
JOIN pg_stat_activity AS activity ON activity.pid = lock.pid
WHERE lock.locktype = 'advisory'
  AND lock.granted
  AND lock.objsubid = 1
  AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (lock.classid::bigint << 32) + lock.objid::bigint = :key!;

/* @name applicationRoleExists */
-- Whether this server has a role for the service alone; see db/roles.sql. No lock.
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_app') AS "exists!";
