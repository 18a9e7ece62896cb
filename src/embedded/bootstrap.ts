/**
 * The SQL that makes the cluster itself: roles, database, slot, and the look at the replication.
 *
 * All other SQL stands in `sql/`, where pgtyped checks it against the schema. These statements run before
 * there is a schema, most of them before there is a server: `postgres --single` executes them on a data
 * folder that nobody else uses, with no port and no commit that waits for a replica.
 */
import pg from 'pg';

const DATABASE = 'loms';
export const SUPERUSER = 'postgres';
const SUPERUSER_PASSWORD = 'postgres';
export const REPLICATOR = 'replicator';
export const REPLICATOR_PASSWORD = 'replicator';
export const SLOT = 'store_sync_db';
/** The name under which the replica reports to the primary. */
export const STANDBY = 'store_sync';

/** Run once, on a new primary. In single-user mode a statement ends with its line. */
export const CREATE_DATABASE = [
  `ALTER ROLE ${SUPERUSER} PASSWORD '${SUPERUSER_PASSWORD}'`,
  `CREATE ROLE ${REPLICATOR} REPLICATION LOGIN PASSWORD '${REPLICATOR_PASSWORD}'`,
  `CREATE DATABASE ${DATABASE}`,
];

/**
 * Run on a stopped primary before each copy that is to become a replica. The slot keeps the WAL from this
 * moment on, which is what the copy will ask for; an older slot may have lost it.
 */
export const CREATE_SLOT = [
  `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${SLOT}'`,
  `SELECT pg_create_physical_replication_slot('${SLOT}', true)`,
];

const REPLICATION_STATE = `
  SELECT (SELECT sync_state FROM pg_stat_replication WHERE application_name = '${STANDBY}') AS sync_state,
         (SELECT wal_status FROM pg_replication_slots WHERE slot_name = '${SLOT}') AS wal_status`;

const CONNECT_LIMIT_MS = 5_000;
const QUERY_LIMIT_MS = 5_000;
const POLL_INTERVAL_MS = 25;

/** The address of a database on one of the two servers. */
export function urlOf(port: number): string {
  return `postgres://${SUPERUSER}:${SUPERUSER_PASSWORD}@127.0.0.1:${port}/${DATABASE}`;
}

/**
 * Asks a server that has just started for an answer.
 *
 * @throws when it gives none.
 */
export async function requireAnswer(port: number): Promise<void> {
  await withClient(port, (client) => client.query('SELECT 1'));
}

/**
 * Waits until the primary counts the replica as synchronous, which it does when it streams.
 *
 * @throws when it does not within the limit, or cannot because the slot lost the WAL that the replica needs.
 */
export async function waitForReplica(primaryPort: number, limitMs: number): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  await withClient(primaryPort, async (client) => {
    for (;;) {
      const { rows } = await client.query<{ sync_state: string | null; wal_status: string | null }>(
        REPLICATION_STATE,
      );
      const { sync_state: syncState, wal_status: walStatus } = rows[0] ?? {};
      if (syncState === 'sync') return;
      if (walStatus === null || walStatus === 'lost') throw new Error(`the slot ${SLOT} is lost`);
      if (Date.now() > deadlineMs) throw new Error(`the replica does not stream after ${limitMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
  });
}

async function withClient<T>(port: number, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: urlOf(port),
    ssl: false,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    query_timeout: QUERY_LIMIT_MS,
  });
  // A connection that breaks fails the query in work as well; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}
