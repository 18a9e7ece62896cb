/**
 * The embedded cluster: a PostgreSQL primary and its synchronous streaming replica, as processes beside the
 * service where DATABASE_URL is not set. For development and tests.
 *
 * Attach to what runs, start what does not; PostgreSQL's own lock file is the lock. So several processes may
 * use one folder, and the next service uses the servers of a killed one. The price: the process that started
 * a server stops it, also while others use it, and the servers of a killed process run on until
 * `removeEmbeddedCluster` (`make clean`) or `pg_ctl stop`.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { waitForReplica, withSetupLock } from './client.ts';
import { buildPrimary, buildReplica, passwordsOf, removeData, removeUnfinished } from './data.ts';
import { exists, findPlace, type Place } from './place.ts';
import { PostgresServer, type StopMode } from './server.ts';
import { primaryConf, replicaConf } from './settings.ts';

export interface EmbeddedOptions {
  /** The folder that keeps the data between runs; it is made where it does not exist. */
  readonly dir: string;
  /** The ports of servers that are started; one that runs already keeps its own. */
  readonly primaryPort: number;
  readonly replicaPort: number;
  readonly logger: Logger;
  /** False for a primary alone, whose commits wait for no replica. */
  readonly replica?: boolean;
  /** The folder of the npm package with the programs; the installed one if not set. */
  readonly packageDir?: string | undefined;
}

export interface EmbeddedCluster {
  readonly primaryUrl: string;
  readonly replicaUrls: readonly string[];
  /** Stops the servers that this cluster has started, within half a minute. Safe to call twice. */
  stop(): Promise<void>;
  /** Stops the replica: `immediate` is like a crash. Commits wait until it is back. */
  stopReplica(mode?: StopMode): Promise<void>;
  /** Starts the replica and waits until it is synchronous. */
  startReplica(): Promise<void>;
  /** Stops the primary: `immediate` is like a crash. */
  stopPrimary(mode?: StopMode): Promise<void>;
  /** Starts the primary on its data as they are: after a promotion as an old primary. */
  startPrimary(): Promise<void>;
  /** Makes the replica a primary, on the next timeline, whose commits wait for no replica. */
  promoteReplica(): Promise<void>;
}

/**
 * Attaches to the servers of a folder or starts them, and waits until the primary answers and the replica is
 * synchronous. Missing data are made; a replica that cannot stream is rebuilt from the primary, unless
 * another process started it.
 *
 * @throws when a port is in use, there is no PostgreSQL for this platform, or a server does not start. What
 * was started is stopped then.
 */
export async function startEmbeddedCluster(options: EmbeddedOptions): Promise<EmbeddedCluster> {
  const { logger, replica: withReplica = true } = options;
  const startMs = performance.now();
  const place = await findPlace(options.dir, options.packageDir);
  const primary = serverOf(place, 'primary');
  const replica = serverOf(place, 'replica');
  /** The primary first: it sends all that it has written, its last checkpoint too, before it ends. */
  const stop = async () => {
    try {
      if (primary.startedBy === 'us') await primary.stop();
    } finally {
      if (replica.startedBy === 'us') await replica.stop();
    }
  };
  try {
    await startPrimary(place, primary, options);
    // Of two processes that start at the same moment, the second attaches to the first one's replica.
    await withSetupLock(primary.url, async () => {
      await removeUnfinished(place.home);
      if (withReplica) await startReplica(place, primary, replica, options);
    });
  } catch (error) {
    await stop().catch((err) => logger.error({ err }, 'embedded PostgreSQL does not stop'));
    throw error;
  }
  const tookMs = Math.round(performance.now() - startMs);
  const ports = { primaryPort: primary.port, ...(withReplica ? { replicaPort: replica.port } : {}) };
  logger.info({ folder: place.home, ...ports, tookMs }, 'embedded PostgreSQL is ready');
  return {
    primaryUrl: primary.url,
    replicaUrls: withReplica ? [replica.url] : [],
    stop,
    stopReplica: (mode) => replica.stop(mode),
    async startReplica() {
      await replica.start();
      await waitForReplica(primary.url);
    },
    stopPrimary: (mode) => primary.stop(mode),
    startPrimary: () => primary.start(),
    promoteReplica: () => replica.promote(),
  };
}

/** Stops the servers that run on a folder's data, started by any process, and removes the data for good. */
export async function removeEmbeddedCluster({
  dir,
  packageDir,
  logger,
}: Pick<EmbeddedOptions, 'dir' | 'packageDir' | 'logger'>): Promise<void> {
  const entry = join(dir, 'postgresql');
  if ((await stat(entry).catch(() => undefined)) !== undefined) {
    const place = await findPlace(dir, packageDir);
    for (const name of ['primary', 'replica'] as const) await serverOf(place, name).stop('immediate');
    await removeData(place.home);
    logger.info({ folder: place.home }, 'embedded PostgreSQL removed');
  }
  // It may be a link.
  await removeData(entry);
}

/** Attaches to the primary or starts it, on new data where there are none. */
async function startPrimary(place: Place, primary: PostgresServer, options: EmbeddedOptions): Promise<void> {
  const { home } = place;
  if (!(await exists(primary.dataDir))) {
    // No step of ours leads here, and a replica may be the last copy of somebody's data.
    if (await exists(join(home, 'replica'))) throw new Error(`${home} holds a replica without its primary`);
    options.logger.info({ folder: home }, 'setting up embedded PostgreSQL');
    await buildPrimary(place, primary.dataDir);
  }
  await primary.start(primaryConf(options.primaryPort, options.replica ?? true));
}

/** Attaches to the replica or starts it, and waits until it streams. */
async function startReplica(
  place: Place,
  primary: PostgresServer,
  replica: PostgresServer,
  { logger, replicaPort }: EmbeddedOptions,
): Promise<void> {
  const start = async () => {
    if (!(await exists(replica.dataDir))) await buildReplica(place, primary, replica.dataDir);
    const { replicator } = await passwordsOf(primary.dataDir);
    await replica.start(replicaConf(replicaPort, primary.port, replicator));
    await waitForReplica(primary.url);
  };
  await start().catch(async (error) => {
    if (error.code === 'EADDRINUSE') throw error;
    if (replica.startedBy === 'others') {
      const message = `the replica that another process started in ${replica.dataDir} is broken: stop it`;
      throw new Error(message, { cause: error });
    }
    logger.warn({ err: error }, 'the replica is broken: rebuilding it from the primary');
    await replica.stop('immediate');
    await removeData(replica.dataDir);
    await start();
  });
}

function serverOf(place: Place, name: 'primary' | 'replica'): PostgresServer {
  return new PostgresServer(join(place.home, name), join(place.home, 'log', `${name}.log`), place);
}
