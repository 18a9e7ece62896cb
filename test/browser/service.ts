/** The service of the browser tests: the built one, on a temporary cluster. */
import type { TestProject } from 'vitest/node';
import { asBuilt, startProcess } from '../support/process.ts';
import { startTemporaryCluster } from '../support/temporary-cluster.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    serviceUrl: string;
  }
}

/**
 * Starts the service before the first test. If LOMS_URL is set, the tests use that running service instead.
 *
 * @returns a function that ends what was started.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { LOMS_URL } = process.env;
  if (LOMS_URL) {
    project.provide('serviceUrl', LOMS_URL);
    return async () => {};
  }
  const { cluster, remove } = await startTemporaryCluster();
  try {
    const database = {
      DATABASE_URL: cluster.primaryUrl,
      DATABASE_REPLICA_URLS: cluster.replicaUrls.join(','),
    };
    const service = await startProcess({ ...database, SEED_ON_START: 'true' }, { args: asBuilt });
    project.provide('serviceUrl', `http://127.0.0.1:${service.ports.REST}`);
    return async () => {
      await service.end();
      await remove();
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
