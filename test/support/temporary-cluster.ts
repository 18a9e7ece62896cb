/**
 * A cluster for one run: in a temporary folder, on free ports, removed afterwards.
 *
 * To set one up takes most of the time of a short test. So the setup of a test run names a stopped cluster in
 * the environment, and others are copies of it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import {
  type EmbeddedCluster,
  removeEmbeddedCluster,
  startEmbeddedCluster,
} from '../../src/embedded/cluster.ts';
import { run } from '../../src/embedded/command.ts';
import { freePorts } from './ports.ts';
import { packageDir, placeOf } from './postgres.ts';

export interface TemporaryCluster {
  readonly dir: string;
  readonly cluster: EmbeddedCluster;
  /** Stops the cluster and removes its data. */
  remove(): Promise<void>;
}

/** Holds the folder of the stopped cluster that others are copied from. */
export const TEMPLATE_VARIABLE = 'CLUSTER_TEMPLATE_DIR';

interface TemporaryOptions {
  /** False for a primary alone. */
  readonly replica?: boolean;
  /** Makes a new one: copies are one cluster for PostgreSQL, which knows them by one number. */
  readonly isNew?: boolean;
}

export async function startTemporaryCluster(options: TemporaryOptions = {}): Promise<TemporaryCluster> {
  const { replica = true, isNew = false } = options;
  const template = isNew || !replica ? undefined : process.env[TEMPLATE_VARIABLE];
  const logger = pino({ level: 'warn' }, pino.destination(2));
  const dir = await mkdtemp(join(tmpdir(), 'loms-'));
  const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
  if (template !== undefined) await copyCluster(template, dir);
  const embedded = { dir, primaryPort, replicaPort, logger, packageDir, replica };
  const cluster = await startEmbeddedCluster(embedded);
  return {
    dir,
    cluster,
    async remove() {
      await cluster.stop();
      await removeEmbeddedCluster(embedded);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Copies a stopped cluster with its owners and rights. The ports are set when the copy is started. */
async function copyCluster(from: string, to: string): Promise<void> {
  const [source, target] = [await placeOf(from), await placeOf(to)];
  await run('cp', ['-RPp', `${source.home}/.`, target.home]);
}
