/**
 * One call's way through the gRPC side: bytes in, checked request, domain, reply or status out.
 */
import {
  Metadata,
  type MethodDefinition,
  type Server,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Authenticate, OperationName } from '../../domain/access.ts';
import { type Outcome, refused, standing } from '../../domain/errors.ts';
import type { Call } from '../../domain/loms.ts';
import type { Deadlines } from '../../timing/deadlines.ts';
import { readCall } from './call.ts';
import { statusOf } from './errors.ts';
import { requestReader } from './validate.ts';

/** A method as it is served, from request bytes to reply bytes. */
export interface UnaryMethod {
  readonly path: string;
  readonly operation: OperationName;
  readonly answer: (bytes: Uint8Array, call: Call) => Promise<Outcome<Buffer>>;
}

/** What every call needs from the server that it came in by. */
export interface Serving {
  readonly logger: Logger;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
  /** The longest time that a call is worked on, in milliseconds, also when its caller would wait longer. */
  readonly requestTimeoutMs: number;
  /** Where it is waited for what must be known before a call is begun. */
  readonly deadlines: Deadlines;
  /** How many bytes all requests that are being answered may have; grpc-js keeps them until then. */
  readonly requestsMaxBytes: number;
  /** Checks who calls; left out, everybody may do everything. */
  readonly authenticate?: Authenticate | undefined;
}

/**
 * Makes a method out of what a contract says and what the domain does.
 *
 * @param operation what it is called in the table of scopes.
 * @param definition the generated definition: path and codec.
 * @param run is called with requests that keep the contract's rules, and only with those.
 */
export function unary<Request, Reply>(
  operation: OperationName,
  definition: MethodDefinition<Request, Reply>,
  run: (request: Request, call: Call) => Promise<Outcome<Reply>>,
): UnaryMethod {
  const read = requestReader<Request>(definition.path);
  const print = (outcome: Outcome<Reply>): Outcome<Buffer> =>
    outcome.ok ? { ...outcome, value: definition.responseSerialize(outcome.value) } : outcome;
  return {
    path: definition.path,
    operation,
    answer(bytes, call) {
      const request = read(bytes);
      if (!request.ok) return Promise.resolve(request);
      return run(request.value, call).then(print);
    },
  };
}

/** Marks the answer to a call that was not run, because one with its idempotency key was run before. */
const replayMetadata = new Metadata();
replayMetadata.set('idempotency-replayed', 'true');

/**
 * Adds methods to a server.
 *
 * grpc-js gets the bytes through as they are: what throws in its own decoding step can answer nothing but a
 * bare INTERNAL, while here every refusal keeps its details and every bug is logged.
 */
export function register(server: Server, methods: readonly UnaryMethod[], serving: Serving): void {
  let heldBytes = 0;
  for (const method of methods) {
    const handle = (call: ServerUnaryCall<Buffer, Buffer>, send: sendUnaryData<Buffer>): void => {
      const bytes = call.request.length;
      if (heldBytes + bytes > serving.requestsMaxBytes) {
        send(statusOf(standing.queueFull));
        return;
      }
      heldBytes += bytes;
      const answer: typeof send = (status, reply) => {
        heldBytes -= bytes;
        send(status, reply);
      };
      void respond(method, call, answer, serving);
    };
    server.register(method.path, handle, asItIs, asItIs, 'unary');
  }
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}

async function respond(
  method: UnaryMethod,
  call: ServerUnaryCall<Buffer, Buffer>,
  send: sendUnaryData<Buffer>,
  serving: Serving,
): Promise<void> {
  let outcome: Outcome<Buffer>;
  try {
    const reading = readCall(call, serving, method.operation);
    const read = reading instanceof Promise ? await reading : reading;
    outcome = read.ok ? await method.answer(call.request, read.value) : read;
  } catch (error) {
    serving.logger.error({ err: error, method: method.path }, 'a call failed for a reason that is a bug');
    outcome = refused(standing.internal);
  }
  if (outcome.replayed) call.sendMetadata(replayMetadata);
  if (outcome.ok) send(null, outcome.value);
  else send(statusOf(outcome.refusal));
}
