/**
 * The app: the only place that builds the cluster, the router, the service, the workers and the servers, and that
 * owns the order in which they start and stop.
 */
import type { Logger } from 'pino';
import { type Config, databaseUrls } from './config.ts';
import { startEmbeddedCluster } from './db/embedded/cluster.ts';
import { migrate, seed } from './db/migrate.ts';
import type { Router } from './db/router.ts';
import { removeKeys } from './domain/idempotency-store.ts';
import { createService, type Service } from './domain/service.ts';
import { startGrpcServer } from './grpc/server.ts';
import { connectionLimits } from './http/connections.ts';
import { createHttpApp, startHttpServer } from './http/server.ts';
import { openRouter, PRIMARY_LIMIT_MS } from './nodes.ts';
import { ReadinessWatch } from './readiness.ts';
import { KeyRemoval } from './workers/key-removal.ts';

export interface App {
  readonly httpPort: number;
  readonly grpcPort: number;
  /**
   * Stops in order: not ready, no new work, what was accepted is finished, connections closed, own PostgreSQL
   * stopped. Work that takes longer than the configured time is cut off.
   */
  stop(): Promise<void>;
}

/** What must be closed, in the order in which it was opened. */
type Closers = (() => Promise<unknown>)[];

/**
 * Starts everything and resolves when requests are answered. When a step fails, what was started before it is
 * stopped again.
 *
 * @param signal gives the start up, after the step that is under way.
 */
export async function startApp(config: Config, logger: Logger, signal?: AbortSignal): Promise<App> {
  const closers: Closers = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const urls = await findDatabase(config, logger, closers);
    signal?.throwIfAborted();
    const router = await startRouter(config, logger, urls, closers);
    await prepareSchema(config, logger, router, signal);
    signal?.throwIfAborted();
    const service = startService(config, logger, router, closers);
    startWorkers(config, logger, router, closers);
    const ports = await startServers(config, logger, { router, service, closers });
    return { ...ports, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes the schema and the stock what the configuration asks for, as soon as there is a primary. */
async function prepareSchema(
  config: Config,
  logger: Logger,
  router: Router,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!config.MIGRATE_ON_START && config.SEED_ON_START === undefined) return;
  const { url } = await router.waitForPrimary(PRIMARY_LIMIT_MS, signal);
  if (config.MIGRATE_ON_START) await migrate(url, logger);
  if (config.SEED_ON_START !== undefined) await seed(url, config.SEED_ON_START, logger);
}

/** The URLs of the nodes of the configured database, or of the service's own. */
async function findDatabase(config: Config, logger: Logger, closers: Closers): Promise<readonly string[]> {
  const urls = databaseUrls(config);
  if (urls.length > 0) return urls;
  const cluster = await startEmbeddedCluster({
    dir: config.EMBEDDED_DIR,
    primaryPort: config.EMBEDDED_PRIMARY_PORT,
    replicaPort: config.EMBEDDED_REPLICA_PORT,
    logger,
  });
  closers.push(() => cluster.stop());
  return [cluster.primaryUrl, ...cluster.replicaUrls];
}

async function startRouter(
  config: Config,
  logger: Logger,
  urls: readonly string[],
  closers: Closers,
): Promise<Router> {
  const router = openRouter(config, logger, urls);
  closers.push(() => router.stop());
  await router.start();
  return router;
}

function startService(config: Config, logger: Logger, database: Router, closers: Closers): Service {
  const service = createService({
    database,
    logger,
    now: Date.now,
    queueMax: config.QUEUE_MAX,
    batchMax: config.BATCH_MAX,
    writeLanes: config.WRITE_LANES,
    readLanes: config.READ_LANES,
  });
  closers.push(() => service.drain());
  return service;
}

function startWorkers(config: Config, logger: Logger, database: Router, closers: Closers): void {
  const keyRemoval = new KeyRemoval({
    remove: (before, limit) => removeKeys(database, before, limit),
    retentionMs: config.IDEMPOTENCY_RETENTION_MS,
    now: Date.now,
    logger,
  });
  closers.push(() => keyRemoval.stop());
  keyRemoval.start();
}

interface Parts {
  readonly router: Router;
  readonly service: Service;
  readonly closers: Closers;
}

async function startServers(config: Config, logger: Logger, { router, service, closers }: Parts) {
  const common = { loms: service, logger, now: Date.now, requestTimeoutMs: config.REQUEST_TIMEOUT_MS };
  const readiness = new ReadinessWatch(router, logger);

  const grpc = await startGrpcServer({ ...common, host: config.GRPC_HOST, port: config.GRPC_PORT });
  const servers: { stop(graceMs: number): Promise<void> }[] = [grpc];
  // The servers stop together, and only after the health checks have said so.
  closers.push(async () => {
    readiness.stop();
    await Promise.all(servers.map((server) => server.stop(config.SHUTDOWN_TIMEOUT_MS)));
  });
  const http = await startHttpServer(createHttpApp({ ...common, readiness: () => readiness.current }), {
    host: config.HTTP_HOST,
    port: config.HTTP_PORT,
    logger,
    // While an answer is being made nothing moves on its connection.
    limits: { stuckMs: config.REQUEST_TIMEOUT_MS + connectionLimits.stuckMs },
  });
  servers.push(http);
  await readiness.start(config.NODE_CHECK_INTERVAL_MS, (ready) => grpc.setServing(ready));
  return { httpPort: http.port, grpcPort: grpc.port };
}
