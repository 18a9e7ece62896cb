/** Unary methods: request bytes into the pipeline, its outcome into reply bytes or a status. */
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
  type TransportContext,
} from '../operation.ts';
import { type RecordRequest, requestRecorder } from '../record.ts';
import { TRACEPARENT } from '../traceparent.ts';
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
const replayMetadata = new Metadata();
replayMetadata.set('idempotency-replayed', 'true');

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
    const served = { name, record: recorderOf(context, name, method.path) };
    const handle = (call: UnaryCall, send: sendUnaryData<Buffer>): void => {
      const bytes = call.request.length;
      heldBytes += bytes;
      const read = () => (heldBytes > requestsMaxBytes ? queueFull : accepted(new IncomingCall(call)));
      void perform(context, served, method, read, call.request).then((outcome) => {
        heldBytes -= bytes;
        if (outcome.replayed) call.sendMetadata(replayMetadata);
        if (outcome.ok) send(null, outcome.value);
        else send(statusOf(outcome.refusal, method.isIdempotent || keysOf(call).length > 0));
      });
    };
    server.register(method.path, handle, identity, identity, 'unary');
  }
}

/** Records the calls of a method, with the labels of OpenTelemetry's conventions for RPC. */
export function recorderOf(
  { metrics }: TransportContext,
  operation: ServedName,
  path: string,
): RecordRequest {
  return requestRecorder({
    ...{ metrics, transport: 'gRPC', operation },
    durations: metrics.histogram('rpc_server_call_duration_seconds'),
    statusOf: (refusal) => (refusal === undefined ? 'OK' : (reasons[refusal.reason] satisfies CodeName)),
    labelsOf: (status) => ({
      rpc_system_name: 'grpc',
      rpc_method: path.slice(1),
      rpc_response_status_code: status,
    }),
  });
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

  get traceparent(): string | undefined {
    return this.#call.metadata.get(TRACEPARENT)[0]?.toString();
  }

  get authorization(): string | undefined {
    return this.#call.metadata.get('authorization')[0]?.toString();
  }

  disconnected(): boolean {
    return this.#call.cancelled;
  }
}
