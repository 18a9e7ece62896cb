/**
 * SQL on a running server: which data it serves, whether the replica streams, the backup for a new replica.
 * These statements run before there is a schema. All other SQL is in `sql/`, checked against the schema.
 */
import { realpath } from 'node:fs/promises';
import pg from 'pg';
import { SLOT, STANDBY } from './settings.ts';

const CONNECT_LIMIT_MS = 2_000;
const QUERY_LIMIT_MS = 5_000;
/** A new replica is a copy of the primary, however large that has grown. */
export const COPY_LIMIT_MS = 15 * 60_000;
const STREAM_LIMIT_MS = 30_000;
const POLL_INTERVAL_MS = 25;

const REPLICATION_STATE = `
  SELECT (SELECT sync_state FROM pg_stat_replication WHERE application_name = '${STANDBY}') AS replica,
         (SELECT wal_status FROM pg_replication_slots WHERE slot_name = '${SLOT}') AS slot`;
const SETUP_LOCK = 'SELECT pg_advisory_lock(4270315988021)';
/** The slot keeps the WAL that the copy will request; one that has lost some is replaced. */
const START_BACKUP = [
  `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
   WHERE slot_name = '${SLOT}' AND wal_status IN ('unreserved', 'lost')`,
  `SELECT pg_create_physical_replication_slot('${SLOT}', true)
   WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '${SLOT}')`,
  `SELECT pg_backup_start('${STANDBY}', fast => true)`,
];

/**
 * The data folder of the server at a URL.
 *
 * @throws ECONNREFUSED when nothing listens there; else what kept the server from an answer.
 */
export async function dataFolderOf(url: string): Promise<string> {
  const { rows } = await withClient(url, QUERY_LIMIT_MS, (client) => client.query('SHOW data_directory'));
  return realpath(rows[0].data_directory);
}

/**
 * Waits until the primary counts the replica as synchronous, which means that it streams.
 *
 * @throws after half a minute, or when the slot has lost the WAL that the replica needs.
 */
export function waitForReplica(primaryUrl: string): Promise<void> {
  const deadlineMs = performance.now() + STREAM_LIMIT_MS;
  return withClient(primaryUrl, QUERY_LIMIT_MS, async (client) => {
    for (;;) {
      const { replica, slot } = (await client.query(REPLICATION_STATE)).rows[0];
      if (replica === 'sync') return;
      if (slot === null || slot === 'lost') throw new Error(`the slot ${SLOT} is lost`);
      if (performance.now() > deadlineMs) throw new Error('the replica does not stream');
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
  });
}

/** Does work that one process at a time may do. The lock is the primary's; it ends with its holder. */
export function withSetupLock(primaryUrl: string, work: () => Promise<void>): Promise<void> {
  return withClient(primaryUrl, COPY_LIMIT_MS, async (client) => {
    await client.query(SETUP_LOCK);
    await work();
  });
}

/**
 * Brings the primary into backup mode, in which its files may be copied while it runs.
 *
 * @returns the text of the copy's `backup_label`, from which its recovery starts.
 */
export function backUp(primaryUrl: string, copy: () => Promise<void>): Promise<string> {
  return withClient(primaryUrl, COPY_LIMIT_MS, async (client) => {
    for (const statement of START_BACKUP) await client.query(statement);
    await copy();
    return (await client.query('SELECT labelfile FROM pg_backup_stop()')).rows[0].labelfile;
  });
}

/**
 * Given explicitly, since `pg` would read what is missing from PGOPTIONS and its kind. A blank is no option.
 */
const CONNECTION = { ssl: false, sslnegotiation: 'postgres', replication: 'false', options: ' ' } as const;

async function withClient<T>(url: string, limitMs: number, use: (db: pg.Client) => Promise<T>): Promise<T> {
  const limits = { connectionTimeoutMillis: CONNECT_LIMIT_MS, query_timeout: limitMs };
  const client = new pg.Client({ connectionString: url, ...CONNECTION, ...limits });
  // A broken connection fails the running query as well; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}
