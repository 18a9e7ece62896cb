/** The gRPC server: our services, health and reflection, behind explicit limits. */
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { Server, type ServerOptions, setLogger } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import type { OperationName } from '../../domain/operations.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { type ConnectionShares, Connections, unlimitedShares } from '../connection-admission.ts';
import type { TransportContext } from '../operation.ts';
import type { Certificates } from '../tls.ts';
import { addHealth, addReflection, createStreamHost } from './builtin.ts';
import { requestIdIn, statusOf } from './errors.ts';
import { eventMethods, eventStreams } from './event.ts';
import { assertInternals, internalsOptions, onConnection, onUnknownMethod } from './internals.ts';
import { listen, serverCredentials } from './listener.ts';
import { orderMethods } from './order.ts';
import { PendingCalls } from './pending-calls.ts';
import { registerStreams } from './server-stream.ts';
import { stockMethods } from './stock.ts';
import { streamFilter } from './streams.ts';
import { register, type UnaryMethod } from './unary.ts';

export interface GrpcServerOptions extends TransportContext {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Other limits than the defaults, for tests. */
  readonly connectionOptions?: ServerOptions;
  readonly limits?: Partial<typeof grpcLimits>;
  /** What one peer may have of the connections; without it, all. */
  readonly shares?: Omit<ConnectionShares, 'connectionsMax'>;
  /** False leaves out server reflection, by which clients read the contracts. */
  readonly reflection?: boolean;
  /** With certificates it serves TLS, and nothing else. */
  readonly certificates?: Certificates | undefined;
}

export interface GrpcServer {
  /** The port that it listens on. */
  readonly port: number;

  /** Sets whether health checks report SERVING. They do not until this is called. */
  setServing(serving: boolean): void;

  /**
   * Stops in order: health reports NOT_SERVING, new and pending calls are refused with SHUTTING_DOWN, running
   * calls are finished. After `graceMs` milliseconds the rest is cut off.
   */
  stop(graceMs: number): Promise<void>;
}

/** The most calls that a connection may have open. */
const STREAMS_MAX = 128;

/** The limits of a connection. Those of headers are Node.js's own: 64 KiB and 128 fields. */
export const connectionOptions: ServerOptions = {
  ...internalsOptions,
  'grpc.max_receive_message_length': REQUEST_MAX_BYTES,
  // What a connection may have in flight. Past it clients wait at their end, where waiting costs us nothing:
  // to refuse a call costs what reading it costs, which is most of the work.
  'grpc.max_concurrent_streams': STREAMS_MAX,
  // A peer that vanished is noticed after 30 seconds. So is one whose HTTP/2 was so bad that Node.js has sent
  // GOAWAY: Node.js then stops reading, and would not notice that the peer disconnected.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Connections are renewed now and then, so that clients find new instances and spread over them.
  'grpc.max_connection_idle_ms': 15 * 60_000,
  'grpc.max_connection_age_ms': 60 * 60_000,
  'grpc.max_connection_age_grace_ms': 60_000,
};

export const grpcLimits = {
  connectionsMax: 1_024,
  /** Pending calls. Each may hold a message twice: as it came, and decompressed. */
  pendingMax: 1_024,
  /** Pending calls of one connection while all connections have as many as there may be. */
  pendingShareMax: 16,
  /** New calls in one turn of the event loop: of all connections, and of one, as many as may be open. */
  turnMax: 4_096,
  turnPerConnectionMax: STREAMS_MAX,
  /** By how many a connection's resets may exceed its replies. */
  resetsMax: 100,
  /** Streams that watch the health: one for each connection. */
  watchesMax: 1_024,
  reflectionsMax: 64,
  streamsPerConnectionMax: 4,
  /** The bytes of a message to health or reflection: it is the name of a service, a symbol or a file. */
  builtinMessageMaxBytes: 4 * 1024,
  streamAgeMs: 10 * 60_000,
  /** The time for a client to read its reply, behind the deadline of the call. */
  unreadMs: 30_000,
  /** The bytes of all running requests in sum: a queue of large ones must not fill the memory. */
  requestsMaxBytes: 64 * 1024 * 1024,
};

/**
 * Starts to listen.
 *
 * @throws when the address cannot be bound, or grpc-js lacks what `internals.ts` needs.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { loms, logger, deadlines, requestTimeoutMs, host, port } = options;
  const limits = { ...grpcLimits, ...options.limits };
  logLibrary(logger);
  const pendingCalls = new PendingCalls({ deadlines, requestTimeoutMs, ...limits });
  const interceptors = [pendingCalls.intercept];
  const server = new Server({ ...connectionOptions, ...options.connectionOptions, interceptors });
  const credentials = serverCredentials(options.certificates);
  assertInternals(server, credentials);
  onUnknownMethod(server, (metadata) => statusOf(fixedRefusals.methodNotAllowed, requestIdIn(metadata)));
  const { shares = unlimitedShares } = options;
  const { connectionsMax } = limits;
  const connections = new Connections({ ...shares, connectionsMax }, deadlines.now);
  const connectionOf = ({ socket }: ServerHttp2Session) => connections.find(socket as Socket);
  onConnection(server, streamFilter({ limits, isFull: () => pendingCalls.isFull, connectionOf }));
  const methods: Record<OperationName, UnaryMethod> = {
    ...orderMethods(loms),
    ...stockMethods(loms),
    ...eventMethods(loms),
  };
  const streams = eventStreams(loms);
  registerStreams(server, streams, options);
  register(server, methods, { context: options, requestsMaxBytes: limits.requestsMaxBytes });
  const { streamAgeMs: ageMs, streamsPerConnectionMax: perConnectionMax } = limits;
  const ofStreams = { perConnectionMax, messageMaxBytes: limits.builtinMessageMaxBytes, ageMs, deadlines };
  const hostOf = (streamsMax: number) => createStreamHost(server, { streamsMax, ...ofStreams });
  const [watches, reflections] = [hostOf(limits.watchesMax), hostOf(limits.reflectionsMax)];
  const paths = Object.values({ ...methods, ...streams }).map(({ path }) => path);
  const health = addHealth(watches, paths);
  if (options.reflection !== false) addReflection(reflections);
  const onError = (error: Error) => logger.error({ err: error }, 'gRPC server');
  const listener = await listen(server, { host, port, credentials, connections, onError });

  return {
    port: listener.port,
    setServing: health.setServing,
    async stop(graceMs) {
      listener.close();
      pendingCalls.stop();
      health.setServing(false);
      watches.endAll();
      reflections.endAll();
      await shutDown(server, graceMs, logger);
    },
  };
}

/**
 * Makes grpc-js log to our log, for the whole process. Metadata that it cannot read it would log with their
 * values, which are the client's and may be credentials: of those only the fact is logged, and only for
 * debugging.
 */
function logLibrary(logger: Logger): void {
  setLogger({
    error: (text: unknown) => {
      if (String(text).startsWith('Failed to add metadata')) logger.debug('metadata could not be read');
      else logger.warn({ text }, 'grpc-js');
    },
  });
}

function shutDown(server: Server, graceMs: number, logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      logger.warn({ graceMs }, 'gRPC calls still ran at the end of the grace time and are cut off');
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
