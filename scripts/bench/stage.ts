/**
 * The stage of the bench: a temporary cluster with its synchronous replica, migrated and seeded, the service
 * on it, the transports without a database, and the relay that can slow the replica.
 */
import pg from 'pg';
import { pino } from 'pino';
import { variableNames } from '../../src/config/config.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { seed } from '../../src/db/schema/seed.ts';
import { asBuilt, type ServiceProcess, showError, startProcess } from '../../test/support/process.ts';
import { query } from '../../test/support/query.ts';
import { type Relay, startRelay } from '../../test/support/relay.ts';
import { startTemporaryCluster } from '../../test/support/temporary-cluster.ts';
import { BenchAudit } from './audit.ts';

export interface Stage {
  readonly primaryUrl: string;
  readonly replicaUrls: readonly string[];
  readonly loms: ServiceProcess;
  /** The service with a queue that is full under any load. */
  readonly fullQueue: ServiceProcess;
  /** The transports without a database. */
  readonly transportOnly: ServiceProcess;
  readonly audit: BenchAudit;
  /** Connects the replica to the primary through the relay, or directly again. */
  useRelay(use: boolean): Promise<Relay>;
  /** Stops everything and removes the data. */
  clear(): Promise<void>;
}

const SWITCH_LIMIT_MS = 30_000;
const SWITCH_INTERVAL_MS = 50;

/** Short enough that most requests of a usual load are refused. */
const SHORT_QUEUE = '16';

/** The load of all clients comes from one address. */
const PEER_CONNECTIONS_MAX = '100000';

/** The settings of the service that this run's environment sets. */
export function changedSettings(): Record<string, string> {
  const set = variableNames.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  return Object.fromEntries(set) as Record<string, string>;
}

/** Sets the stage. When that fails, what was started is stopped. */
export async function setStage(): Promise<Stage> {
  const closers: (() => Promise<unknown> | unknown)[] = [];
  const clear = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const { cluster, remove } = await startTemporaryCluster();
    closers.push(remove);
    const { primaryUrl, replicaUrls } = cluster;
    const log = pino({ level: 'warn' });
    await migrate(primaryUrl, log);
    await seed(primaryUrl, 'large', log);
    const audit = await BenchAudit.open(primaryUrl);
    closers.push(() => audit.close());
    await audit.prepareWal(replicaUrls);
    const relay = await startRelay(Number(new URL(primaryUrl).port));
    closers.push(() => relay.close());
    const urls = { DATABASE_URL: primaryUrl, DATABASE_REPLICA_URLS: replicaUrls.join(',') };
    const start = async (args: readonly string[], settings: Record<string, string> = {}) => {
      const ports = { HTTP_PORT: '0', GRPC_PORT: '0' };
      const env = { PEER_CONNECTIONS_MAX, ...process.env, ...ports, ...urls, ...settings };
      const server = await startProcess(env, { args, onLine: showError });
      closers.push(() => server.end());
      return server;
    };
    const loms = await start(asBuilt);
    const fullQueue = await start(asBuilt, { QUEUE_MAX: SHORT_QUEUE });
    const transportOnly = await start(['scripts/bench/transport-only.js']);
    const useRelay = async (use: boolean) => {
      const primaryPort = Number(new URL(primaryUrl).port);
      await streamFrom(replicaUrls[0] ?? '', primaryUrl, use ? relay.port : primaryPort);
      return relay;
    };
    return { primaryUrl, replicaUrls, loms, fullQueue, transportOnly, audit, useRelay, clear };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** Makes the replica stream from another port, and waits until it is synchronous again. */
async function streamFrom(replicaUrl: string, primaryUrl: string, port: number): Promise<void> {
  const before = await query(primaryUrl, 'SELECT pid FROM pg_stat_replication');
  const [row] = await query(replicaUrl, 'SHOW primary_conninfo');
  const conninfo = String(row?.primary_conninfo).replace(/port=\d+/, `port=${port}`);
  await query(replicaUrl, `ALTER SYSTEM SET primary_conninfo = ${pg.escapeLiteral(conninfo)}`);
  await query(replicaUrl, 'SELECT pg_reload_conf()');
  const limitMs = performance.now() + SWITCH_LIMIT_MS;
  for (;;) {
    const now = await query(primaryUrl, 'SELECT pid, sync_state FROM pg_stat_replication');
    if (now[0]?.sync_state === 'sync' && now[0]?.pid !== before[0]?.pid) return;
    if (performance.now() > limitMs) throw new Error('the replica does not stream through the relay');
    await new Promise((resolve) => setTimeout(resolve, SWITCH_INTERVAL_MS));
  }
}
