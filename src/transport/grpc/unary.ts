/** Unary methods: request bytes into the pipeline, its outcome into reply bytes or a status. */
import { type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2';
import {
  Metadata,
  type MethodDefinition,
  type Server,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { Call } from '../../domain/call.ts';
import { type CodeName, reasons } from '../../domain/errors.ts';
import { IDEMPOTENCY_KEY_FIELD } from '../../domain/idempotency/key.ts';
import type { OperationName, ServedName } from '../../domain/operations.ts';
import { accepted, type Outcome, refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import {
  type AnyHandler,
  type Handler,
  type Incoming,
  perform,
  type Served,
  type TransportContext,
} from '../operation.ts';
import { RequestRecord } from '../record.ts';
import { TRACEPARENT, traceOf } from '../traceparent.ts';
import { statusOf } from './errors.ts';
import { type KnownCall, knownCall } from './pending-calls.ts';
import { isIdempotent, requestReader } from './validate.ts';

/** A method as it is served. */
export type UnaryMethod = AnyHandler<Uint8Array, Buffer> & {
  readonly path: string;
  /** Whether a call may run twice without harm, also without an idempotency key. */
  readonly isIdempotent: boolean;
};

/**
 * Makes a method from its definition in the contract.
 *
 * @param definition the generated one: path and codec.
 * @param run is called with valid requests only.
 * @param print makes the reply message of the value.
 */
export function unary<Request, Reply, Value>(
  definition: MethodDefinition<Request, Reply>,
  run: (request: Request, call: Call) => Promise<Outcome<Value>>,
  print: (value: Value) => Reply,
): UnaryMethod {
  const handler: Handler<Uint8Array, Request, Value, Buffer> = {
    read: requestReader<Request>(definition.path),
    run,
    print: (value) => definition.responseSerialize(print(value)),
  };
  return { ...handler, path: definition.path, isIdempotent: isIdempotent(definition.path) };
}

export interface UnaryOptions {
  readonly context: TransportContext;
  /** The most bytes of all requests that run, in sum; grpc-js keeps them until the reply. */
  readonly requestsMaxBytes: number;
}

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;

/** What unary calls and those with a stream of replies have in common. */
export type AnyCall = Pick<UnaryCall, 'metadata' | 'cancelled'>;

const queueFull = refused(fixedRefusals.queueFull);

/** Marks the reply to a call that did not run, because one with its idempotency key ran before. */
const REPLAYED = 'idempotency-replayed';

/**
 * Adds the methods to a server.
 *
 * grpc-js passes the bytes through as they are: an error in its own decoding step could only be answered with
 * a bare INTERNAL, while here every refusal keeps its details and every bug is logged.
 */
export function register(
  server: Server,
  methods: Readonly<Record<OperationName, UnaryMethod>>,
  { context, requestsMaxBytes }: UnaryOptions,
): void {
  let heldBytes = 0;
  for (const [name, method] of Object.entries(methods) as [OperationName, UnaryMethod][]) {
    const served = servedAs(context, name, method.path);
    const handle = (call: UnaryCall, send: sendUnaryData<Buffer>): void => {
      const bytes = call.request.length;
      heldBytes += bytes;
      const read = () => (heldBytes > requestsMaxBytes ? queueFull : accepted(new IncomingCall(call)));
      const trace = traceOf(sentIn(call), context.tracer?.sample);
      void perform(context, served, method, trace, read, call.request).then((outcome) => {
        heldBytes -= bytes;
        // A refusal is a status alone, which has the request id itself.
        if (outcome.ok || outcome.replayed)
          call.sendMetadata(replyMetadata(trace.requestId, outcome.replayed));
        if (outcome.ok) send(null, outcome.value);
        else {
          const isRepeatable = method.isIdempotent || keysOf(call).length > 0;
          send(statusOf(outcome.refusal, trace.requestId, isRepeatable));
        }
      });
    };
    server.register(method.path, handle, identity, identity, 'unary');
  }
}

/**
 * The headers that HTTP/2 must not keep in its table of repeated headers: each request id is a new one, and
 * would push out those that do repeat.
 */
const unrepeated = [TRACEPARENT];

/** Initial metadata with a request id, made into headers as cheaply as each reply needs it. */
class ReplyMetadata extends Metadata {
  readonly #requestId: string;

  constructor(requestId: string) {
    super();
    this.#requestId = requestId;
  }

  override toHttp2Headers(): OutgoingHttpHeaders {
    const headers = super.toHttp2Headers();
    headers[TRACEPARENT] = this.#requestId;
    return Object.assign(headers, { [sensitiveHeaders]: unrepeated });
  }
}

/** The initial metadata of a reply. */
export function replyMetadata(requestId: string, isReplay?: boolean): Metadata {
  const metadata = new ReplyMetadata(requestId);
  if (isReplay) metadata.set(REPLAYED, 'true');
  return metadata;
}

/** The traceparent that a call has sent, if it has. */
export function sentIn({ metadata }: AnyCall): string | undefined {
  return metadata.get(TRACEPARENT)[0]?.toString();
}

/** What is served as a method, recorded by OpenTelemetry's conventions for RPC. */
export function servedAs({ metrics }: TransportContext, name: ServedName, path: string): Served {
  const transport = 'gRPC';
  const record = new RequestRecord({
    ...{ metrics, transport, operation: name },
    durations: metrics.histogram('rpc_server_call_duration_seconds'),
    statusOf: (refusal) => (refusal === undefined ? 'OK' : (reasons[refusal.reason] satisfies CodeName)),
    attributesOf: (status) => ({
      'rpc.system.name': 'grpc',
      'rpc.method': path.slice(1),
      'rpc.response.status_code': status,
    }),
  });
  return { name, transport, record };
}

export function identity(bytes: Buffer): Buffer {
  return bytes;
}

function keysOf({ metadata }: AnyCall): readonly (string | Buffer)[] {
  return metadata.get(IDEMPOTENCY_KEY_FIELD);
}

/** What is known of a call. What most calls are not asked for is read when it is. */
export class IncomingCall implements Incoming {
  readonly deadlineMs: number;
  readonly idempotencyKey: string | undefined;
  readonly #call: AnyCall;
  readonly #known: KnownCall;

  constructor(call: AnyCall) {
    const keys = keysOf(call);
    this.#call = call;
    this.#known = knownCall(call.metadata);
    this.deadlineMs = this.#known.replyByMs;
    this.idempotencyKey = keys.length === 0 ? undefined : keys.join(', ');
  }

  get address(): string {
    return this.#known.client;
  }

  get authorization(): string | undefined {
    return this.#call.metadata.get('authorization')[0]?.toString();
  }

  disconnected(): boolean {
    return this.#call.cancelled;
  }
}
