#!/bin/sh
# Sets up a new PostgreSQL server as the primary of a synchronous pair. The postgres image runs this once, on
# an empty volume, against a temporary server that listens on its Unix socket only.
set -eu

: "${REPLICATION_PASSWORD:?must be set: the password of the role replicator}"
: "${LOMS_PASSWORD:?must be set: the password of the role loms, by which the service works}"
: "${LOMS_MIGRATION_PASSWORD:?must be set: the password of the role loms_migration, by which it migrates}"

# The replica may connect from the network of the containers only.
printf '\nhost replication replicator samenet scram-sha-256\n' >>"$PGDATA/pg_hba.conf"

# ALTER SYSTEM writes the settings now, and the real start reads them. So the temporary server never waits for
# a replica that does not exist yet, as it would with options on the command line. The base backup also copies
# them to the replica, where a promotion needs them, and they can be changed while the server runs.
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
-- Read from the environment here, so that no process list shows it.
\getenv password REPLICATION_PASSWORD
CREATE ROLE replicator WITH LOGIN REPLICATION PASSWORD :'password';

-- The slot keeps the WAL that the replica has not received, up to a limit, so that it cannot fill the disk.
SELECT pg_create_physical_replication_slot('store_sync_db');
ALTER SYSTEM SET max_slot_wal_keep_size = '4GB';

-- After a failover, pg_rewind turns the old primary into a replica; it reads WAL back to a common checkpoint.
ALTER SYSTEM SET wal_keep_size = '256MB';

-- A commit is acknowledged when it is visible to readers on the replica.
ALTER SYSTEM SET synchronous_commit = 'remote_apply';
ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (store_sync)';

-- The primary does not vacuum rows that a reader on the replica still sees: otherwise the replica would pause
-- replay, and with it every commit, until that reader is done.
ALTER SYSTEM SET hot_standby_feedback = on;
-- A reader on the replica that conflicts nevertheless delays every commit: it is cancelled after a second.
ALTER SYSTEM SET max_standby_streaming_delay = '1s';

-- A lost connection between the two is noticed after ten seconds, and made again within half a second.
ALTER SYSTEM SET wal_sender_timeout = '10s';
ALTER SYSTEM SET wal_receiver_timeout = '10s';
ALTER SYSTEM SET wal_receiver_status_interval = '1s';
ALTER SYSTEM SET wal_retrieve_retry_interval = '500ms';
SQL

# The service's roles: one owns the schema, the other has the privileges that the queries need and no more.
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
\i /usr/local/share/loms/roles.sql
\getenv password LOMS_PASSWORD
CREATE ROLE loms LOGIN PASSWORD :'password' IN ROLE loms_app;
\getenv password LOMS_MIGRATION_PASSWORD
CREATE ROLE loms_migration LOGIN PASSWORD :'password' IN ROLE loms_owner;
ALTER ROLE loms_migration SET role = loms_owner;
SQL
