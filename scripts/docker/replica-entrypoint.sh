#!/bin/sh
# Starts a PostgreSQL server as a replica. The first start copies the primary with pg_basebackup. Every start
# then runs the entrypoint of the postgres image. Safe to interrupt at any point and to start again.
set -eu

: "${PRIMARY_HOST:?must be set: where the primary listens}"
: "${REPLICATION_PASSWORD:?must be set: the password of the role replicator}"

home=$(dirname "$PGDATA")

# Root is needed to own the volume and for nothing else.
if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres "$home"
  exec gosu postgres "$0" "$@"
fi

# Under another user than root an empty volume has no such folder yet.
mkdir -p "$home"

# primary_conninfo refers to a file with the password. It is rewritten at every start, so a new password needs
# a restart and no editing.
export PGPASSFILE="$home/replicator.pgpass"
escaped=$(printf '%s' "$REPLICATION_PASSWORD" | sed 's/[\\:]/\\&/g')
(umask 077 && printf '*:*:*:replicator:%s\n' "$escaped" >"$PGPASSFILE")

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # As process 1, a shell ignores signals that it does not handle, and its children do not receive them.
  child=
  trap '[ -z "$child" ] || kill "$child"; exit 130' INT TERM

  echo "replica: waiting for the primary at $PRIMARY_HOST"
  until pg_isready --quiet --host="$PRIMARY_HOST"; do
    sleep 1
  done

  # The copy gets its final name only when it is complete, so the leftover of an interrupted start is
  # recognised by its name. An empty data directory may exist already; one with content is not ours to delete.
  copy="$PGDATA.copy"
  rm -rf "$copy"
  [ ! -d "$PGDATA" ] || rmdir "$PGDATA"

  # --write-recovery-conf adds standby.signal and primary_conninfo to the copy. The application_name of a
  # synchronous standby is not set here but comes from the server's cluster_name: a backup under that name
  # would be listed as a synchronous standby itself.
  pg_basebackup --dbname="host=$PRIMARY_HOST user=replicator" --no-password --pgdata="$copy" \
    --write-recovery-conf --slot=store_sync_db --wal-method=stream --checkpoint=fast &
  child=$!
  wait "$child"
  child=

  sync
  mv "$copy" "$PGDATA"
  trap - INT TERM
  echo "replica: base backup complete"
fi

exec docker-entrypoint.sh "$@"
