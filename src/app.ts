/**
 * The app: the only place that builds the cluster, the router, the service, the workers and the servers, and that
 * owns the order in which they start and stop.
 */
import type { Logger } from 'pino';
import { openTokens } from './auth/tokens.ts';
import type { Config } from './config/config.ts';
import { databaseUrls, migrationUrl } from './config/urls.ts';
import type { Router } from './db/cluster/router.ts';
import { migrate } from './db/schema/migrate.ts';
import { seed } from './db/schema/seed.ts';
import { isMigrated } from './db/schema/version.ts';
import type { Authenticate } from './domain/access.ts';
import { removeKeys } from './domain/idempotency/store.ts';
import { startEmbeddedCluster } from './embedded/cluster.ts';
import { openRouter } from './nodes.ts';
import { createService, type Service } from './service/service.ts';
import { Deadlines } from './timing/deadlines.ts';
import { startGrpcServer } from './transport/grpc/server.ts';
import { connectionLimits } from './transport/http/connections.ts';
import { createHttpApp, startHttpServer } from './transport/http/server.ts';
import { ReadinessWatch } from './transport/readiness.ts';
import { Certificates } from './transport/tls.ts';
import { KeyRemoval } from './workers/remove-keys.ts';

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
    // What can be wrong with files is said before a database is started.
    const certificates = await openCertificates(config, logger, closers);
    const authenticate = await openAuthentication(config, logger);
    const urls = await findDatabase(config, logger, closers);
    signal?.throwIfAborted();
    const router = await startRouter(config, logger, urls, closers);
    await prepareSchema(config, logger, router, signal);
    signal?.throwIfAborted();
    const service = startService(config, logger, router, closers);
    startWorkers(config, logger, router, closers);
    const ports = await startServers(config, logger, {
      router,
      service,
      certificates,
      authenticate,
      closers,
    });
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
  const limitMs = config.START_TIMEOUT_MS;
  let primary = await router.waitForPrimary(limitMs, { signal });
  if (config.MIGRATE_ON_START) {
    // The service's role cannot ask before the first migration has given it the right to.
    const isUpToDate = await isMigrated(primary.reader).catch(() => false);
    if (!isUpToDate) primary = await router.waitForPrimary(limitMs, { signal, writable: true });
    await migrate(migrationUrl(config, primary), logger);
  }
  const seedSet = config.SEED_ON_START;
  if (seedSet !== undefined) await seed(migrationUrl(config, primary), seedSet, logger);
}

/** How often the TLS files are looked at again. */
const CERTIFICATES_INTERVAL_MS = 60_000;

async function openCertificates(config: Config, logger: Logger, closers: Closers) {
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CA_FILE: clientCa } = config;
  if (cert === undefined || key === undefined) return undefined;
  const certificates = await Certificates.open({ cert, key, clientCa }, logger);
  certificates.start(CERTIFICATES_INTERVAL_MS);
  closers.push(async () => certificates.stop());
  return certificates;
}

/** The check of who calls; none where everybody is let in. */
async function openAuthentication(config: Config, logger: Logger): Promise<Authenticate | undefined> {
  if (config.AUTH === 'none') return undefined;
  const { AUTH_JWKS: jwks = '', AUTH_ISSUER: issuer = '', AUTH_AUDIENCE: audience = '' } = config;
  return openTokens({ jwks, issuer, audience, logger, now: Date.now });
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
    deadlines: new Deadlines(Date.now),
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
  readonly certificates: Certificates | undefined;
  readonly authenticate: Authenticate | undefined;
  readonly closers: Closers;
}

async function startServers(config: Config, logger: Logger, parts: Parts) {
  const { router, service, certificates, authenticate, closers } = parts;
  const requestTimeoutMs = config.REQUEST_TIMEOUT_MS;
  const common = { loms: service, logger, now: Date.now, requestTimeoutMs, authenticate };
  const readiness = new ReadinessWatch(router, logger);

  const grpc = await startGrpcServer({
    ...common,
    certificates,
    host: config.GRPC_HOST,
    port: config.GRPC_PORT,
    reflection: config.REFLECTION,
  });
  const servers: { stop(graceMs: number): Promise<void> }[] = [grpc];
  // The servers stop together, and only after the health checks have said so.
  closers.push(async () => {
    readiness.stop();
    await Promise.all(servers.map((server) => server.stop(config.SHUTDOWN_TIMEOUT_MS)));
  });
  const app = createHttpApp({ ...common, docs: config.DOCS, readiness: () => readiness.current });
  const { HTTP_HOST: host, HTTP_PORT: port } = config;
  // While an answer is being made nothing moves on its connection.
  const limits = { stuckMs: config.REQUEST_TIMEOUT_MS + connectionLimits.stuckMs };
  const http = await startHttpServer(app, { host, port, logger, certificates, limits });
  servers.push(http);
  await readiness.start(config.NODE_CHECK_INTERVAL_MS, (ready) => grpc.setServing(ready));
  return { httpPort: http.port, grpcPort: grpc.port };
}
