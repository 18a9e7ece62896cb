/**
 * Calls on their way in: what grpc-js holds of a call before its request is whole, and our handlers hear of it.
 *
 * Until then nobody has asked who calls, so that strangers could make us wait and hold memory without end. Such calls
 * have a deadline and a limit in number, and a stop does not wait for them.
 */

import type { ServerHttp2Stream } from 'node:http2';
import type {
  Metadata,
  ServerInterceptingCall,
  ServerInterceptingCallInterface,
  ServerInterceptor,
} from '@grpc/grpc-js';
import { type Refusal, standing } from '../../domain/errors.ts';
import { Deadlines, type Pending } from '../../timing/deadlines.ts';
import { deadlineOf } from './call.ts';
import { statusOf } from './errors.ts';

export interface ArrivalsOptions {
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
  /** The longest time that a request may take to come whole, in milliseconds. */
  readonly requestTimeoutMs: number;
  /**
   * How many calls may be on their way in. Past it the one that has been so longest is refused: an honest caller's
   * request is whole within a moment, so that it is not those who come who pay for those who linger.
   */
  readonly arrivingMax: number;
}

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];

export class Arrivals {
  readonly #arriving: Set<Arrival>;
  readonly #deadlines: Deadlines;
  readonly #options: ArrivalsOptions;
  #stopping = false;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
    this.#arriving = new Set();
    this.#deadlines = new Deadlines(options.now);
  }

  /** Stands between a call and its handler. As elsewhere the call's own method is put in front: wrappers cost more. */
  readonly intercept: ServerInterceptor = ({ requestStream }, call) => {
    const start = call.start;
    call.start = (listener) => {
      const deadlineMs = deadlineOf(call, this.#options.now(), this.#options.requestTimeoutMs);
      start.call(call, new Arrival(this, call, listener, deadlineMs, requestStream));
    };
    return call as ServerInterceptingCall;
  };

  /** Refuses what is on its way in, and from now on all that comes. Streams are ended by those who hold them. */
  stop(): void {
    this.#stopping = true;
    for (const arrival of this.#arriving) if (!arrival.isStream) arrival.refuse(standing.shuttingDown);
  }

  /** Takes a call in, or refuses it. Tells whether it was taken. */
  add(arrival: Arrival): boolean {
    if (this.#stopping) {
      arrival.refuse(standing.shuttingDown);
      return false;
    }
    if (this.#arriving.size >= this.#options.arrivingMax)
      this.#arriving.values().next().value?.refuse(standing.queueFull);
    this.#arriving.add(arrival);
    this.#deadlines.add(arrival);
    return true;
  }

  delete(arrival: Arrival): boolean {
    this.#deadlines.delete(arrival);
    return this.#arriving.delete(arrival);
  }
}

/** One call; what grpc-js tells of it goes through here to its handler. */
class Arrival implements Pending {
  readonly deadlineMs: number;
  readonly isStream: boolean;
  readonly #arrivals: Arrivals;
  readonly #call: ServerInterceptingCallInterface;
  readonly #handler: Listener;
  #isWhole = false;

  constructor(
    arrivals: Arrivals,
    call: ServerInterceptingCallInterface,
    handler: Listener,
    deadlineMs: number,
    isStream: boolean,
  ) {
    this.deadlineMs = deadlineMs;
    this.isStream = isStream;
    this.#arrivals = arrivals;
    this.#call = call;
    this.#handler = handler;
  }

  onReceiveMetadata(metadata: Metadata): void {
    if (this.#arrivals.add(this)) this.#handler.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: unknown): void {
    this.#handler.onReceiveMessage(message);
  }

  /** The request is whole. One that was answered meanwhile must not be run, though grpc-js would hand it on. */
  onReceiveHalfClose(): void {
    this.#isWhole = this.#arrivals.delete(this);
    if (this.#isWhole) this.#handler.onReceiveHalfClose();
  }

  /** The call is over: it was answered, or its caller went away. */
  onCancel(): void {
    this.#arrivals.delete(this);
    if (!this.#isWhole) this.#letGo();
    this.#handler.onCancel();
  }

  onTimeout(): void {
    this.refuse(standing.deadlineExceeded);
  }

  refuse(refusal: Refusal): void {
    this.#arrivals.delete(this);
    this.#call.sendStatus(statusOf(refusal));
  }

  /** A stream stays until its caller ends it too, and with it what came of the request. So we end it, once all is said. */
  #letGo(): void {
    const { stream } = this.#call as unknown as { readonly stream: ServerHttp2Stream };
    setImmediate(() => stream.close());
  }
}
