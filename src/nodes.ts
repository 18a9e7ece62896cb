/**
 * The router with the limits that the configuration sets, for the app and for the tasks beside it.
 */
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { Router } from './db/cluster/router.ts';

/** Opens a router on these nodes; nothing is asked of them before it is started. */
export function openRouter(config: Config, logger: Logger, urls: readonly string[]): Router {
  return new Router({
    urls,
    logger,
    // Creates, pays and cancels each have their lanes, and so have the two kinds of reads, each of which may leave
    // one behind on a node that is silent; one is for the schema, one for the worker.
    poolSize: 3 * config.WRITE_LANES + 4 * config.READ_LANES + 2,
    connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
    readTimeoutMs: config.READ_TIMEOUT_MS,
    writeTimeoutMs: config.WRITE_TIMEOUT_MS,
    checkIntervalMs: config.NODE_CHECK_INTERVAL_MS,
    replicaLagMaxMs: config.REPLICA_LAG_MAX_MS,
  });
}
