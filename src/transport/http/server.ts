/** The HTTP server under the REST app: connections, what is not a request, and the stop. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import { fixedRefusals } from '../../domain/refusals.ts';
import { type Clock, monotonicMs } from '../../timing/clock.ts';
import { type ConnectionShares, Connections, unlimitedShares } from '../connection-admission.ts';
import { listenOn } from '../ports.ts';
import { malformedRequest } from '../refusals.ts';
import type { Certificates } from '../tls.ts';
import { requestIdOf, TRACEPARENT } from '../traceparent.ts';
import { answerBadHttp } from './bad-http.ts';
import { connectionOf, HttpConnections } from './connection.ts';
import { errorResponse } from './errors.ts';
import { type Fault, faultOf } from './head.ts';
import { AllowedHosts } from './hosts.ts';
import { type ConnectionLimits, connectionLimits, serverOptions } from './limits.ts';
import { Reply } from './reply.ts';
import { createSecureServer } from './secure.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly logger: Logger;
  /** With certificates it serves HTTPS, and nothing else. */
  readonly certificates?: Certificates | undefined;
  /** Limits in place of those in `connectionLimits`. */
  readonly limits?: Partial<ConnectionLimits>;
  /** What one peer may have of the connections; without it, all. */
  readonly shares?: Omit<ConnectionShares, 'connectionsMax'>;
  /** The hosts under which it answers, besides those of this machine; without it, all. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** The clock of the app's deadlines; without it the monotonic clock. */
  readonly now?: Clock;
}

export interface HttpServer {
  readonly port: number;
  /** Requests that have no reply yet. */
  readonly unanswered: number;

  /** From now on every reply closes its connection, so that clients and balancers go elsewhere. */
  retire(): void;

  /**
   * Stops: no new connections, idle ones are closed, running requests are finished, new ones are refused with
   * SHUTTING_DOWN. Resolves when all connections are closed.
   *
   * @param graceMs after which the rest is cut off.
   */
  stop(graceMs: number): Promise<void>;
}

/**
 * Serves the app.
 *
 * @throws when the address cannot be listened on.
 */
export async function startHttpServer(app: OpenAPIHono, options: HttpServerOptions): Promise<HttpServer> {
  const { certificates, logger, shares = unlimitedShares, now = monotonicMs } = options;
  const limits = { ...connectionLimits, ...options.limits };
  const admission = new Connections({ ...shares, connectionsMax: limits.connectionsMax }, now);
  const answer = requestListener(app, () => connections.isStopping, options);
  const serve = (reply: ServerResponse) => void answer(reply.req, reply);
  const connections = new HttpConnections({ limits, admission, now, serve });
  const add: RequestListener = (incoming, reply) => connectionOf(incoming.socket)?.add(reply);

  const own = { ...serverOptions(limits), ServerResponse: Reply };
  const server = certificates ? createSecureServer(certificates, own, add) : createServer(own, add);
  server.on('checkExpectation', add);
  server.on('clientError', (error, socket) => answerBadHttp(error, socket as Socket));
  server.timeout = limits.stuckMs;
  // Node.js drops headers past its own limit; here a request that has too many is refused.
  server.maxHeadersCount = 0;
  connections.take(server, certificates !== undefined);
  await listenOn(server, 'REST', options, (error) => logger.error({ err: error }, 'http server'));

  let stopped: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    get unanswered() {
      return connections.unanswered;
    },
    retire() {
      connections.isRetiring = true;
    },
    stop(graceMs) {
      stopped ??= drain(server, connections, graceMs, logger);
      return stopped;
    },
  };
}

function requestListener(
  app: OpenAPIHono,
  isStopping: () => boolean,
  { logger, allowedHosts }: HttpServerOptions,
) {
  const hosts = allowedHosts && new AllowedHosts(allowedHosts);
  return getRequestListener(
    (request, env) => {
      const { incoming } = env as HttpBindings;
      if (isStopping()) return errorResponse(fixedRefusals.shuttingDown, requestIdIn(incoming));
      const fault = faultOf(incoming) ?? hosts?.faultOf(incoming);
      return fault === undefined ? app.fetch(request, env) : refuse(fault, incoming);
    },
    {
      // HTTP/1.0 sends no host, as some load balancers' probes do.
      hostname: 'localhost',
      errorHandler: (error) => {
        // A request whose target or host makes no URL never reaches the app.
        if (error instanceof RequestError) return errorResponse(malformedRequest, requestIdOf());
        logger.error({ err: error }, 'http request failed');
        return errorResponse(fixedRefusals.internal, requestIdOf());
      },
    },
  );
}

function refuse({ refusal, status, closes }: Fault, incoming: IncomingMessage): Response {
  if (closes) connectionOf(incoming.socket)?.end();
  return errorResponse(refusal, requestIdIn(incoming), {}, status);
}

function requestIdIn({ headers }: IncomingMessage): string {
  return requestIdOf(headers[TRACEPARENT]?.toString());
}

async function drain(
  server: Server,
  connections: HttpConnections,
  graceMs: number,
  logger: Logger,
): Promise<void> {
  connections.isStopping = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await connections.answered(graceMs);
  const { unanswered } = connections;
  if (unanswered > 0) logger.warn({ requests: unanswered }, 'http requests are cut off');
  // Also closes connections without a request so far, which Node.js does not count as idle.
  server.closeAllConnections();
  await closed;
}
