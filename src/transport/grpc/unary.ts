/** Unary methods: request bytes into the pipeline, its outcome into reply bytes or a status. */
import type { MethodDefinition, Server, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Call } from '../../domain/call.ts';
import type { OperationName } from '../../domain/operations.ts';
import { accepted, type Outcome, refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { type AnyHandler, type Handler, perform, type TransportContext } from '../operation.ts';
import { traceOf } from '../traceparent.ts';
import { IncomingCall, identity, keysOf, replyMetadata, sentIn, servedAs } from './call.ts';
import { statusOf } from './errors.ts';
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

const queueFull = refused(fixedRefusals.queueFull);

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
