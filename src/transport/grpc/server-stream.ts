/**
 * Methods with a stream of replies: request bytes into the pipeline, its stream into messages and a status.
 */
import type { MethodDefinition, Server, ServerWritableStream } from '@grpc/grpc-js';
import type { Call } from '../../domain/call.ts';
import type { EventStream } from '../../domain/events/watch.ts';
import type { StreamName } from '../../domain/operations.ts';
import { accepted, type Outcome } from '../../domain/outcome.ts';
import { type AnyHandler, type Handler, perform, type TransportContext } from '../operation.ts';
import { pump, type Sink } from '../stream.ts';
import { traceOf } from '../traceparent.ts';
import { IncomingCall, replyMetadata, sentIn, servedAs } from './call.ts';
import { statusOf } from './errors.ts';
import { PrefixedMessage } from './internals.ts';
import { knownCall } from './pending-calls.ts';
import { requestReader } from './validate.ts';

/** A method as it is served. */
export type StreamMethod = AnyHandler<Uint8Array, EventStream> & { readonly path: string };

/** Makes a method from its definition in the contract. The chunks of its streams are prefixed messages. */
export function serverStream<Request, Reply>(
  definition: MethodDefinition<Request, Reply>,
  run: (request: Request, call: Call) => Promise<Outcome<EventStream>>,
): StreamMethod {
  const handler: Handler<Uint8Array, Request, EventStream, EventStream> = {
    read: requestReader<Request>(definition.path),
    run,
    print: (stream) => stream,
  };
  return { ...handler, path: definition.path };
}

/**
 * The bytes of a request, until they are taken. grpc-js keeps a message as long as its call, which may be
 * for days here, and no limit counts these bytes.
 */
class RequestBytes {
  #bytes: Buffer | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(): Buffer {
    const bytes = this.#bytes;
    if (bytes === undefined) throw new Error('the bytes of a request were taken before');
    this.#bytes = undefined;
    return bytes;
  }
}

type StreamCall = ServerWritableStream<RequestBytes, PrefixedMessage>;

/** Adds the methods to a server; see `register` of unary methods. */
export function registerStreams(
  server: Server,
  methods: Readonly<Record<StreamName, StreamMethod>>,
  context: TransportContext,
): void {
  for (const [name, method] of Object.entries(methods) as [StreamName, StreamMethod][]) {
    const served = servedAs(context, name, method.path);
    const handle = async (call: StreamCall): Promise<void> => {
      const read = () => accepted(new IncomingCall(call));
      const trace = traceOf(sentIn(call), context.tracer?.sample);
      const opened = await perform(context, served, method, trace, read, call.request.take());
      if (opened.ok) await pump(opened.value, openSink(call, trace.requestId), context);
      else call.emit('error', statusOf(opened.refusal, trace.requestId));
    };
    const serialize = ({ message }: PrefixedMessage) => message;
    server.register(
      method.path,
      (call: StreamCall) => void handle(call),
      serialize,
      (bytes: Buffer) => new RequestBytes(bytes),
      'serverStream',
    );
  }
}

function openSink(call: StreamCall, requestId: string): Sink {
  call.sendMetadata(replyMetadata(requestId));
  const known = knownCall(call.metadata);
  known.last();
  return {
    write: (chunk, done) => void call.write(new PrefixedMessage(chunk as Buffer), done),
    isClosing: () => known.isClosing,
    end(refusal) {
      known.awaitEnd();
      if (refusal === undefined) call.end();
      else call.emit('error', statusOf(refusal, requestId));
    },
    onClose(listener) {
      if (call.destroyed) listener();
      else call.once('close', listener);
    },
  };
}
