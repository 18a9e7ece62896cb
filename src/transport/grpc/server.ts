/** The gRPC server: both services, health and reflection, behind explicit limits. */
import { Server, type ServerOptions } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Authenticate } from '../../domain/access.ts';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import type { Loms } from '../../domain/loms.ts';
import { Deadlines } from '../../timing/deadlines.ts';
import type { Certificates } from '../tls.ts';
import { Arrivals } from './arrivals.ts';
import { serverCredentials } from './credentials.ts';
import { addHealth } from './health.ts';
import { answerUnknownMethods, detailedStatuses, keepBadKeys, logLibrary } from './library.ts';
import { listen } from './listen.ts';
import { orderMethods } from './order.ts';
import { addReflection } from './reflection.ts';
import { stockMethods } from './stock.ts';
import { createStreamHost } from './streams.ts';
import { register } from './unary.ts';

export interface GrpcServerOptions {
  readonly loms: Loms;
  readonly logger: Logger;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
  /** The longest time that a call is worked on, in milliseconds, also when its caller would wait longer. */
  readonly requestTimeoutMs: number;
  /** Other limits than `connectionLimits`, for tests. */
  readonly limits?: ServerOptions;
  readonly connectionsMax?: number;
  readonly arrivingMax?: number;
  readonly streamsMax?: number;
  readonly requestsMaxBytes?: number;
  /** Checks who calls; left out, everybody may do everything. */
  readonly authenticate?: Authenticate | undefined;
  /** False leaves out server reflection, by which clients ask for the contracts. */
  readonly reflection?: boolean;
  /** With certificates it serves TLS, and nothing but that. */
  readonly certificates?: Certificates | undefined;
}

export interface GrpcServer {
  /** The port that it listens on. */
  readonly port: number;

  /** Tells health checks whether calls are welcome. They are not until this is called. */
  setServing(serving: boolean): void;

  /**
   * Stops in order: health says NOT_SERVING, calls that arrive are refused with SHUTTING_DOWN, and so are those
   * whose request is not whole yet; calls that were accepted are finished. What is not finished after `graceMs` milliseconds is cut off.
   */
  stop(graceMs: number): Promise<void>;
}

/**
 * The limits of a connection. Headers have none here, because grpc-js leaves them to Node.js, which refuses
 * more than 64 KiB or 128 fields of them. Channelz, which grpc-js has on, stays on: a forced shutdown finds
 * its connections by it, and `keepBadKeys` the calls.
 */
const connectionLimits: ServerOptions = {
  'grpc.max_receive_message_length': REQUEST_MAX_BYTES,
  // What a connection may have in flight. Past it callers wait at their end, where waiting costs us nothing:
  // to refuse a call costs what reading it costs, which is most of the work.
  'grpc.max_concurrent_streams': 128,
  // A peer that is gone without a word is noticed after 30 seconds. So is one whose HTTP/2 was so bad that Node.js
  // has said goodbye: it then reads no more, and would not hear that the peer hung up.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Connections are renewed now and then, so that clients find new instances and spread over them.
  'grpc.max_connection_idle_ms': 15 * 60_000,
  'grpc.max_connection_age_ms': 60 * 60_000,
  'grpc.max_connection_age_grace_ms': 60_000,
};

const CONNECTIONS_MAX = 1_024;

/** Each may hold a message twice: as it came, and without its compression. */
const ARRIVING_MAX = 1_024;

/** One for each connection that watches the health. */
const STREAMS_MAX = 1_024;

/** What the requests that are being answered may have in sum: a queue of large ones must not fill the memory. */
const REQUESTS_MAX_BYTES = 64 * 1024 * 1024;

/**
 * Starts to listen.
 *
 * @throws when the address cannot be bound.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { loms, logger, now, requestTimeoutMs, authenticate } = options;
  const { arrivingMax = ARRIVING_MAX, requestsMaxBytes = REQUESTS_MAX_BYTES } = options;
  logLibrary(logger);
  const arrivals = new Arrivals({ now, requestTimeoutMs, arrivingMax });
  const interceptors = [detailedStatuses, arrivals.intercept];
  const server = new Server({ ...connectionLimits, ...options.limits, interceptors });
  answerUnknownMethods(server);
  keepBadKeys(server);
  const methods = [...orderMethods(loms), ...stockMethods(loms)];
  const deadlines = new Deadlines(now);
  register(server, methods, { logger, now, requestTimeoutMs, deadlines, requestsMaxBytes, authenticate });
  const streams = createStreamHost(server, options.streamsMax ?? STREAMS_MAX);
  const health = addHealth(streams);
  if (options.reflection !== false) addReflection(streams);
  const port = await listen(server, {
    host: options.host,
    port: options.port,
    credentials: serverCredentials(options.certificates),
    connectionsMax: options.connectionsMax ?? CONNECTIONS_MAX,
    onError: (error) => logger.error({ err: error }, 'gRPC server'),
  });

  return {
    port: port.number,
    setServing: health.setServing,
    async stop(graceMs) {
      port.close();
      arrivals.stop();
      health.setServing(false);
      streams.endAll();
      await shutDown(server, graceMs, logger);
    },
  };
}

function shutDown(server: Server, graceMs: number, logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      logger.warn({ graceMs }, 'calls were still running at the end of the grace time and are cut off');
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown((error) => {
      clearTimeout(timer);
      if (error) logger.warn({ err: error }, 'the gRPC server did not shut down cleanly');
      resolve();
    });
  });
}
