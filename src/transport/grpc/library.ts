/**
 * Where grpc-js would answer or log by itself: the statuses that it sends without asking us get the form of all
 * errors, and what callers send does not get into the log.
 */
import type { IncomingHttpHeaders } from 'node:http2';
import {
  status as codes,
  type Server,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type StatusObject,
  setLogger,
} from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { IDEMPOTENCY_KEY_FIELD, invalidRequest, type Refusal, standing } from '../../domain/errors.ts';
import { DETAILS_TRAILER, statusOf } from './errors.ts';

/** A status as grpc-js makes it: perhaps without metadata. */
type BareStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/** The call is none that could be read: the violation is the whole request's. */
const notACall = invalidRequest(['']);

/** What grpc-js says with the code INTERNAL although the caller is at fault. */
const callersFault = /^(Invalid grpc-timeout|Failed to decompress|Error deserializing request)/;

/**
 * Gives details to statuses that have none.
 *
 * grpc-js sends some before a call reaches its handler, and past all that an interceptor can override by a
 * wrapper. So the call's own method is put in front, which costs a call nothing but the assignment.
 */
export const detailedStatuses: ServerInterceptor = (_method, call) => {
  call.sendStatus = sendDetailed;
  return call as ServerInterceptingCall;
};

function sendDetailed(this: ServerInterceptingCallInterface, status: BareStatus): void {
  Object.getPrototypeOf(this).sendStatus.call(this, detailed(status));
}

function detailed(status: BareStatus): BareStatus {
  if (status.code === codes.OK || (status.metadata?.get(DETAILS_TRAILER).length ?? 0) > 0) return status;
  const refusal = refusalOf(status);
  return refusal === undefined ? status : statusOf(refusal);
}

/** What a bare status means. Statuses of health and reflection are not ours and stay as they are. */
function refusalOf({ code, details = '' }: BareStatus): Refusal | undefined {
  switch (code) {
    case codes.RESOURCE_EXHAUSTED:
      return standing.requestTooLarge;
    case codes.UNIMPLEMENTED:
      // The method is there, but the call has no message or several, or is compressed in an unknown way.
      return notACall;
    case codes.INTERNAL:
      return callersFault.test(details) ? notACall : standing.internal;
    case codes.UNKNOWN:
      return standing.internal;
    default:
      return undefined;
  }
}

interface CallEntrance {
  _channelzHandler(interceptors: unknown, stream: unknown, headers: IncomingHttpHeaders): void;
}

/** What grpc-js takes as the value of metadata. Anything else it leaves out, and says so to its log alone. */
const metadataValue = /^[ -~]*$/;

/**
 * Has idempotency keys refused that are none. grpc-js would drop some of them, and a create that was meant to be safe
 * would run unprotected. In place of such a key stands an empty one, which is refused as what it is: no key.
 *
 * It is done where calls come in, the last place that has their headers as they were sent.
 */
export function keepBadKeys(server: Server): void {
  const entrance = server as unknown as CallEntrance;
  const enter = entrance._channelzHandler;
  entrance._channelzHandler = (interceptors, stream, headers) => {
    const key = headers[IDEMPOTENCY_KEY_FIELD];
    if (key !== undefined && !metadataValue.test(String(key))) headers[IDEMPOTENCY_KEY_FIELD] = '';
    enter.call(server, interceptors, stream, headers);
  };
}

interface HandlerLookup {
  _retrieveHandler(path: string): unknown;
}

/**
 * Answers calls of methods that nobody serves.
 *
 * grpc-js looks handlers up by their path and knows no handler for all others, so its look-up gets one. It is
 * registered as a stream, because those are answered at once, before any message.
 */
export function answerUnknownMethods(server: Server): void {
  const lookup = server as unknown as HandlerLookup;
  const known = lookup._retrieveHandler.bind(server);
  const unknown = {
    type: 'bidi',
    path: 'unknown',
    func: (stream: { emit(event: 'error', status: StatusObject): void }) => {
      stream.emit('error', statusOf(standing.methodNotAllowed));
    },
    serialize: (bytes: Buffer) => bytes,
    deserialize: (bytes: Buffer) => bytes,
  };
  lookup._retrieveHandler = (path) => known(path) ?? unknown;
}

/**
 * Has grpc-js write to our log, for the whole process. Metadata that it cannot read it would print with their
 * values, which are the caller's and may be credentials: of those only the fact is logged, and only for debugging.
 */
export function logLibrary(logger: Logger): void {
  setLogger({
    error: (text: unknown) => {
      if (String(text).startsWith('Failed to add metadata')) logger.debug('metadata could not be read');
      else logger.warn({ text }, 'grpc-js');
    },
  });
}
