/** The names and configuration texts of the two servers. */

export const SUPERUSER = 'postgres';
export const DATABASE = 'loms';
export const REPLICATOR = 'replicator';
export const SLOT = 'store_sync_db';
/** The name under which the replica reports to the primary. */
export const STANDBY = 'store_sync';

/** The superuser's URL of the database on one of the two servers. */
export function urlOf(port: number, password: string): string {
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

/** The same on both, as the replica must not have less than the primary and may take its place. */
const COMMON = `# Written by loms at every start. Settings of your own: ALTER SYSTEM.
listen_addresses = '127.0.0.1'
# A socket's path may have about 100 characters only, which a checkout's folder easily exceeds.
unix_socket_directories = ''
max_connections = 100
shared_buffers = '256MB'
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '

wal_level = 'replica'
min_wal_size = '256MB'
max_wal_size = '2GB'
# A replica that stays away must not fill the disk: past this it is rebuilt.
max_slot_wal_keep_size = '4GB'
wal_sender_timeout = '10s'
wal_receiver_timeout = '10s'

hot_standby = on
# A replica that was away is back within this time.
wal_retrieve_retry_interval = '500ms'
wal_receiver_status_interval = '1s'
# A commit waits until the replica has applied it, so readers there must not delay replay for long: the
# primary keeps the rows that they still see, and a reader that conflicts nevertheless is cancelled soon.
hot_standby_feedback = on
max_standby_streaming_delay = '1s'
`;

/** The port that a server is to listen on, the variable that sets it, and the text of postgresql.conf. */
export interface Conf {
  readonly port: number;
  readonly portVariable: string;
  readonly text: string;
}

/** @param synchronous whether every commit waits for the replica. */
export function primaryConf(port: number, synchronous: boolean): Conf {
  const text = `${COMMON}
port = ${port}
cluster_name = 'store'
# An acknowledged write is seen by every reader, also on the replica.
synchronous_commit = 'remote_apply'
synchronous_standby_names = '${synchronous ? `FIRST 1 (${STANDBY})` : ''}'
`;
  return { port, portVariable: 'EMBEDDED_PRIMARY_PORT', text };
}

/** @param password that of the replica's role. */
export function replicaConf(port: number, primaryPort: number, password: string): Conf {
  const primary = [
    `host=127.0.0.1 port=${primaryPort}`,
    `user=${REPLICATOR} password=${password}`,
    `application_name=${STANDBY} sslmode=disable gssencmode=disable connect_timeout=5`,
  ];
  const text = `${COMMON}
port = ${port}
cluster_name = '${STANDBY}'
primary_conninfo = '${primary.join(' ')}'
primary_slot_name = '${SLOT}'
`;
  return { port, portVariable: 'EMBEDDED_REPLICA_PORT', text };
}

/** The pg_hba.conf of both: passwords always, and from this machine alone. */
export const HBA = `
host  all          all            127.0.0.1/32  scram-sha-256
host  replication  ${REPLICATOR}  127.0.0.1/32  scram-sha-256
`;
