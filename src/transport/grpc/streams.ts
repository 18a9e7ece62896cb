/**
 * What is decided about a stream before grpc-js has it: whether it is a gRPC call at all, and whether its
 * connection may open one more. grpc-js spends as much on a stream as on a whole request, also when the
 * client resets it at once, so this is where a flood must end.
 */
import { EventEmitter } from 'node:events';
import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { IDEMPOTENCY_KEY_FIELD } from '../../domain/idempotency/key.ts';
import type { Refusal } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import type { Connection } from '../connection-admission.ts';
import { malformedRequest } from '../refusals.ts';
import { requestIdOf, TRACEPARENT } from '../traceparent.ts';
import { responseOf } from './errors.ts';

export interface StreamLimits {
  /** The most new calls of all connections in one turn of the event loop. */
  readonly turnMax: number;
  /** The most of one connection: as many as it may have open, since no reply is sent within a turn. */
  readonly turnPerConnectionMax: number;
  /** The most pending calls of one connection while those of all connections are at their limit. */
  readonly pendingShareMax: number;
  /** By how many a connection's resets may exceed its replies before it is closed. */
  readonly resetsMax: number;
}

/** The calls of one connection. */
export class ConnectionCalls {
  /** Whose request is incomplete. */
  pending = 0;
  /** Whose request is complete and whose reply is not. */
  running = 0;
  /** By how many its resets exceed its replies; it does not save up replies. */
  #resets = 0;
  /** How many were opened in the last turn of the event loop in which one was. */
  #opened = 0;
  #turn = 0;
  readonly #session: ServerHttp2Session;
  readonly #limits: StreamLimits;
  readonly #connection: Connection | undefined;

  constructor(session: ServerHttp2Session, limits: StreamLimits, connection: Connection | undefined) {
    this.#session = session;
    this.#limits = limits;
    this.#connection = connection;
  }

  /** The peer that a call comes from, see `Connection`. */
  clientOf(forwardedFor: () => string | undefined): string {
    return this.#connection?.clientOf(forwardedFor) ?? '';
  }

  /** Counts a new stream in a turn. Returns false when there are more than an honest client can open. */
  open(turn: number): boolean {
    if (turn !== this.#turn) this.#opened = 0;
    this.#turn = turn;
    return ++this.#opened <= this.#limits.turnPerConnectionMax;
  }

  /** Counts a stream that has ended: its response was sent, or its client has reset it. */
  count(stream: ServerHttp2Stream): void {
    const isReset = stream.rstCode !== constants.NGHTTP2_NO_ERROR || !stream.headersSent;
    this.#resets = isReset ? this.#resets + 1 : Math.max(0, this.#resets - 1);
    if (this.#resets > this.#limits.resetsMax) this.end();
  }

  /** Closes the connection: its client does not behave as a client that wants replies. */
  end(): void {
    if (this.#session.destroyed) return;
    this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#session.destroy();
  }
}

const CALLS = Symbol('calls');

type CountedSession = ServerHttp2Session & { [CALLS]?: ConnectionCalls };

/** The calls of a stream's connection; undefined when the stream is closed. */
export function callsOf(stream: ServerHttp2Stream): ConnectionCalls | undefined {
  return (stream.session as CountedSession | undefined)?.[CALLS];
}

export interface StreamsOptions {
  readonly limits: StreamLimits;
  /** Whether as many calls are pending as there may be, over all connections. */
  readonly isFull: () => boolean;
  /** The entry of a session's connection among all connections. */
  readonly connectionOf: (session: ServerHttp2Session) => Connection | undefined;
}

/**
 * Makes the function that takes a new connection. It returns the function that takes each stream of the
 * connection, and answers or closes those that grpc-js must not get.
 */
export function streamFilter({ limits, isFull, connectionOf }: StreamsOptions) {
  const turns = new Turns();
  return (session: ServerHttp2Session) => {
    const connection = connectionOf(session);
    const calls = new ConnectionCalls(session, limits, connection);
    (session as CountedSession)[CALLS] = calls;
    if (connection !== undefined) connection.isBusy = () => calls.running > 0;
    return (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
      const opened = turns.open();
      if (!calls.open(turns.current)) {
        stream.on('error', ignore);
        calls.end();
        return;
      }
      connection?.touch();
      const isOver = opened > limits.turnMax || (isFull() && calls.pending >= limits.pendingShareMax);
      const response = refusalOf(headers) ?? (isOver && refusedResponse(fixedRefusals.queueFull, headers));
      if (response) refuse(stream, response, calls);
      else {
        stream.on('close', forget);
        repair(headers);
      }
    };
  };
}

/** Turns of the event loop, and how many streams were opened in the present one. */
class Turns {
  current = 0;
  #opened = 0;

  /** Counts a stream. Returns how many there are in this turn. */
  open(): number {
    if (this.#opened === 0)
      setImmediate(() => {
        this.#opened = 0;
        this.current++;
      });
    return ++this.#opened;
  }
}

function ignore(): void {}

/**
 * Makes a stream that has closed refer to nothing of its call. Node.js has the streams of a connection in a
 * Map, whose outgrown tables refer to their streams, and each to the next table: once one of them is in the
 * old generation, V8 moves every stream there, with all that it refers to.
 */
function forget(this: ServerHttp2Stream): void {
  // Those of this event are called all the same. The method of streams themselves would do more.
  EventEmitter.prototype.removeAllListeners.call(this);
  this.on('error', ignore);
}

function refuse(stream: ServerHttp2Stream, response: OutgoingHttpHeaders, calls: ConnectionCalls): void {
  stream.on('error', ignore);
  stream.on('close', () => calls.count(stream));
  stream.respond(response, { endStream: true });
  closeAfterResponse(stream);
}

/** Closes a stream after its response: else it stays open, with its data, until the client ends it. */
export function closeAfterResponse(stream: ServerHttp2Stream): void {
  setImmediate(() => stream.close());
}

function refusedResponse(refusal: Refusal, headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return responseOf(refusal, requestIdOf(headers[TRACEPARENT]?.toString()));
}

const TIMEOUT = 'grpc-timeout';

/** gRPC-Web, JSON and others begin alike, and a client of those could not read the reply to what was done. */
const grpcContentType = /^application\/grpc(\+proto)?\s*(;|$)/;

const unsupportedType: OutgoingHttpHeaders = { ':status': 415 };
const unsupportedMethod: OutgoingHttpHeaders = { ':status': 405, allow: 'POST' };

/** The response to what is not gRPC, or whose headers grpc-js would misread. */
function refusalOf(headers: IncomingHttpHeaders): OutgoingHttpHeaders | undefined {
  const { 'content-type': type = '' } = headers;
  if (type !== 'application/grpc' && !grpcContentType.test(type)) return unsupportedType;
  if (headers[':method'] !== 'POST') return unsupportedMethod;
  const timeout = headers[TIMEOUT];
  return timeout === undefined || timeoutValue.test(String(timeout))
    ? undefined
    : refusedResponse(malformedRequest, headers);
}

/** What grpc-js accepts as the value of metadata. Anything else it drops, with a line in its own log only. */
const metadataValue = /^[ -~]*$/;

/**
 * The metadata that count as empty where grpc-js would drop them: they are refused then, as over REST, and do
 * not count as absent. So no create runs without the key that its client has sent.
 */
const refusedIfUnreadable = [IDEMPOTENCY_KEY_FIELD, 'authorization'];

const timeoutValue = /^(\d{1,8})([HMSmun])$/;
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0, n: 0 };

/** The most milliseconds that grpc-js and the timers of Node.js can hold; they would cut more to nothing. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Changes the headers that grpc-js would misread, and removes those that it would read only to remove. */
function repair(headers: IncomingHttpHeaders): void {
  delete headers.te;
  delete headers['accept-encoding'];
  delete headers['grpc-accept-encoding'];
  for (const name of refusedIfUnreadable) {
    const value = headers[name];
    if (value !== undefined && !metadataValue.test(String(value))) headers[name] = '';
  }
  const timeout = headers[TIMEOUT];
  if (timeout === undefined) return;
  // The service allows less anyway.
  const [, value, unit = ''] = timeoutValue.exec(String(timeout)) ?? [];
  if (Number(value) * (unitMs[unit] ?? 0) > TIMER_MAX_MS) delete headers[TIMEOUT];
}
