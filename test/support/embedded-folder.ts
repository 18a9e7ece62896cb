/** A folder for embedded clusters, with what the running test has started in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import {
  type EmbeddedCluster,
  type EmbeddedOptions,
  removeEmbeddedCluster,
  startEmbeddedCluster,
} from '../../src/embedded/cluster.ts';
import { PostgresServer } from '../../src/embedded/server.ts';
import { freePorts } from './ports.ts';
import { packageDir, placeOf } from './postgres.ts';
import { query } from './query.ts';

const source = fileURLToPath(new URL('../../src/embedded/cluster.ts', import.meta.url));
const POLL_INTERVAL_MS = 10;
const POLL_LIMIT_MS = 30_000;

export const servers = ['primary', 'replica'] as const;

export class EmbeddedFolder {
  readonly options: EmbeddedOptions;
  /** Where the data are. */
  readonly home: string;
  /** What the clusters have logged since `endStarted`. */
  readonly log: string[];
  #clusters: EmbeddedCluster[] = [];
  #children: ChildProcess[] = [];

  constructor(options: EmbeddedOptions, home: string, log: string[]) {
    this.options = options;
    this.home = home;
    this.log = log;
  }

  static async make(): Promise<EmbeddedFolder> {
    const log: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
    const dir = await mkdtemp(join(tmpdir(), 'loms-cluster-'));
    const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
    const options = { dir, primaryPort, replicaPort, logger, packageDir };
    return new EmbeddedFolder(options, (await placeOf(dir)).home, log);
  }

  /** Stops all servers and removes everything. */
  async remove(): Promise<void> {
    await removeEmbeddedCluster(this.options);
    await rm(this.options.dir, { recursive: true, force: true });
  }

  /** Starts a cluster that `endStarted` stops. */
  async start(changed: Partial<EmbeddedOptions> = {}): Promise<EmbeddedCluster> {
    const cluster = await startEmbeddedCluster({ ...this.options, ...changed });
    this.#clusters.push(cluster);
    return cluster;
  }

  /** Starts the cluster in a process of its own, which can be killed. It writes a line when it is ready. */
  startElsewhere() {
    const { dir, primaryPort, replicaPort } = this.options;
    const code = `
      import { pino } from 'pino';
      import { startEmbeddedCluster } from '${source}';
      const options = ${JSON.stringify({ dir, primaryPort, replicaPort, packageDir })};
      await startEmbeddedCluster({ ...options, logger: pino({ level: 'silent' }) });
      console.log('ready');
      setInterval(() => {}, 1_000);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', code];
    return this.follow(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  /** Has a process killed by `endStarted`. */
  follow<Child extends ChildProcess>(child: Child): Child {
    this.#children.push(child);
    return child;
  }

  /** Ends what the test has started. */
  async endStarted(): Promise<void> {
    for (const child of this.#children.splice(0)) await killed(child);
    for (const cluster of this.#clusters.splice(0)) await cluster.stop();
    this.log.length = 0;
  }

  /** Stops both servers, started by any process. */
  async stopServers(): Promise<void> {
    const place = await placeOf(this.options.dir);
    for (const name of servers) await new PostgresServer(join(this.home, name), '', place).stop();
  }

  /** The process id of a server, from its own file. */
  async postmasterOf(name: (typeof servers)[number]): Promise<number> {
    return Number.parseInt(await readFile(join(this.home, name, 'postmaster.pid'), 'utf8'), 10);
  }
}

/** Kills a process and waits for its end. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Whether nothing listens on the port of a URL. */
export async function isRefused(url: string): Promise<boolean> {
  const error = await query(url, 'SELECT 1').catch((error: NodeJS.ErrnoException) => error);
  return error instanceof Error && error.code === 'ECONNREFUSED';
}

export function urlsOf({ primaryUrl, replicaUrls }: EmbeddedCluster): string[] {
  return [primaryUrl, ...replicaUrls];
}

export function replicaUrl(cluster: EmbeddedCluster): string {
  const [url] = cluster.replicaUrls;
  if (url === undefined) throw new Error('the cluster has no replica');
  return url;
}

export async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + POLL_LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}
