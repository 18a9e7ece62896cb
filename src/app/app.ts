/** The app: builds the database, service, workers and servers, and owns the order of start and stop. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { openTokens, type Tokens } from '../auth/tokens.ts';
import type { Config } from '../config/config.ts';
import { Router } from '../db/cluster/router.ts';
import { DatabaseUnavailable } from '../db/errors.ts';
import type { WaitOptions } from '../db/schema/client.ts';
import { migrate } from '../db/schema/migrate.ts';
import { seed } from '../db/schema/seed.ts';
import { isMigrated } from '../db/schema/version.ts';
import type { Database } from '../db/types.ts';
import { migrationUrl } from '../db/urls.ts';
import { pageTokenKey } from '../domain/page.ts';
import { FeedReaders } from '../service/feed-readers.ts';
import { connectionsNeeded, createService } from '../service/service.ts';
import { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing.ts';
import { monotonicMs, wallClockMs } from '../timing/clock.ts';
import { Deadlines } from '../timing/deadlines.ts';
import { type ProbePort, startProbePort } from '../transport/http/probe-port.ts';
import { assertFree } from '../transport/ports.ts';
import { RequestLog } from '../transport/request-log.ts';
import { Certificates } from '../transport/tls.ts';
import { type AuditOptions, StockAudit } from '../workers/audit-stock.ts';
import {
  backgroundConnections,
  createAudits,
  createBacklogWatch,
  createPublisher,
  createWatch,
  createWorkers,
} from './background.ts';
import { startSampling } from './console-samples.ts';
import { type Closers, closeAll } from './lifecycle.ts';
import { observe } from './observation.ts';
import { startServers } from './servers.ts';
import { startTask, type TaskParts } from './tasks.ts';

export interface App {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Undefined where the probes have no port of their own. */
  readonly probePort: number | undefined;
  /**
   * Stops in order: not ready and still serving for the configured delay, then no new work, accepted work is
   * finished, connections closed, own PostgreSQL stopped. Work that takes longer than the configured time is
   * cut off.
   */
  stop(): Promise<void>;
}

/**
 * Starts everything and resolves when requests are served. When a step fails, what was started before it is
 * stopped.
 *
 * The servers start first: `/livez` answers, and `/readyz` shows what the start waits for, while the database
 * is looked for and migrated. Until then requests get DATABASE_UNAVAILABLE.
 *
 * @param signal aborts the start, after the current step.
 */
export async function startApp(config: Config, logger: Logger, signal?: AbortSignal): Promise<App> {
  const closers: Closers = [];
  const metrics = new Metrics();
  const parts: TaskParts = { metrics, logger, closers };
  try {
    const probes = await openProbes(config, parts);
    // Mistakes in files, and ports in use, are found before a database is started.
    await assertFree('HTTP_PORT', config.http);
    await assertFree('GRPC_PORT', config.grpc);
    const certificates = await openCertificates(config, parts);
    const tokens = await openTokenCheck(config, parts);
    const tracer = await openTracer(config, parts);
    const router = await openDatabase(config, logger, closers);
    const shared = { logger, metrics, tracer, deadlines: new Deadlines(monotonicMs) };
    const watch = createWatch(logger, router, closers);
    const publisher = createPublisher(router, (head) => watch.advance(head), parts);
    const database = new StartingDatabase(router, () => publisher.trigger());
    const service = createService({
      ...shared,
      database,
      auditLog: config.log.audit,
      slowBatchMs: config.log.slowBatchMs,
      batching: config.batching,
      settings: { ...config.settings, pageTokenKey: openPageTokenKey(config, logger, router) },
      watch,
      readers: new FeedReaders(config.feed),
    });
    closers.push(() => service.drain());
    const audit = createAudit(logger, router, closers);
    const workers = [
      publisher,
      ...createWorkers(config.workers, database, parts),
      createBacklogWatch(database, parts),
      ...(config.auditIntervalMs > 0 ? [createAudits(audit, config.auditIntervalMs, parts)] : []),
    ];
    const context = {
      ...shared,
      loms: service,
      requestLog: new RequestLog({ logger, now: monotonicMs, ...config.log.access }),
      requestTimeoutMs: config.requestTimeoutMs,
      authenticate: tokens?.authenticate,
    };
    const nodes = router.status().map(({ name }) => name);
    const samples = config.console ? await startSampling(nodes, parts) : undefined;
    const served = { router, certificates, tokens, probes, audit, watch, samples };
    const { readiness, ...ports } = await startServers(config, context, served, closers);
    observe(metrics, {
      router,
      audit,
      isReady: () => readiness.current.ready,
      keys: tokens && (() => tokens.keys),
      certificateEndMs: certificates && (() => certificates.endMs),
    });
    signal?.throwIfAborted();
    await router.start();
    await prepareSchema(config, logger, router, { signal, onWait: (reason) => readiness.waitFor(reason) });
    signal?.throwIfAborted();
    database.open();
    for (const worker of workers) void worker.start();
    watch.start();
    await readiness.start();
    return { ...ports, probePort: probes?.port, stop: () => closeAll(closers) };
  } catch (error) {
    await closeAll(closers).catch((err) => logger.error({ err }, 'stopping failed'));
    throw error;
  }
}

/** The database for all that writes: closed until the start has prepared the schema. */
class StartingDatabase implements Database {
  readonly #database: Database;
  readonly #onWritten: () => void;
  #isOpen = false;

  /** @param onWritten called after each write. */
  constructor(database: Database, onWritten: () => void) {
    this.#database = database;
    this.#onWritten = onWritten;
  }

  open(): void {
    this.#isOpen = true;
  }

  write: Database['write'] = async (work, trace) => {
    if (!this.#isOpen) return refuseAtStart();
    const result = await this.#database.write(work, trace);
    this.#onWritten();
    return result;
  };

  read: Database['read'] = (work, options) =>
    this.#isOpen ? this.#database.read(work, options) : refuseAtStart();
}

function refuseAtStart(): Promise<never> {
  return Promise.reject(new DatabaseUnavailable('the service is starting'));
}

/** How often the probe port is shown that the main thread lives, and its state. */
const REPORT_SCHEDULE = { intervalMs: 1_000, minGapMs: 1_000 };

/** Opens the probe port before everything else, and closes it after everything else. */
async function openProbes(config: Config, parts: TaskParts): Promise<ProbePort | undefined> {
  if (config.probes === undefined) return undefined;
  const { metrics, logger, closers } = parts;
  const probes = await startProbePort({ ...config.probes, metrics, logger });
  closers.push(() => probes.stop());
  startTask('report-state', REPORT_SCHEDULE, async () => void probes.report(), parts);
  return probes;
}

/** How often the age of the issuer's keys is checked, and how often they are requested after a failure. */
const KEYS_SCHEDULE = { intervalMs: 30_000, minGapMs: 30_000 };

async function openTokenCheck(config: Config, parts: TaskParts): Promise<Tokens | undefined> {
  if (config.auth === undefined) return undefined;
  const { logger } = parts;
  const tokens = await openTokens({ ...config.auth, logger, wallClock: wallClockMs });
  startTask('refresh-keys', KEYS_SCHEDULE, () => tokens.refreshKeys(), parts);
  return tokens;
}

/** The SDK of OpenTelemetry is loaded only here: without a collector nothing needs it. */
async function openTracer({ tracing }: Config, { logger, closers }: TaskParts): Promise<Tracer | undefined> {
  if (tracing === undefined) return undefined;
  const { openTracing } = await import('../telemetry/tracing.ts');
  const tracer = openTracing({ ...tracing, logger, now: monotonicMs, wallClock: wallClockMs });
  closers.push(() => tracer.stop());
  return tracer;
}

/** Opens a router on the configured database, or on the service's own; it is not started yet. */
export async function openDatabase(config: Config, logger: Logger, closers: Closers): Promise<Router> {
  const { urls: configured, migrationUrl: _login, ...options } = config.database;
  const urls = configured.length > 0 ? configured : await startEmbedded(config, logger, closers);
  const poolSize = connectionsNeeded(config.batching) + backgroundConnections(config.workers);
  const router = new Router({ ...options, urls, poolSize, logger });
  closers.push(() => router.stop());
  return router;
}

/** The same in all instances that share a database, so that each reads the page tokens of the others. */
function openPageTokenKey(config: Config, logger: Logger, { password }: Router): Uint8Array {
  const secret = config.pageTokenSecret ?? password;
  if (secret !== undefined) return pageTokenKey(secret);
  logger.warn('page tokens are read by this process only: set PAGE_TOKEN_KEY, the same in all instances');
  return randomBytes(32);
}

/** The embedded PostgreSQL is loaded only here: a service with a database of its own does not need it. */
async function startEmbedded(config: Config, logger: Logger, closers: Closers): Promise<string[]> {
  const { startEmbeddedCluster } = await import('../embedded/cluster.ts');
  const cluster = await startEmbeddedCluster({ ...config.embedded, logger });
  closers.push(() => cluster.stop());
  return [cluster.primaryUrl, ...cluster.replicaUrls];
}

/**
 * Migrates and seeds as configured, as soon as there is a primary. All waits together have one time limit.
 */
async function prepareSchema(
  config: Config,
  logger: Logger,
  router: Router,
  { signal, onWait }: Pick<WaitOptions, 'signal' | 'onWait'>,
): Promise<void> {
  const { migrate: isToMigrate, seed: seedSet, timeoutMs } = config.start;
  if (!isToMigrate && seedSet === undefined) return;
  const { migrationUrl: login } = config.database;
  const deadlineMs = monotonicMs() + timeoutMs;
  const leftMs = () => Math.max(0, Math.round(deadlineMs - monotonicMs()));
  let primary = await router.waitForPrimary(timeoutMs, { signal });
  if (isToMigrate) {
    // Before the first migration the service's role may not read the versions.
    const isUpToDate = await isMigrated(primary.reader).catch(() => false);
    if (!isUpToDate) primary = await router.waitForPrimary(leftMs(), { signal, writable: true });
    await migrate(migrationUrl(primary.url, login), logger, { timeoutMs: leftMs(), signal, onWait });
  }
  if (seedSet === undefined) return;
  await seed(migrationUrl(primary.url, login), seedSet, logger, { timeoutMs: leftMs(), signal, onWait });
}

/** How often the TLS files are read again. */
const CERTIFICATES_SCHEDULE = { intervalMs: 60_000, minGapMs: 60_000 };

async function openCertificates({ tls }: Config, parts: TaskParts): Promise<Certificates | undefined> {
  if (tls === undefined) return undefined;
  const certificates = await Certificates.open(tls, parts.logger);
  startTask('renew-certificates', CERTIFICATES_SCHEDULE, () => certificates.renew(), parts);
  return certificates;
}

/** How this machine audits: its clock, and its timers. */
export function auditOptions(router: Router): AuditOptions {
  const wait: AuditOptions['sleep'] = (delayMs, signal) => sleep(delayMs, undefined, signal && { signal });
  return { read: (work) => router.read(work), now: monotonicMs, sleep: wait };
}

/** Audits on request; a running one is ended at the stop. */
function createAudit(logger: Logger, router: Router, closers: Closers): StockAudit {
  const audit = new StockAudit({ ...auditOptions(router), logger });
  closers.push(() => audit.stop());
  return audit;
}
