/**
 * The configuration files of the two servers. They are written anew on every start, since ports may change.
 */
import { randomUUID } from 'node:crypto';
import { chown, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { REPLICATOR, REPLICATOR_PASSWORD, SLOT, STANDBY } from './bootstrap.ts';
import type { Account } from './command.ts';

/** A server's port and whether the primary waits for a replica. */
export interface PrimarySettings {
  readonly port: number;
  readonly synchronous: boolean;
}

export interface ReplicaSettings {
  readonly port: number;
  readonly primaryPort: number;
}

const HEADER = '# Written by loms on every start. Settings of your own: ALTER SYSTEM.\n';

/** The same on both, as the replica must not have less than the primary and may take its place. */
const COMMON = `
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
# A replica that stays away must not fill the disk: past this it is made anew.
max_slot_wal_keep_size = '4GB'
wal_sender_timeout = '10s'
wal_receiver_timeout = '10s'

hot_standby = on
# A replica that was away is back within this time.
wal_retrieve_retry_interval = '500ms'
wal_receiver_status_interval = '1s'
# A commit waits until the replica has applied it, so no reader there may hold that up for long: the
# primary spares the rows that it still sees, and what conflicts nevertheless is cancelled soon.
hot_standby_feedback = on
max_standby_streaming_delay = '1s'
`;

/** The text of the primary's postgresql.conf. */
export function primaryConf({ port, synchronous }: PrimarySettings): string {
  return `${HEADER}${COMMON}
port = ${port}
cluster_name = 'store'
# An acknowledged write is seen by every reader, also on the replica.
synchronous_commit = 'remote_apply'
synchronous_standby_names = '${synchronous ? `FIRST 1 (${STANDBY})` : ''}'
`;
}

/** The text of the replica's postgresql.conf. */
export function replicaConf({ port, primaryPort }: ReplicaSettings): string {
  const primary = [
    `host=127.0.0.1 port=${primaryPort}`,
    `user=${REPLICATOR} password=${REPLICATOR_PASSWORD}`,
    `application_name=${STANDBY} sslmode=disable gssencmode=disable connect_timeout=5`,
  ];
  return `${HEADER}${COMMON}
port = ${port}
cluster_name = '${STANDBY}'
primary_conninfo = '${primary.join(' ')}'
primary_slot_name = '${SLOT}'
`;
}

/** The text of pg_hba.conf, the same on both: passwords always, and from this machine alone. */
const HBA = `${HEADER}
host  all          all            127.0.0.1/32  scram-sha-256
host  replication  ${REPLICATOR}  127.0.0.1/32  scram-sha-256
`;

/** Writes a server's configuration files into its data folder. */
export async function writeSettings(
  dataDir: string,
  conf: string,
  account: Account | undefined,
): Promise<void> {
  await writeFor(account, join(dataDir, 'postgresql.conf'), conf);
  await writeFor(account, join(dataDir, 'pg_hba.conf'), HBA);
}

/**
 * Writes a file in a data folder for the account that the server runs as. It is made outside of the data
 * folder and then renamed: so it is replaced as a whole, and root never writes through a link that the
 * account could have put there.
 */
export async function writeFor(account: Account | undefined, path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), '..', `write-${randomUUID()}`);
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
  if (account !== undefined) await chown(temporary, account.uid, account.gid);
  await rename(temporary, path);
}
