/**
 * One call's way through the gRPC side: bytes in, checked request, domain, reply or status out.
 */
import type { MethodDefinition, Server, ServerUnaryCall, StatusObject, sendUnaryData } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Authenticate, OperationName } from '../domain/access.ts';
import { type Outcome, type Refusal, standing } from '../domain/errors.ts';
import type { Call } from '../domain/loms.ts';
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
  /** Checks who calls; left out, everybody may do everything. */
  readonly authenticate?: Authenticate | undefined;
  /** Whether the stop has begun; from then on every call that arrives is refused. */
  readonly stopping: () => boolean;
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
  return {
    path: definition.path,
    operation,
    async answer(bytes, call) {
      const request = read(bytes);
      if (!request.ok) return request;
      const outcome = await run(request.value, call);
      return outcome.ok ? { ok: true, value: definition.responseSerialize(outcome.value) } : outcome;
    },
  };
}

/**
 * Adds methods to a server.
 *
 * grpc-js gets the bytes through as they are: what throws in its own decoding step can answer nothing but a
 * bare INTERNAL, while here every refusal keeps its details and every bug is logged.
 */
export function register(server: Server, methods: readonly UnaryMethod[], serving: Serving): void {
  for (const method of methods) {
    const handle = (call: ServerUnaryCall<Buffer, Buffer>, send: sendUnaryData<Buffer>): void => {
      void respond(method, call, serving).then(({ status, reply }) => send(status, reply));
    };
    server.register(method.path, handle, asItIs, asItIs, 'unary');
  }
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}

/** What grpc-js is to send: a reply, or the status that stands instead of it. */
interface Response {
  readonly status: StatusObject | null;
  readonly reply?: Buffer;
}

async function respond(
  method: UnaryMethod,
  call: ServerUnaryCall<Buffer, Buffer>,
  serving: Serving,
): Promise<Response> {
  try {
    if (serving.stopping()) return refusedWith(standing.shuttingDown);
    const reading = readCall(call, serving, method.operation);
    const read = reading instanceof Promise ? await reading : reading;
    const outcome = read.ok ? await method.answer(call.request, read.value) : read;
    return outcome.ok ? { status: null, reply: outcome.value } : refusedWith(outcome.refusal);
  } catch (error) {
    serving.logger.error({ err: error, method: method.path }, 'a call failed for a reason that is a bug');
    return refusedWith(standing.internal);
  }
}

function refusedWith(refusal: Refusal): Response {
  return { status: statusOf(refusal) };
}
