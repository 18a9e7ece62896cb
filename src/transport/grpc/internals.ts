/**
 * Every private or undocumented part of grpc-js that is called or replaced, in one place. Each of them fills
 * a gap: without it a limit or the details of an error would be lost, silently. So `assertInternals` checks
 * all of them at start, and a version of grpc-js that changes one of them does not start.
 */

import type { IncomingHttpHeaders, SecureServerOptions, ServerHttp2Stream } from 'node:http2';
import { PassThrough } from 'node:stream';
import type { Server, ServerCredentials, ServerInterceptingCallInterface, StatusObject } from '@grpc/grpc-js';
import { BaseServerInterceptingCall } from '@grpc/grpc-js/build/src/server-interceptors.js';

/** The parts of a server. The first is called for every stream, as long as channelz is enabled. */
interface ServerInternals {
  readonly channelzEnabled: boolean;
  _channelzHandler(interceptors: unknown, stream: unknown, headers: IncomingHttpHeaders): void;
  _retrieveHandler(path: string): unknown;
}

interface CallInternals {
  readonly stream: ServerHttp2Stream;
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
  const { start, sendStatus } = Object.getPrototypeOf(call) as Record<string, unknown>;
  const { channelzEnabled, _channelzHandler, _retrieveHandler } = server as unknown as ServerInternals;
  const { _getConstructorOptions } = credentials as unknown as CredentialsInternals;
  const parts: Record<string, boolean> = {
    'channelz of the server': channelzEnabled === true,
    'Server._channelzHandler': typeof _channelzHandler === 'function',
    'Server._retrieveHandler': typeof _retrieveHandler === 'function',
    'ServerCredentials._getConstructorOptions': typeof _getConstructorOptions === 'function',
    'start of a call': typeof start === 'function' && !Object.hasOwn(call, 'start'),
    'sendStatus of a call': typeof sendStatus === 'function' && !Object.hasOwn(call, 'sendStatus'),
    'stream of a call': (call as unknown as CallInternals).stream === stream,
  };
  const [missing] = Object.entries(parts).find(([, isThere]) => !isThere) ?? [];
  if (missing !== undefined)
    throw new Error(`this version of @grpc/grpc-js has no ${missing}, which is needed`);
}

/** Calls `change` with the headers of every call as they were sent, before grpc-js reads them. */
export function onHeaders(server: Server, change: (headers: IncomingHttpHeaders) => void): void {
  const internals = server as unknown as ServerInternals;
  const handle = internals._channelzHandler;
  internals._channelzHandler = (interceptors, stream, headers) => {
    change(headers);
    handle.call(server, interceptors, stream, headers);
  };
}

/**
 * Answers calls of unknown methods with a status. grpc-js has no handler for them, so its lookup gets one. It
 * is registered as a stream, because those are answered at once, before any message.
 */
export function onUnknownMethod(server: Server, statusOf: () => StatusObject): void {
  const internals = server as unknown as ServerInternals;
  const lookup = internals._retrieveHandler.bind(server);
  const unknown = {
    type: 'bidi',
    path: 'unknown',
    func: (stream: { emit(event: 'error', status: StatusObject): void }) => stream.emit('error', statusOf()),
    serialize: (bytes: Buffer) => bytes,
    deserialize: (bytes: Buffer) => bytes,
  };
  internals._retrieveHandler = (path) => lookup(path) ?? unknown;
}

type Start = ServerInterceptingCallInterface['start'];
type SendStatus = ServerInterceptingCallInterface['sendStatus'];

/**
 * Puts a function in front of a call's `start`. The wrapper that interceptors are meant to use costs every
 * call much more, and does not see the statuses that grpc-js sends before the handler runs.
 */
export function interceptStart(
  call: ServerInterceptingCallInterface,
  intercept: (listener: Parameters<Start>[0]) => Parameters<Start>[0],
): void {
  const { start } = call;
  call.start = (listener) => start.call(call, intercept(listener));
}

/** Puts a function in front of a call's `sendStatus`, also for the statuses of grpc-js itself. */
export function interceptStatus(
  call: ServerInterceptingCallInterface,
  change: (status: Parameters<SendStatus>[0]) => Parameters<SendStatus>[0],
): void {
  const { sendStatus } = call;
  call.sendStatus = (status) => sendStatus.call(call, change(status));
}

/** Closes a call's stream after its status: else it stays open, with its data, until the client ends it. */
export function closeStream(call: ServerInterceptingCallInterface): void {
  const { stream } = call as unknown as CallInternals;
  setImmediate(() => stream.close());
}

/** Sets options that Node.js takes for TLS connections and grpc-js has no option for. */
export function setTlsOptions(credentials: ServerCredentials, options: SecureServerOptions): void {
  Object.assign((credentials as unknown as CredentialsInternals)._getConstructorOptions(), options);
}
