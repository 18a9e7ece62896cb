/**
 * The two PostgreSQL servers of a run, primary and synchronous replica, which a fault may kill, freeze or
 * promote.
 *
 * They are built like those of the embedded cluster, without its supervision. All runs start from a copy of
 * the same data folders, because initialising a cluster takes longer than a run.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { migrate } from '../../src/db/schema/migrate.ts';
import { findBinaries } from '../../src/embedded/binaries.ts';
import { urlOf, waitForReplica } from '../../src/embedded/bootstrap.ts';
import { run } from '../../src/embedded/command.ts';
import { buildPrimary, buildReplica, makeFolderFor } from '../../src/embedded/data.ts';
import { findPlace } from '../../src/embedded/place.ts';
import { PostgresServer, type Tools } from '../../src/embedded/server.ts';
import { primaryConf, replicaConf, writeSettings } from '../../src/embedded/settings.ts';
import { freePorts } from '../../test/support/ports.ts';
import { quiet } from '../../test/support/quiet.ts';

const COPY_LIMIT_MS = 60_000;
const STREAM_LIMIT_MS = 20_000;

/** One of the two servers. */
export class Postgres {
  readonly url: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly port: number;
  readonly #server: PostgresServer;
  #frozen: number[] = [];

  constructor(dataDir: string, logFile: string, port: number, tools: Tools) {
    this.dataDir = dataDir;
    this.logFile = logFile;
    this.port = port;
    this.url = urlOf(port);
    this.#server = new PostgresServer(dataDir, logFile, tools);
  }

  /** Starts it, after a crash with recovery, and waits until it answers. */
  start(): Promise<void> {
    return this.#server.start();
  }

  /** Stops it as fast as possible; commits are kept. */
  async stop(): Promise<void> {
    this.thaw();
    await this.#server.stop('immediate');
  }

  /** Kills all its processes at once, like a power cut. */
  async kill(): Promise<void> {
    for (const pid of await this.#freezeAll()) signal(pid, 'SIGKILL');
    this.#frozen = [];
  }

  /** Suspends all its processes: it keeps its connections open and does not answer. */
  async freeze(): Promise<void> {
    this.#frozen = await this.#freezeAll();
  }

  /** Resumes it after `freeze`. */
  thaw(): void {
    for (const pid of this.#frozen.splice(0)) signal(pid, 'SIGCONT');
  }

  /** The parent is suspended before its children are listed, so that it starts no new ones. */
  async #freezeAll(): Promise<number[]> {
    const text = await readFile(join(this.dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
    const parent = Number.parseInt(text, 10);
    if (!(parent > 0)) return [];
    signal(parent, 'SIGSTOP');
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
    const processes = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
    const children = processes.flatMap(([pid, ppid]) => (pid && ppid === parent ? [pid] : []));
    for (const pid of children) signal(pid, 'SIGSTOP');
    return [parent, ...children];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has already ended.
  }
}

/** The folder of all runs' servers, and the data that they start from. */
export class Template {
  readonly home: string;
  readonly tools: Tools;

  private constructor(home: string, tools: Tools) {
    this.home = home;
    this.tools = tools;
  }

  /** Creates a migrated database without stock, on a primary and a replica. */
  static async make(dir: string): Promise<Template> {
    const { home, account } = await findPlace(dir);
    const tools = { binaries: await findBinaries(account), account, logger: quiet };
    const template = new Template(home, tools);
    await makeFolderFor(account, join(home, 'log'));
    const folder = join(home, 'primary');
    await buildPrimary(home, folder, tools);
    const [port = 0] = await freePorts(1);
    await writeSettings(folder, primaryConf({ port, synchronous: false }), account);
    const server = new PostgresServer(folder, join(home, 'log', 'primary.log'), tools);
    await server.start();
    try {
      await migrate(urlOf(port), quiet);
    } finally {
      await server.stop();
    }
    await buildReplica(home, server, join(home, 'replica'), tools);
    return template;
  }

  /**
   * Copies the data for a run.
   *
   * @param folder must hold nothing else: settings are written beside the data and then moved.
   */
  async #copy(name: 'primary' | 'replica', folder: string): Promise<string> {
    const dataDir = join(folder, name);
    const options = { account: undefined, limitMs: COPY_LIMIT_MS };
    await run('cp', ['-RPp', join(this.home, name), dataDir], options);
    return dataDir;
  }

  /**
   * Creates the primary of a run and starts it.
   *
   * @param folder for its data; `logs` is the folder for its log.
   */
  async startPrimary(folder: string, logs: string, port: number): Promise<Postgres> {
    const dataDir = await this.#copy('primary', folder);
    await writeSettings(dataDir, primaryConf({ port, synchronous: true }), this.tools.account);
    const server = new Postgres(dataDir, join(logs, 'primary.log'), port, this.tools);
    await server.start();
    return server;
  }

  /** Creates the replica of a run, starts it, and waits until it is synchronous. */
  async startReplica(
    folder: string,
    logs: string,
    ports: { port: number; primaryPort: number; through: number },
  ): Promise<Postgres> {
    const { port, primaryPort, through } = ports;
    const dataDir = await this.#copy('replica', folder);
    await writeSettings(dataDir, replicaConf({ port, primaryPort: through }), this.tools.account);
    const server = new Postgres(dataDir, join(logs, 'replica.log'), port, this.tools);
    await server.start();
    await waitForReplica(primaryPort, STREAM_LIMIT_MS);
    return server;
  }
}
