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
import { waitForReplica } from '../../src/embedded/client.ts';
import { run } from '../../src/embedded/command.ts';
import { buildPrimary, buildReplica, passwordsOf } from '../../src/embedded/data.ts';
import { findPlace, type Place } from '../../src/embedded/place.ts';
import { PostgresServer } from '../../src/embedded/server.ts';
import { type Conf, primaryConf, replicaConf, urlOf } from '../../src/embedded/settings.ts';
import { freePorts } from '../../test/support/ports.ts';
import { quiet } from '../../test/support/quiet.ts';

/** One of the two servers. */
export class Postgres {
  readonly url: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly port: number;
  readonly #server: PostgresServer;
  #frozen: number[] = [];

  constructor(dataDir: string, logFile: string, url: string, place: Place) {
    this.dataDir = dataDir;
    this.logFile = logFile;
    this.port = Number(new URL(url).port);
    this.url = url;
    this.#server = new PostgresServer(dataDir, logFile, place);
  }

  /** Starts it, after a crash with recovery, and waits until it answers. */
  start(conf?: Conf): Promise<void> {
    return this.#server.start(conf);
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
  readonly place: Place;

  private constructor(place: Place) {
    this.place = place;
  }

  /** Creates a migrated database without stock, on a primary and a replica. */
  static async make(dir: string): Promise<Template> {
    const place = await findPlace(dir);
    const { home } = place;
    const folder = join(home, 'primary');
    await buildPrimary(place, folder);
    const [port = 0] = await freePorts(1);
    const server = new PostgresServer(folder, join(home, 'log', 'primary.log'), place);
    await server.start(primaryConf(port, false));
    try {
      await migrate(server.url, quiet);
      await buildReplica(place, server, join(home, 'replica'));
    } finally {
      await server.stop();
    }
    return new Template(place);
  }

  /** Copies the data for a run. */
  async #copy(name: 'primary' | 'replica', folder: string): Promise<string> {
    const dataDir = join(folder, name);
    await run('cp', ['-RPp', join(this.place.home, name), dataDir]);
    return dataDir;
  }

  /**
   * Creates the primary of a run and starts it.
   *
   * @param folder for its data; `logs` is the folder for its log.
   */
  async startPrimary(folder: string, logs: string, port: number): Promise<Postgres> {
    const dataDir = await this.#copy('primary', folder);
    const { superuser } = await passwordsOf(dataDir);
    const server = new Postgres(dataDir, join(logs, 'primary.log'), urlOf(port, superuser), this.place);
    await server.start(primaryConf(port, true));
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
    const { superuser, replicator } = await passwordsOf(dataDir);
    const server = new Postgres(dataDir, join(logs, 'replica.log'), urlOf(port, superuser), this.place);
    await server.start(replicaConf(port, through, replicator));
    await waitForReplica(urlOf(primaryPort, superuser));
    return server;
  }
}
