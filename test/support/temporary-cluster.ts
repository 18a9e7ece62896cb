/** A cluster for one run: in a temporary folder, on free ports, removed afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import {
  type EmbeddedCluster,
  removeEmbeddedCluster,
  startEmbeddedCluster,
} from '../../src/embedded/cluster.ts';
import { freePorts } from './ports.ts';
import { packageDir } from './postgres.ts';

export interface TemporaryCluster {
  readonly dir: string;
  readonly cluster: EmbeddedCluster;
  /** Stops the cluster and removes its data. */
  remove(): Promise<void>;
}

/** @param replica false for a primary alone, which starts faster. */
export async function startTemporaryCluster(replica = true): Promise<TemporaryCluster> {
  const logger = pino({ level: 'warn' }, pino.destination(2));
  const dir = await mkdtemp(join(tmpdir(), 'loms-'));
  const [primaryPort = 0, replicaPort = 0] = await freePorts(2);
  const options = { dir, primaryPort, replicaPort, logger, packageDir, replica };
  const cluster = await startEmbeddedCluster(options);
  return {
    dir,
    cluster,
    async remove() {
      await cluster.stop();
      await removeEmbeddedCluster(options);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
