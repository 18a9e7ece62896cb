/**
 * Every private or undocumented part of grpc-js that is called or replaced, in one place. Each of them fills
 * a gap: without it a limit or the details of an error would be lost, silently. So `assertInternals` checks
 * all of them at start, and a version of grpc-js that changes one of them does not start.
 */

import type {
  IncomingHttpHeaders,
  SecureServerOptions,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import { PassThrough } from 'node:stream';
import type {
  Metadata,
  Server,
  ServerCredentials,
  ServerInterceptingCallInterface,
  StatusObject,
} from '@grpc/grpc-js';
import { BaseServerInterceptingCall } from '@grpc/grpc-js/build/src/server-interceptors.js';

/** The parts of a server. The two of channelz are used for all streams and sessions while it is enabled. */
interface ServerInternals {
  readonly channelzEnabled: boolean;
  _channelzHandler(interceptors: unknown, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
  _channelzSessionHandler(http2Server: unknown): (session: ServerHttp2Session) => void;
  _retrieveHandler(path: string): unknown;
}

interface CallInternals {
  readonly stream: ServerHttp2Stream;
  /** Its array has the parts of the last message, in the buffers that they came in. */
  readonly decoder: { readPartialMessage: Buffer[] };
}

interface CredentialsInternals {
  _getConstructorOptions(): SecureServerOptions;
}

/** The options that the hooks need: streams come in by the handler of channelz. */
export const internalsOptions = { 'grpc.enable_channelz': 1 };

/**
 * Checks that everything is there that this file relies on.
 *
 * @throws naming the first part that is missing.
 */
export function assertInternals(server: Server, credentials: ServerCredentials): void {
  const stream = new PassThrough() as unknown as ServerHttp2Stream;
  const handler = { type: 'unary', path: '', func() {}, serialize() {}, deserialize() {} };
  const call = new BaseServerInterceptingCall(stream, {}, null, handler as never, {});
  const { start, sendStatus, serializeMessage, decompressMessage } = Object.getPrototypeOf(call) as Record<
    string,
    unknown
  >;
  const { channelzEnabled, _channelzHandler, _channelzSessionHandler, _retrieveHandler } =
    server as unknown as ServerInternals;
  const { _getConstructorOptions } = credentials as unknown as CredentialsInternals;
  const parts: Record<string, boolean> = {
    'channelz of the server': channelzEnabled === true,
    'Server._channelzHandler': typeof _channelzHandler === 'function',
    'Server._channelzSessionHandler': typeof _channelzSessionHandler === 'function',
    'Server._retrieveHandler': typeof _retrieveHandler === 'function',
    'ServerCredentials._getConstructorOptions': typeof _getConstructorOptions === 'function',
    'start of a call': typeof start === 'function' && !Object.hasOwn(call, 'start'),
    'sendStatus of a call': typeof sendStatus === 'function' && !Object.hasOwn(call, 'sendStatus'),
    'serializeMessage of a call': typeof serializeMessage === 'function',
    'decompressMessage of a call': typeof decompressMessage === 'function',
    'decoder of a call': Array.isArray(
      (call as unknown as Partial<CallInternals>).decoder?.readPartialMessage,
    ),
    'stream of a call': (call as unknown as CallInternals).stream === stream,
  };
  const [missing] = Object.entries(parts).find(([, isThere]) => !isThere) ?? [];
  if (missing !== undefined)
    throw new Error(`this version of @grpc/grpc-js has no ${missing}, which is needed`);
}

/**
 * Calls `accept` with every new connection, and what that returns with every stream of the connection, before
 * grpc-js has them. A stream that is answered or closed by then never reaches grpc-js.
 */
export function onConnection(
  server: Server,
  accept: (session: ServerHttp2Session) => (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): void {
  const internals = server as unknown as ServerInternals;
  const { _channelzHandler: handle, _channelzSessionHandler: sessionHandler } = internals;
  internals._channelzHandler = (interceptors, stream, headers) => {
    if (!stream.headersSent && !stream.closed && !stream.destroyed)
      handle.call(server, interceptors, stream, headers);
  };
  internals._channelzSessionHandler = (http2Server) => {
    const handleSession = sessionHandler.call(server, http2Server);
    return (session) => {
      session.prependListener('stream', accept(session));
      handleSession(session);
    };
  };
}

/**
 * Answers calls of unknown methods with a status. grpc-js has no handler for them, so its lookup gets one. It
 * is registered as a stream, because those are answered at once, before any message.
 */
export function onUnknownMethod(server: Server, statusOf: (metadata: Metadata) => StatusObject): void {
  const internals = server as unknown as ServerInternals;
  const lookup = internals._retrieveHandler.bind(server);
  const unknown = {
    type: 'bidi',
    path: 'unknown',
    func: (stream: UnknownCall) => stream.emit('error', statusOf(stream.metadata)),
    serialize: (bytes: Buffer) => bytes,
    deserialize: (bytes: Buffer) => bytes,
  };
  internals._retrieveHandler = (path) => lookup(path) ?? unknown;
}

/** A call of an unknown method, as its handler gets it. */
interface UnknownCall {
  readonly metadata: Metadata;
  emit(event: 'error', status: StatusObject): void;
}

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];

/** A status as grpc-js makes it: perhaps without metadata. */
export type BareStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/** What stands between grpc-js and a call. */
export interface CallHook {
  /** Takes the listener that gets the events of the call. Returns the one that gets them in its place. */
  listen(listener: Listener): Listener;
  /** Changes a status that is sent, also one of grpc-js itself. */
  status(status: BareStatus): BareStatus;
  /** Takes a message that has arrived. Returns what `read` makes of it, or a promise that calls it later. */
  read(read: () => ReadMessage): ReadMessage;
}

/** A message without its prefix, decompressed. */
export type ReadMessage = Buffer | Promise<Buffer>;

const HOOK = Symbol('hook');

type HookedCall = ServerInterceptingCallInterface & { [HOOK]?: CallHook };

/**
 * Puts a hook into a call. The wrapper that interceptors are meant to use costs every call much more, and
 * does not see the statuses that grpc-js sends before the handler runs.
 */
export function hookCall(call: ServerInterceptingCallInterface, hook: CallHook): void {
  (call as HookedCall)[HOOK] = hook;
}

/**
 * The methods of all calls look for the hook. They are replaced in the class and not in each call: with a
 * function made for it as a property, V8 moves a call and all that it refers to into the old generation, and
 * collecting that was a fifth of the work of the service.
 */
const { prototype } = BaseServerInterceptingCall;
const { start, sendStatus } = prototype;
if (typeof start === 'function' && typeof sendStatus === 'function') {
  prototype.start = function (this: HookedCall, listener) {
    start.call(this, this[HOOK] === undefined ? listener : this[HOOK].listen(listener));
  };
  prototype.sendStatus = function (this: HookedCall, status) {
    sendStatus.call(this, this[HOOK] === undefined ? status : this[HOOK].status(status));
  };
}

/** The length of the prefix of a message: a byte for its compression, four for its length. */
const PREFIX_BYTES = 5;

/** Puts the prefix before a message. */
export function prefixed(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  bytes.writeUInt8(0);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

/**
 * A message that has its prefix and is sent as it is. grpc-js would copy it for every call that it is written
 * to, and a page of events is written to many.
 */
export class PrefixedMessage {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The message alone. */
  get message(): Buffer {
    return this.bytes.subarray(PREFIX_BYTES);
  }
}

interface MessageInternals {
  serializeMessage?(value: unknown): Uint8Array;
  decompressMessage?(this: HookedCall, message: Buffer, encoding: string): ReadMessage;
}

const messages = prototype as unknown as MessageInternals;
const { serializeMessage, decompressMessage } = messages;
if (typeof serializeMessage === 'function') {
  messages.serializeMessage = function (value) {
    return value instanceof PrefixedMessage ? value.bytes : serializeMessage.call(this, value);
  };
}

// grpc-js would decompress all messages of a call at once, before it refuses those that are too many.
if (typeof decompressMessage === 'function') {
  messages.decompressMessage = function (message, encoding) {
    const read = () => decompressMessage.call(this, message, encoding);
    return this[HOOK] === undefined ? read() : this[HOOK].read(read);
  };
}

/** The HTTP/2 stream of a call. */
export function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  return (call as unknown as CallInternals).stream;
}

/** Lets go of the bytes of a complete request, which grpc-js keeps until the call has ended. */
export function forgetBytes(call: ServerInterceptingCallInterface): void {
  (call as unknown as CallInternals).decoder.readPartialMessage = [];
}

/** Sets options that Node.js takes for TLS connections and grpc-js has no option for. */
export function setTlsOptions(credentials: ServerCredentials, options: SecureServerOptions): void {
  Object.assign((credentials as unknown as CredentialsInternals)._getConstructorOptions(), options);
}
