/** A third server beside the two of a temporary cluster: a copy of one of them, on a port of its own. */
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../src/embedded/command.ts';
import { passwordsOf } from '../../src/embedded/data.ts';
import { PostgresServer } from '../../src/embedded/server.ts';
import { REPLICATOR, urlOf } from '../../src/embedded/settings.ts';
import { freePorts } from './ports.ts';
import { placeOf } from './postgres.ts';

export interface CopiedServer {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Copies a server of the cluster, which must be stopped.
 *
 * @param dir the folder of the temporary cluster; the copy is removed with it.
 */
export async function copyServer(dir: string, from: 'primary' | 'replica'): Promise<CopiedServer> {
  const place = await placeOf(dir);
  const [port = 0] = await freePorts(1);
  const folder = join(place.home, 'copy');
  await run('cp', ['-RPp', join(place.home, from), folder]);
  await configure(folder, [`port = ${port}`, "cluster_name = 'copy'"]);
  const server = new PostgresServer(folder, join(place.home, 'log', 'copy.log'), place);
  const { superuser } = await passwordsOf(folder);
  return { url: urlOf(port, superuser), start: () => server.start(), stop: () => server.stop('immediate') };
}

/** Makes a stopped server a replica of another one, by that one's replication slot `follower`. */
export async function follow(dir: string, name: 'primary' | 'copy', url: string): Promise<void> {
  const folder = join((await placeOf(dir)).home, name);
  const server = `host=127.0.0.1 port=${new URL(url).port}`;
  const { replicator } = await passwordsOf(folder);
  const user = `user=${REPLICATOR} password=${replicator} application_name=follower`;
  await configure(folder, [`primary_conninfo = '${server} ${user}'`, "primary_slot_name = 'follower'"]);
  await writeFile(join(folder, 'standby.signal'), '');
}

/** Adds settings that override the server's configuration file. */
function configure(folder: string, settings: readonly string[]): Promise<void> {
  return appendFile(join(folder, 'postgresql.auto.conf'), `${settings.join('\n')}\n`);
}
