#!/bin/sh
# Starts a PostgreSQL server as a replica. The first start copies the primary with pg_basebackup; every start then
# hands over to the postgres image's own entrypoint. May be interrupted at any point and started again.
set -eu

: "${PRIMARY_HOST:?must be set: where the primary listens}"
: "${REPLICATION_PASSWORD:?must be set: the password of the role replicator}"

home=$(dirname "$PGDATA")

# Root is needed to own the volume and for nothing else.
if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres "$home"
  exec gosu postgres "$0" "$@"
fi

# The password stands in a file that primary_conninfo points to. It is written anew at every start, so a new
# password takes a restart and no editing.
export PGPASSFILE="$home/replicator.pgpass"
escaped=$(printf '%s' "$REPLICATION_PASSWORD" | sed 's/[\\:]/\\&/g')
(umask 077 && printf '*:*:*:replicator:%s\n' "$escaped" >"$PGPASSFILE")

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # A shell that is process 1 is not ended by a signal it does not handle, and its children hear of none.
  child=
  trap '[ -z "$child" ] || kill "$child"; exit 130' INT TERM

  echo "replica: waiting for the primary at $PRIMARY_HOST"
  until pg_isready --quiet --host="$PRIMARY_HOST"; do
    sleep 1
  done

  # The copy gets its final name only when it is whole, so what an interrupted start left is known by its name.
  # An empty data directory may exist already; one with something in it is not ours to delete.
  copy="$PGDATA.copy"
  rm -rf "$copy"
  [ ! -d "$PGDATA" ] || rmdir "$PGDATA"

  # --write-recovery-conf leaves standby.signal and primary_conninfo in the copy. The application_name of a
  # synchronous standby is not given here but comes from the server's cluster_name: a backup under that name would
  # be listed as a synchronous standby itself.
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
