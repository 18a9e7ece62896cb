/** The REST side as a whole: the app with all its routes, and the HTTP server under it. */
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import { type OperationName, operations } from '../../domain/operations.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import type { TransportContext } from '../operation.ts';
import { malformedRequest } from '../refusals.ts';
import type { Certificates } from '../tls.ts';
import { answerBadExpectation, answerBadHttp, answerNoHost, hasHost } from './bad-http.ts';
import { type ConnectionLimits, connectionLimits, limitConnections, serverOptions } from './connections.ts';
import { addDocs } from './docs.ts';
import { errorResponse } from './errors.ts';
import { addHealthRoutes, type HealthOptions } from './health.ts';
import { addBearerScheme } from './openapi.ts';
import { orderRoutes } from './order.ts';
import { addOperation, type Route } from './route.ts';
import { createSecureServer } from './secure.ts';
import { stockRoutes } from './stock.ts';

export interface HttpAppOptions extends TransportContext, HealthOptions {
  /** False leaves out the OpenAPI document and its page. */
  readonly docs?: boolean;
}

/** Builds the app: every route, and the answers where there is none. It listens nowhere yet. */
export function createHttpApp(options: HttpAppOptions): OpenAPIHono {
  const app = new OpenAPIHono();
  if (options.authenticate) addBearerScheme(app);
  const routes: Record<OperationName, Route> = { ...orderRoutes(options.loms), ...stockRoutes(options.loms) };
  for (const name of Object.keys(operations) as OperationName[])
    addOperation(app, options, name, routes[name]);
  addHealthRoutes(app, options);
  if (options.docs !== false) addDocs(app);
  app.notFound((c) => {
    const allowed = allowedMethods(app, c.req.path);
    if (allowed.length === 0) return errorResponse(fixedRefusals.pathNotFound);
    return errorResponse(fixedRefusals.methodNotAllowed, { allow: allowed.join(', ') });
  });
  app.onError((error, c) => {
    options.logger.error({ err: error, method: c.req.method, path: c.req.path }, 'http request failed');
    return errorResponse(fixedRefusals.internal);
  });
  return app;
}

/** Asks the routes themselves, so that there is no second list of paths. */
function allowedMethods(app: OpenAPIHono, path: string): string[] {
  const known = ['GET', 'POST'].filter((method) => app.router.match(method, path)[0].length > 0);
  return known.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly logger: Logger;
  /** With certificates it serves HTTPS, and nothing but that. */
  readonly certificates?: Certificates | undefined;
  /** Limits in place of those in `connectionLimits`. */
  readonly limits?: Partial<ConnectionLimits>;
}

export interface HttpServer {
  readonly port: number;

  /**
   * Stops: no new connections, idle ones are closed, what is being answered is finished, what still arrives
   * is refused with SHUTTING_DOWN. Resolves when all connections are closed.
   *
   * @param graceMs after which whatever is left is cut.
   */
  stop(graceMs: number): Promise<void>;
}

/** Connections that the system holds for us until we take them: a thousand clients may come at one moment. */
const BACKLOG_MAX = 4_096;

/**
 * Serves the app.
 *
 * @throws when the address cannot be listened on, saying which.
 */
export async function startHttpServer(app: OpenAPIHono, options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, logger } = options;
  const limits = { ...connectionLimits, ...options.limits };
  const inFlight = new Set<ServerResponse>();
  let stopped: Promise<void> | undefined;
  let noneInFlight: (() => void) | undefined;

  const answer = getRequestListener(
    (request, env) => {
      if (stopped) return errorResponse(fixedRefusals.shuttingDown, { connection: 'close' });
      return app.fetch(request, env);
    },
    {
      // HTTP/1.0 asks without a host, as some load balancers' probes do.
      hostname: 'localhost',
      errorHandler: (error) => {
        // A request whose target or host makes no URL never reaches the app.
        if (error instanceof RequestError) return errorResponse(malformedRequest);
        logger.error({ err: error }, 'http request failed');
        return errorResponse(fixedRefusals.internal);
      },
    },
  );
  const serve: RequestListener = (incoming, outgoing) => {
    if (isOld(incoming.socket)) outgoing.setHeader('connection', 'close');
    inFlight.add(outgoing);
    outgoing.once('close', () => {
      inFlight.delete(outgoing);
      if (inFlight.size === 0) noneInFlight?.();
    });
    if (hasHost(incoming)) void answer(incoming, outgoing);
    else answerNoHost(outgoing);
  };
  const server = options.certificates
    ? createSecureServer(options.certificates, serverOptions(limits), serve)
    : createServer(serverOptions(limits), serve);
  server.on('clientError', (error, socket) => answerBadHttp(error, socket as Socket, inFlight));
  server.on('checkExpectation', answerBadExpectation);
  const isOld = limitConnections(server, limits);

  async function finish(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const outgoing of inFlight) if (!outgoing.headersSent) outgoing.setHeader('connection', 'close');
    if (inFlight.size > 0) {
      await new Promise<void>((resolve) => {
        const grace = setTimeout(resolve, graceMs);
        noneInFlight = () => {
          clearTimeout(grace);
          resolve();
        };
      });
    }
    if (inFlight.size > 0) logger.warn({ requests: inFlight.size }, 'http requests are cut off');
    // Also closes connections on which nothing was asked yet, which Node.js does not count as idle.
    server.closeAllConnections();
    await closed;
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
      reject(new Error(`http cannot listen on ${host}:${port}: ${why}`, { cause: error }));
    });
    server.listen({ port, host, backlog: BACKLOG_MAX }, resolve);
  });
  server.removeAllListeners('error').on('error', (error) => logger.error({ err: error }, 'http server'));

  return {
    port: (server.address() as AddressInfo).port,
    stop(graceMs) {
      stopped ??= finish(graceMs);
      return stopped;
    },
  };
}
