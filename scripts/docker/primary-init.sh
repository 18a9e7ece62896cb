#!/bin/sh
# Makes a new PostgreSQL server the primary of a synchronous pair. The postgres image runs this once, while the
# volume is still empty, against a temporary server that listens on its socket only.
set -eu

: "${REPLICATION_PASSWORD:?must be set: the password of the role replicator}"
: "${LOMS_PASSWORD:?must be set: the password of the role loms, by which the service works}"
: "${LOMS_MIGRATION_PASSWORD:?must be set: the password of the role loms_migration, by which it migrates}"

# The replica connects from the containers' own network and from nowhere else.
printf '\nhost replication replicator samenet scram-sha-256\n' >>"$PGDATA/pg_hba.conf"

# ALTER SYSTEM is written down now and read at the real start. So the temporary server never waits for a replica
# that does not exist yet, which it would if these were options on the command line. Also the base backup takes
# them to the replica, ready for the day it is promoted, and they can be changed while the server runs.
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
-- Taken from the environment here, so that no list of processes shows it.
\getenv password REPLICATION_PASSWORD
CREATE ROLE replicator WITH LOGIN REPLICATION PASSWORD :'password';

-- The primary keeps the WAL that the replica has not received, but never so much that it fills the disk.
SELECT pg_create_physical_replication_slot('store_sync_db');
ALTER SYSTEM SET max_slot_wal_keep_size = '4GB';

-- After a failover pg_rewind turns an old primary into a replica; it reads WAL back to a common checkpoint.
ALTER SYSTEM SET wal_keep_size = '256MB';

-- A commit is acknowledged when the replica shows it to readers.
ALTER SYSTEM SET synchronous_commit = 'remote_apply';
ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (store_sync)';

-- What a reader on the replica still sees is not vacuumed away on the primary: otherwise the replica would hold
-- back the WAL, and with it every commit, until that reader is done.
ALTER SYSTEM SET hot_standby_feedback = on;
SQL

# The service's roles: one that owns the schema, and one that can do what the queries need and nothing else.
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
\i /usr/local/share/loms/roles.sql
\getenv password LOMS_PASSWORD
CREATE ROLE loms LOGIN PASSWORD :'password' IN ROLE loms_app;
\getenv password LOMS_MIGRATION_PASSWORD
CREATE ROLE loms_migration LOGIN PASSWORD :'password' IN ROLE loms_owner;
ALTER ROLE loms_migration SET role = loms_owner;
SQL
