/**
 * What a test run shares: primary and synchronous replica, with a migrated, seeded database to clone, and the
 * compiled programs.
 */
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/db/schema/migrate.ts';
import { seed } from '../../src/db/schema/seed.ts';
import { compilePrograms } from './programs.ts';
import { quiet } from './quiet.ts';
import { startTemporaryCluster, TEMPLATE_VARIABLE } from './temporary-cluster.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    primaryUrl: string;
    replicaUrls: readonly string[];
  }
}

/** Starts the cluster and compiles the programs before the first test. Returns what ends the cluster. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [template] = await Promise.all([startTemporaryCluster(), compilePrograms()]);
  await template.cluster.stop();
  process.env[TEMPLATE_VARIABLE] = template.dir;
  const { cluster, remove } = await startTemporaryCluster();
  await migrate(cluster.primaryUrl, quiet);
  await seed(cluster.primaryUrl, 'development', quiet);
  project.provide('primaryUrl', cluster.primaryUrl);
  project.provide('replicaUrls', cluster.replicaUrls);
  return async () => {
    await remove();
    await template.remove();
  };
}
