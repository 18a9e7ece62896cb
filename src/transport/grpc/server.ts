/** The gRPC server: our services, health and reflection, behind explicit limits. */
import type { IncomingHttpHeaders } from 'node:http2';
import { Server, type ServerOptions, setLogger } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { IDEMPOTENCY_KEY_FIELD } from '../../domain/idempotency/key.ts';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import type { OperationName } from '../../domain/operations.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import type { TransportContext } from '../operation.ts';
import type { Certificates } from '../tls.ts';
import { addHealth, addReflection, createStreamHost } from './builtin.ts';
import { detailedStatuses, statusOf } from './errors.ts';
import { assertInternals, internalsOptions, onHeaders, onUnknownMethod } from './internals.ts';
import { listen, serverCredentials } from './listener.ts';
import { orderMethods } from './order.ts';
import { PendingCalls } from './pending-calls.ts';
import { stockMethods } from './stock.ts';
import { register, type UnaryMethod } from './unary.ts';

export interface GrpcServerOptions extends TransportContext {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Other limits than the defaults, for tests. */
  readonly connectionOptions?: ServerOptions;
  readonly limits?: Partial<typeof grpcLimits>;
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

/** The limits of a connection. Those of headers are Node.js's own: 64 KiB and 128 fields. */
export const connectionOptions: ServerOptions = {
  ...internalsOptions,
  'grpc.max_receive_message_length': REQUEST_MAX_BYTES,
  // What a connection may have in flight. Past it clients wait at their end, where waiting costs us nothing:
  // to refuse a call costs what reading it costs, which is most of the work.
  'grpc.max_concurrent_streams': 128,
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
  /** Streams of health and reflection: one for each connection that watches the health. */
  streamsMax: 1_024,
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
  const { connectionsMax, pendingMax, streamsMax, requestsMaxBytes } = { ...grpcLimits, ...options.limits };
  logLibrary(logger);
  const pendingCalls = new PendingCalls({ deadlines, requestTimeoutMs, pendingMax });
  const interceptors = [detailedStatuses, pendingCalls.intercept];
  const server = new Server({ ...connectionOptions, ...options.connectionOptions, interceptors });
  const credentials = serverCredentials(options.certificates);
  assertInternals(server, credentials);
  onUnknownMethod(server, () => statusOf(fixedRefusals.methodNotAllowed));
  onHeaders(server, preserveInvalidKey);
  const methods: Record<OperationName, UnaryMethod> = { ...orderMethods(loms), ...stockMethods(loms) };
  register(server, methods, { context: options, requestsMaxBytes });
  const streams = createStreamHost(server, streamsMax);
  const paths = Object.values(methods).map(({ path }) => path);
  const health = addHealth(streams, paths);
  if (options.reflection !== false) addReflection(streams);
  const onError = (error: Error) => logger.error({ err: error }, 'gRPC server');
  const listener = await listen(server, { host, port, credentials, connectionsMax, onError });

  return {
    port: listener.port,
    setServing: health.setServing,
    async stop(graceMs) {
      listener.close();
      pendingCalls.stop();
      health.setServing(false);
      streams.endAll();
      await shutDown(server, graceMs, logger);
    },
  };
}

/** What grpc-js accepts as the value of metadata. Anything else it drops, with a line in its own log only. */
const metadataValue = /^[ -~]*$/;

/** Replaces a key that grpc-js would drop by an empty one: it is refused, and no create runs without key. */
function preserveInvalidKey(headers: IncomingHttpHeaders): void {
  const key = headers[IDEMPOTENCY_KEY_FIELD];
  if (key !== undefined && !metadataValue.test(String(key))) headers[IDEMPOTENCY_KEY_FIELD] = '';
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
