/**
 * Pending calls: those whose request is not complete yet. Nobody has checked their credentials, so they are
 * bounded in number and in time. The deadline of each call is computed here, once.
 */
import type {
  Metadata,
  ServerInterceptingCall,
  ServerInterceptingCallInterface,
  ServerInterceptor,
} from '@grpc/grpc-js';
import type { Refusal } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { wallClockMs } from '../../timing/clock.ts';
import type { Deadlines, Pending } from '../../timing/deadlines.ts';
import { statusOf } from './errors.ts';
import { closeStream, interceptStart } from './internals.ts';

export interface PendingCallsOptions {
  readonly deadlines: Deadlines;
  /** The most time from the start of a call to its reply, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** The most pending calls. Past it the oldest is refused: an honest request is complete in a moment. */
  readonly pendingMax: number;
}

/**
 * At its deadline a client's own library gives up, and grpc-js answers here by itself, both with a bare
 * DEADLINE_EXCEEDED. So that what we know still reaches the client (a write's outcome is unknown, nothing was
 * done), the call's deadline is this much earlier, or a tenth of the time when that is short.
 */
const REPLY_AHEAD_MS = 50;

/** Where a call's metadata carries what is known of it to its handler. It is not sent. */
const CALL = 'call';

/** What is known of a call that has reached its handler. */
export interface KnownCall {
  /** On the monotonic clock, in milliseconds. */
  readonly deadlineMs: number;
  /** The address of its peer. */
  readonly address: string;
}

/** The call with these metadata, as its handler gets them. */
export function knownCall(metadata: Metadata): KnownCall {
  const call = metadata.getOpaque(CALL);
  if (!(call instanceof PendingCall)) throw new Error('a call did not pass the interceptor of pending calls');
  return call;
}

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];

export class PendingCalls {
  readonly #options: PendingCallsOptions;
  /** In the order of their arrival. */
  readonly #calls = new Set<PendingCall>();
  #stopping = false;

  constructor(options: PendingCallsOptions) {
    this.#options = options;
  }

  /** Goes between a call and its handler. */
  readonly intercept: ServerInterceptor = ({ requestStream }, call) => {
    interceptStart(
      call,
      (handler) => new PendingCall(this, call, handler, this.#deadlineOf(call), requestStream),
    );
    return call as ServerInterceptingCall;
  };

  /** Refuses all pending calls, and from now on every new one. Streams are ended by their host. */
  stop(): void {
    this.#stopping = true;
    for (const call of this.#calls) if (!call.isStream) call.refuse(fixedRefusals.shuttingDown);
  }

  /** Accepts a call, or refuses it. Returns whether it was accepted. */
  add(call: PendingCall, metadata: Metadata): boolean {
    if (this.#stopping) {
      call.refuse(fixedRefusals.shuttingDown);
      return false;
    }
    const { deadlines, pendingMax } = this.#options;
    if (this.#calls.size >= pendingMax) this.#calls.values().next().value?.refuse(fixedRefusals.queueFull);
    this.#calls.add(call);
    metadata.setOpaque(CALL, call);
    deadlines.add(call);
    return true;
  }

  /** Returns whether the call was still pending. */
  delete(call: PendingCall): boolean {
    this.#options.deadlines.delete(call);
    return this.#calls.delete(call);
  }

  /** grpc-js has the client's deadline as a time of day; from here on it is one of the monotonic clock. */
  #deadlineOf(call: ServerInterceptingCallInterface): number {
    const { deadlines, requestTimeoutMs } = this.#options;
    const leftMs = Number(call.getDeadline()) - wallClockMs();
    const timeoutMs = leftMs - Math.min(REPLY_AHEAD_MS, leftMs / 10);
    return deadlines.now() + Math.min(timeoutMs, requestTimeoutMs);
  }
}

/** One call. Its events from grpc-js pass through here to its handler. */
class PendingCall implements Pending, KnownCall {
  readonly deadlineMs: number;
  readonly address: string;
  readonly isStream: boolean;
  readonly #calls: PendingCalls;
  readonly #call: ServerInterceptingCallInterface;
  readonly #handler: Listener;
  #isComplete = false;

  constructor(
    calls: PendingCalls,
    call: ServerInterceptingCallInterface,
    handler: Listener,
    deadlineMs: number,
    isStream: boolean,
  ) {
    this.deadlineMs = deadlineMs;
    this.address = call.getConnectionInfo().remoteAddress ?? '';
    this.isStream = isStream;
    this.#calls = calls;
    this.#call = call;
    this.#handler = handler;
  }

  onReceiveMetadata(metadata: Metadata): void {
    if (this.#calls.add(this, metadata)) this.#handler.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: unknown): void {
    this.#handler.onReceiveMessage(message);
  }

  /** The request is complete. One that was refused meanwhile must not run, as it would with grpc-js. */
  onReceiveHalfClose(): void {
    this.#isComplete = this.#calls.delete(this);
    if (this.#isComplete) this.#handler.onReceiveHalfClose();
  }

  /** The call has ended: its status was sent, or its client disconnected. */
  onCancel(): void {
    this.#calls.delete(this);
    if (!this.#isComplete) closeStream(this.#call);
    this.#handler.onCancel();
  }

  onTimeout(): void {
    this.refuse(fixedRefusals.deadlineExceeded);
  }

  refuse(refusal: Refusal): void {
    this.#calls.delete(this);
    this.#call.sendStatus(statusOf(refusal));
  }
}
