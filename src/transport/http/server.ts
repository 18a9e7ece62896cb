/** The HTTP server under the REST app: connections, what is not a request, and the stop. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import { fixedRefusals } from '../../domain/refusals.ts';
import { malformedRequest } from '../refusals.ts';
import type { Certificates } from '../tls.ts';
import { answerBadExpectation, answerBadHttp, answerNoHost, hasHost } from './bad-http.ts';
import { type ConnectionLimits, connectionLimits, limitConnections, serverOptions } from './connections.ts';
import { errorResponse } from './errors.ts';
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
}

export interface HttpServer {
  readonly port: number;

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

/** Connections that the system holds until they are accepted: thousands may come at one moment. */
const BACKLOG_MAX = 4_096;

/**
 * Serves the app.
 *
 * @throws when the address cannot be listened on.
 */
export async function startHttpServer(app: OpenAPIHono, options: HttpServerOptions): Promise<HttpServer> {
  const { certificates, logger } = options;
  const limits = { ...connectionLimits, ...options.limits };
  const running = new RunningRequests();
  let stopped: Promise<void> | undefined;
  let isRetiring = false;

  const answer = requestListener(app, () => stopped !== undefined, logger);
  const serve: RequestListener = (incoming, outgoing) => {
    if (isRetiring || isOld(incoming.socket)) outgoing.setHeader('connection', 'close');
    running.add(outgoing);
    if (hasHost(incoming)) void answer(incoming, outgoing);
    else answerNoHost(outgoing);
  };
  const server = certificates
    ? createSecureServer(certificates, serverOptions(limits), serve)
    : createServer(serverOptions(limits), serve);
  server.on('clientError', (error, socket) => answerBadHttp(error, socket as Socket, running));
  server.on('checkExpectation', answerBadExpectation);
  const isOld = limitConnections(server, limits);
  await listen(server, options);

  return {
    port: (server.address() as AddressInfo).port,
    retire() {
      isRetiring = true;
      for (const outgoing of running) if (!outgoing.headersSent) outgoing.setHeader('connection', 'close');
    },
    stop(graceMs) {
      stopped ??= drain(server, running, graceMs, logger);
      return stopped;
    },
  };
}

function requestListener(app: OpenAPIHono, isStopping: () => boolean, logger: Logger) {
  return getRequestListener(
    (request, env) => {
      if (isStopping()) return errorResponse(fixedRefusals.shuttingDown, { connection: 'close' });
      return app.fetch(request, env);
    },
    {
      // HTTP/1.0 sends no host, as some load balancers' probes do.
      hostname: 'localhost',
      errorHandler: (error) => {
        // A request whose target or host makes no URL never reaches the app.
        if (error instanceof RequestError) return errorResponse(malformedRequest);
        logger.error({ err: error }, 'http request failed');
        return errorResponse(fixedRefusals.internal);
      },
    },
  );
}

async function listen(server: Server, { host, port, logger }: HttpServerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
      reject(new Error(`http cannot listen on ${host}:${port}: ${why}`, { cause: error }));
    });
    server.listen({ port, host, backlog: BACKLOG_MAX }, resolve);
  });
  server.removeAllListeners('error').on('error', (error) => logger.error({ err: error }, 'http server'));
}

async function drain(
  server: Server,
  running: RunningRequests,
  graceMs: number,
  logger: Logger,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const outgoing of running) if (!outgoing.headersSent) outgoing.setHeader('connection', 'close');
  await running.end(graceMs);
  if (running.size > 0) logger.warn({ requests: running.size }, 'http requests are cut off');
  // Also closes connections without a request so far, which Node.js does not count as idle.
  server.closeAllConnections();
  await closed;
}

/** The requests whose replies are not sent yet, in the order of their arrival. */
class RunningRequests {
  readonly #replies = new Set<ServerResponse>();
  #onEnd: (() => void) | undefined;

  get size(): number {
    return this.#replies.size;
  }

  [Symbol.iterator](): Iterator<ServerResponse> {
    return this.#replies.values();
  }

  add(reply: ServerResponse): void {
    this.#replies.add(reply);
    reply.once('close', () => {
      this.#replies.delete(reply);
      if (this.size === 0) this.#onEnd?.();
    });
  }

  /** Resolves when all have ended, or after `graceMs`. */
  async end(graceMs: number): Promise<void> {
    if (this.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#onEnd = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
