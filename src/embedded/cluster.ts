/**
 * The embedded cluster: a PostgreSQL primary and its synchronous streaming replica, run as processes beside
 * the service, for everyone who has not set DATABASE_URL.
 */
import { lstat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { findBinaries } from './binaries.ts';
import { requireAnswer, urlOf, waitForReplica } from './bootstrap.ts';
import { buildPrimary, buildReplica, hasData, makeFolderFor, removeAttempts, removeData } from './data.ts';
import { takeOwnership } from './owner.ts';
import { findPlace } from './place.ts';
import { requireFreePort } from './ports.ts';
import { PostgresServer, type StopMode, type Tools } from './server.ts';
import { primaryConf, replicaConf, writeSettings } from './settings.ts';

export interface EmbeddedOptions {
  /** The folder that keeps the data between runs; it is made where it does not exist. */
  readonly dir: string;
  readonly primaryPort: number;
  readonly replicaPort: number;
  readonly logger: Logger;
  /** False for a primary alone, which then waits for nobody: for tools that need a database for a moment. */
  readonly replica?: boolean;
}

export interface EmbeddedCluster {
  readonly primaryUrl: string;
  readonly replicaUrls: readonly string[];
  /** Stops both servers, within a bounded time, and gives the folder free. Safe to call twice. */
  stop(): Promise<void>;
  /** Takes the replica away: `immediate` is like a crash. Commits wait until it is back. */
  stopReplica(mode?: StopMode): Promise<void>;
  /** Brings the replica back and waits until it is synchronous. */
  startReplica(): Promise<void>;
  /** Takes the primary away: `immediate` is like a crash. */
  stopPrimary(mode?: StopMode): Promise<void>;
  /** Starts the primary on its data as they are: after a promotion as an old primary. */
  startPrimary(): Promise<void>;
  /** Makes the replica a primary, on the next timeline, whose commits wait for nobody. */
  promoteReplica(): Promise<void>;
}

/** How long a replica may take to catch up and stream before it is held for broken. */
const STREAM_LIMIT_MS = 30_000;

/**
 * Starts the cluster and waits until the primary answers and the replica is synchronous.
 *
 * Servers that a killed service left behind in this folder are ended first; an initialisation that was cut
 * off is begun anew; a replica that cannot stream is made anew from the primary.
 *
 * @throws when the folder or a port is in use, the platform has no PostgreSQL, or the primary does not
 * start. Nothing is left running then.
 */
export async function startEmbeddedCluster(options: EmbeddedOptions): Promise<EmbeddedCluster> {
  const { dir, logger } = options;
  const { home, account, missingLink } = await findPlace(dir);
  const release = await takeOwnership(home);
  try {
    const tools = { binaries: await findBinaries(account), account, logger };
    const cluster = new Cluster(home, options, tools, release);
    await cluster.endLeftovers();
    if (missingLink !== undefined) {
      await cluster.removeAll();
      await symlink(home, missingLink);
    }
    await cluster.start();
    return cluster;
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Removes a cluster's data for good, wherever they lie. Servers that a killed service left behind are ended
 * first; `dir` itself stays.
 *
 * @throws when a live process uses the cluster.
 */
export async function removeEmbeddedCluster(dir: string, logger: Logger): Promise<void> {
  const entry = join(dir, 'postgresql');
  const found = await lstat(entry).catch(() => undefined);
  if (found === undefined) return;
  const { home, account } = await findPlace(dir);
  const release = await takeOwnership(home);
  try {
    const tools = { binaries: await findBinaries(account), account, logger };
    for (const name of ['primary', 'replica'] as const) await serverOf(home, name, tools).stop('immediate');
    await removeData(home);
    await removeData(entry);
  } finally {
    await release();
  }
}

class Cluster implements EmbeddedCluster {
  readonly primaryUrl: string;
  readonly replicaUrls: readonly string[];

  private readonly home: string;
  private readonly options: EmbeddedOptions;
  private readonly tools: Tools;
  private readonly release: () => Promise<void>;
  private readonly withReplica: boolean;
  private readonly primary: PostgresServer;
  private readonly replica: PostgresServer;
  private stopped: Promise<void> | undefined;

  constructor(home: string, options: EmbeddedOptions, tools: Tools, release: () => Promise<void>) {
    this.home = home;
    this.options = options;
    this.tools = tools;
    this.release = release;
    this.withReplica = options.replica ?? true;
    this.primaryUrl = urlOf(options.primaryPort);
    this.replicaUrls = this.withReplica ? [urlOf(options.replicaPort)] : [];
    this.primary = serverOf(home, 'primary', tools);
    this.replica = serverOf(home, 'replica', tools);
  }

  /** Ends servers that still run on this folder's data, and removes half-built data. */
  async endLeftovers(): Promise<void> {
    await this.stopServers();
    await removeAttempts(this.home);
  }

  /** Removes both servers' data and logs. */
  async removeAll(): Promise<void> {
    for (const name of ['primary', 'replica', 'log']) await removeData(join(this.home, name));
  }

  async start(): Promise<void> {
    const { primaryPort, replicaPort, logger } = this.options;
    const begunMs = Date.now();
    await requireFreePort(primaryPort, 'EMBEDDED_PRIMARY_PORT', logger);
    if (this.withReplica) {
      if (replicaPort === primaryPort) {
        throw new Error(`port ${replicaPort} is the primary's: set EMBEDDED_REPLICA_PORT to another port`);
      }
      await requireFreePort(replicaPort, 'EMBEDDED_REPLICA_PORT', logger);
    }
    await this.makeData();
    try {
      await this.startServers();
    } catch (error) {
      await this.stopServers().catch((err: unknown) =>
        logger.error({ err }, 'embedded PostgreSQL does not stop'),
      );
      throw error;
    }
    const ports = { primaryPort, ...(this.withReplica ? { replicaPort } : {}) };
    logger.info({ folder: this.home, ...ports, tookMs: Date.now() - begunMs }, 'embedded PostgreSQL started');
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopServers().finally(() => this.release());
    return this.stopped;
  }

  async stopReplica(mode: StopMode = 'fast'): Promise<void> {
    this.requireReplica();
    await this.replica.stop(mode);
  }

  async startReplica(): Promise<void> {
    this.requireReplica();
    await this.replica.start();
    await waitForReplica(this.options.primaryPort, STREAM_LIMIT_MS);
  }

  async stopPrimary(mode: StopMode = 'fast'): Promise<void> {
    await this.primary.stop(mode);
  }

  async startPrimary(): Promise<void> {
    await this.primary.start();
    await requireAnswer(this.options.primaryPort);
  }

  async promoteReplica(): Promise<void> {
    this.requireReplica();
    await this.replica.promote();
  }

  private async makeData(): Promise<void> {
    const { home, primary, replica, tools } = this;
    await makeFolderFor(tools.account, join(home, 'log'));
    if (!(await hasData(primary.dataDir))) {
      // Our own steps never lead here, and a replica may be the last copy of somebody's data.
      if (await hasData(replica.dataDir)) {
        throw new Error(`${home} holds a replica without its primary: remove the folder to begin anew`);
      }
      tools.logger.info({ folder: home }, 'embedded PostgreSQL is set up');
      await buildPrimary(home, primary.dataDir, tools);
    }
    // Before the copy: a replica refuses settings that are smaller than what its data say of the primary's.
    await this.writePrimarySettings();
    if (this.withReplica && !(await hasData(replica.dataDir))) {
      await buildReplica(home, primary, replica.dataDir, tools);
    }
  }

  private async startServers(): Promise<void> {
    const { primaryPort } = this.options;
    await this.primary.start();
    if (!this.withReplica) {
      await requireAnswer(primaryPort);
      return;
    }
    try {
      await this.startStreaming();
    } catch (error) {
      this.tools.logger.warn({ err: error }, 'the replica is broken and is made anew from the primary');
      await this.stopServers();
      await buildReplica(this.home, this.primary, this.replica.dataDir, this.tools);
      await this.primary.start();
      await this.startStreaming();
    }
  }

  private async writePrimarySettings(): Promise<void> {
    const conf = primaryConf({ port: this.options.primaryPort, synchronous: this.withReplica });
    await writeSettings(this.primary.dataDir, conf, this.tools.account);
  }

  private async startStreaming(): Promise<void> {
    const { primaryPort, replicaPort } = this.options;
    const conf = replicaConf({ port: replicaPort, primaryPort });
    await writeSettings(this.replica.dataDir, conf, this.tools.account);
    await this.replica.start();
    await waitForReplica(primaryPort, STREAM_LIMIT_MS);
  }

  /** The primary first: it sends all that it has written, its last checkpoint too, before it ends. */
  private async stopServers(): Promise<void> {
    try {
      await this.primary.stop();
    } finally {
      await this.replica.stop();
    }
  }

  private requireReplica(): void {
    if (!this.withReplica) throw new Error('this cluster was started without a replica');
  }
}

function serverOf(home: string, name: 'primary' | 'replica', tools: Tools): PostgresServer {
  return new PostgresServer(join(home, name), join(home, 'log', `${name}.log`), tools);
}
