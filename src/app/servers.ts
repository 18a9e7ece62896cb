/** The servers of both transports: builds them on the service, and stops them together. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tokens } from '../auth/tokens.ts';
import type { Config } from '../config/config.ts';
import type { Router } from '../db/cluster/router.ts';
import { DatabaseUnavailable } from '../db/errors.ts';
import { schemaProblem } from '../db/schema/version.ts';
import type { FeedWatch } from '../service/feed-watch.ts';
import type { Samples } from '../telemetry/samples.ts';
import { startGrpcServer } from '../transport/grpc/server.ts';
import { CONSOLE_FOLDER } from '../transport/http/console.ts';
import { connectionLimits } from '../transport/http/limits.ts';
import type { ProbePort } from '../transport/http/probe-port.ts';
import { createHttpApp } from '../transport/http/routes.ts';
import { type HttpServer, startHttpServer } from '../transport/http/server.ts';
import type { TransportContext } from '../transport/operation.ts';
import { TrustedProxies } from '../transport/proxies.ts';
import { openDetails, ReadinessWatch } from '../transport/readiness.ts';
import type { Certificates } from '../transport/tls.ts';
import type { StockAudit } from '../workers/audit-stock.ts';
import type { Closers } from './lifecycle.ts';

/** What the servers show or use, besides the context of their requests. */
export interface ServedParts {
  readonly router: Router;
  readonly certificates: Certificates | undefined;
  readonly tokens: Tokens | undefined;
  readonly probes: ProbePort | undefined;
  readonly audit: StockAudit;
  readonly watch: FeedWatch;
  /** For the console; undefined where it is off. */
  readonly samples: Samples | undefined;
}

/** Starts the servers, and reports the readiness of the service. */
export async function startServers(
  config: Config,
  context: TransportContext,
  { router, certificates, tokens, probes, audit, watch, samples }: ServedParts,
  closers: Closers,
) {
  const { logger, authenticate } = context;
  const { shutdownDelayMs, shutdownTimeoutMs } = config;
  if (config.isOpenToNetwork) logger.warn('access is open to other machines: AUTH is none');
  const { connectionsMax, connectionsPerSecond, trustedProxies } = config.peers;
  const shares = {
    peerMax: connectionsMax,
    peerPerSecond: connectionsPerSecond,
    proxies: new TrustedProxies(trustedProxies),
  };
  const grpc = await startGrpcServer({ ...context, ...config.grpc, certificates, shares });
  const readiness = new ReadinessWatch({
    nodes: router,
    schemaProblem: async () => {
      if (!router.primary?.healthy) throw new DatabaseUnavailable('no primary');
      return schemaProblem(router.primary.reader);
    },
    keys: tokens && (() => tokens.keys),
    onChange: (ready) => {
      grpc.setServing(ready);
      probes?.report();
    },
    intervalMs: config.database.checkIntervalMs,
    logger,
  });
  let http: HttpServer | undefined;
  // The servers stop together, and only after health checks have reported it for the delay. Where the start
  // fails nobody was sent here yet.
  closers.push(async () => {
    const delayMs = readiness.isStarted ? shutdownDelayMs : 0;
    const checked = readiness.stop();
    http?.retire();
    await sleep(delayMs);
    await watch.stop();
    samples?.stop();
    await Promise.all([checked, grpc.stop(shutdownTimeoutMs), http?.stop(shutdownTimeoutMs)]);
  });
  if (probes) probes.source = () => probeState(readiness, authenticate === undefined);
  const app = createHttpApp({
    ...context,
    authenticate,
    docs: config.docs,
    publicUrl: config.publicUrl,
    console: samples && { folder: CONSOLE_FOLDER, samples },
    readiness: () => readiness.current,
    audit,
  });
  const limits = {
    idleMs: config.http.keepAliveTimeoutMs,
    // While a reply is being made nothing moves on its connection.
    stuckMs: config.requestTimeoutMs + connectionLimits.stuckMs,
  };
  http = await startHttpServer(app, { ...config.http, logger, certificates, limits, shares });
  return { readiness, httpPort: http.port, grpcPort: grpc.port };
}

/** The probe port checks no credentials: where they are needed, it shows what everybody may see. */
function probeState({ current }: ReadinessWatch, isOpen: boolean) {
  return isOpen ? current : { ...current, details: openDetails(current.details) };
}
