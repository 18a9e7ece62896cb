/**
 * Pending calls: those whose request is not complete yet. Nobody has checked their credentials, so they are
 * bounded in number and in time. The deadline of each call is computed here, once. A call whose reply is not
 * read some time after its deadline is reset.
 */
import { constants } from 'node:http2';
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
import { malformedRequest } from '../refusals.ts';
import { detailed, requestIdIn, statusOf } from './errors.ts';
import {
  type BareStatus,
  type CallHook,
  forgetBytes,
  hookCall,
  type ReadMessage,
  streamOf,
} from './internals.ts';
import { type ConnectionCalls, callsOf, closeAfterResponse } from './streams.ts';

export interface PendingCallsOptions {
  readonly deadlines: Deadlines;
  /** The most time from the start of a call to its reply, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** The most pending calls. Past it the oldest is refused: an honest request is complete in a moment. */
  readonly pendingMax: number;
  /** The most time that a call with a stream of replies may run, in milliseconds. */
  readonly streamAgeMs: number;
  /** The time in which the client must read the reply, from the deadline or that age on, in milliseconds. */
  readonly unreadMs: number;
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
  /** Its deadline, on the monotonic clock, in milliseconds. */
  readonly replyByMs: number;
  /** The peer that it comes from: its connection's, or the client that a trusted proxy names. */
  readonly client: string;
  /** Whether its connection takes no new calls, and is closed when it has none, or soon. */
  readonly isClosing: boolean;
  /** From now on it has no age: its replies are a stream whose handler limits the time of each. */
  last(): void;
  /** Its last reply was made: from now on it waits for its client to read it. */
  awaitEnd(): void;
}

/** The call with these metadata, as its handler gets them. */
export function knownCall(metadata: Metadata): KnownCall {
  const call = metadata.getOpaque(CALL);
  if (!(call instanceof PendingCall)) throw new Error('a call did not pass the interceptor of pending calls');
  return call;
}

/** How many calls may stay in the list that are not pending any more. */
const SWEEP_MIN = 64;

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];
type Method = Parameters<ServerInterceptor>[0];

export class PendingCalls {
  readonly #options: PendingCallsOptions;
  /**
   * In the order of their arrival. Those that are not pending any more stay in it until a sweep. It is an
   * array for the same reason as in `fair-queue.ts`.
   */
  #calls: PendingCall[] = [];
  #size = 0;
  #stopping = false;

  constructor(options: PendingCallsOptions) {
    this.#options = options;
  }

  /** Whether there are as many as there may be. */
  get isFull(): boolean {
    return this.#size >= this.#options.pendingMax;
  }

  /** Goes between a call and its handler. */
  readonly intercept: ServerInterceptor = (method, call) => {
    hookCall(call, new PendingCall(this, call, this.#deadlineOf(call), method));
    return call as ServerInterceptingCall;
  };

  /** Refuses all pending calls, and from now on every new one. Streams are ended by their host. */
  stop(): void {
    this.#stopping = true;
    for (const call of this.#calls) {
      if (call.isPending && !call.isStream) call.refuse(fixedRefusals.shuttingDown);
    }
  }

  /** Accepts a call, or refuses it. Returns whether it was accepted. */
  add(call: PendingCall, metadata: Metadata): boolean {
    if (this.#stopping) {
      call.refuse(fixedRefusals.shuttingDown);
      return false;
    }
    if (this.isFull) this.#calls.find(({ isPending }) => isPending)?.refuse(fixedRefusals.queueFull);
    if (this.#calls.length > 2 * this.#size + SWEEP_MIN) {
      this.#calls = this.#calls.filter(({ isPending }) => isPending);
    }
    this.#calls.push(call);
    this.#size++;
    metadata.setOpaque(CALL, call);
    this.#options.deadlines.add(call);
    return true;
  }

  /** Its request is complete, or it was refused, or it has ended. */
  leave(): void {
    this.#size--;
  }

  /** From now on the call waits for its reply to be made and read. */
  awaitReply(call: PendingCall, { responseStream }: Method): void {
    const { deadlines, streamAgeMs, unreadMs } = this.#options;
    const replyByMs = responseStream ? deadlines.now() + streamAgeMs : call.replyByMs;
    deadlines.postpone(call, replyByMs + unreadMs);
  }

  /** From now on the call waits for its end to be read. */
  awaitEnd(call: PendingCall): void {
    const { deadlines, unreadMs } = this.#options;
    deadlines.postpone(call, deadlines.now() + unreadMs);
  }

  /** From now on the call has no deadline. */
  awaitNothing(call: PendingCall): void {
    this.#options.deadlines.postpone(call, Number.POSITIVE_INFINITY);
  }

  /** The call has ended. */
  delete(call: PendingCall): void {
    this.#options.deadlines.delete(call);
  }

  /** grpc-js has the client's deadline as a time of day; from here on it is one of the monotonic clock. */
  #deadlineOf(call: ServerInterceptingCallInterface): number {
    const { deadlines, requestTimeoutMs } = this.#options;
    const leftMs = Number(call.getDeadline()) - wallClockMs();
    const timeoutMs = leftMs - Math.min(REPLY_AHEAD_MS, leftMs / 10);
    return deadlines.now() + Math.min(timeoutMs, requestTimeoutMs);
  }
}

/** A refused call is over for its handler, and its client may still have to read the refusal. */
type State = 'new' | 'pending' | 'running' | 'refused' | 'ended';

/** One call. Its events from grpc-js pass through here to its handler. */
class PendingCall implements Pending, KnownCall, CallHook {
  readonly replyByMs: number;
  /** When it times out: first its request, then its reply. */
  deadlineMs: number;
  readonly #calls: PendingCalls;
  readonly #call: ServerInterceptingCallInterface;
  readonly #method: Method;
  /** The calls of its connection. */
  readonly #siblings: ConnectionCalls | undefined;
  /** What gets its events; grpc-js has none before it starts the call. */
  #handler: Listener | undefined;
  #metadata: Metadata | undefined;
  #state: State = 'new';
  /** Whether a message is read, or was and its handler has not got it; without a stream it stays true. */
  #isReading = false;
  /** What lets the messages behind that one be read. */
  readonly #unread: (() => void)[] = [];

  constructor(calls: PendingCalls, call: ServerInterceptingCallInterface, replyByMs: number, method: Method) {
    this.replyByMs = replyByMs;
    this.deadlineMs = replyByMs;
    this.#calls = calls;
    this.#call = call;
    this.#method = method;
    this.#siblings = callsOf(streamOf(call));
  }

  /** Whether it has a stream of requests. */
  get isStream(): boolean {
    return this.#method.requestStream;
  }

  get isPending(): boolean {
    return this.#state === 'pending';
  }

  get client(): string {
    return this.#siblings?.clientOf(() => this.#forwardedFor()) ?? '';
  }

  get isClosing(): boolean {
    return streamOf(this.#call).session?.closed ?? true;
  }

  last(): void {
    if (this.#state === 'running') this.#calls.awaitNothing(this);
  }

  awaitEnd(): void {
    if (this.#state === 'running') this.#calls.awaitEnd(this);
  }

  listen(handler: Listener): Listener {
    this.#handler = handler;
    return this;
  }

  status(status: BareStatus): BareStatus {
    return detailed(status, this.#metadata);
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.#metadata = metadata;
    if (!this.#calls.add(this, metadata)) return;
    this.#enter('pending');
    this.#handler?.onReceiveMetadata(metadata);
  }

  /**
   * A message costs its sender a thousandth of what it costs decompressed. So those of a stream are read one
   * at a time. Where there may be only one, the next refuses the call, and none is read any more.
   */
  read(read: () => ReadMessage): ReadMessage {
    if (!this.#isReading) {
      this.#isReading = true;
      return read();
    }
    if (!this.isStream && this.isPending) this.refuse(malformedRequest);
    return new Promise<void>((resolve) => this.#unread.push(resolve)).then(read);
  }

  onReceiveMessage(message: unknown): void {
    if (this.isStream) this.#readNext();
    this.#handler?.onReceiveMessage(message);
  }

  /** The request is complete. One that was refused meanwhile must not run, as it would with grpc-js. */
  onReceiveHalfClose(): void {
    if (!this.isPending) return;
    this.#enter('running');
    this.#calls.awaitReply(this, this.#method);
    forgetBytes(this.#call);
    this.#handler?.onReceiveHalfClose();
  }

  /** The call has ended: its status was sent, or its client disconnected. */
  onCancel(): void {
    this.#calls.delete(this);
    const stream = streamOf(this.#call);
    this.#siblings?.count(stream);
    if (this.#state !== 'running') closeAfterResponse(stream);
    this.#enter('ended');
    this.#handler?.onCancel();
  }

  onTimeout(): void {
    if (this.isPending) this.refuse(fixedRefusals.deadlineExceeded);
    else streamOf(this.#call).close(constants.NGHTTP2_CANCEL);
  }

  refuse(refusal: Refusal): void {
    this.#enter('refused');
    this.#call.sendStatus(statusOf(refusal, requestIdIn(this.#metadata)));
    this.#calls.awaitEnd(this);
  }

  #readNext(): void {
    const next = this.#unread.shift();
    if (next === undefined) this.#isReading = false;
    else next();
  }

  #forwardedFor(): string | undefined {
    const values = this.#metadata?.get('x-forwarded-for') ?? [];
    return values.length === 0 ? undefined : values.join();
  }

  #enter(state: State): void {
    if (this.#state === 'pending') this.#calls.leave();
    if (this.#siblings !== undefined) {
      if (this.#state === 'pending') this.#siblings.pending--;
      if (this.#state === 'running') this.#siblings.running--;
      if (state === 'pending') this.#siblings.pending++;
      if (state === 'running') this.#siblings.running++;
    }
    this.#state = state;
  }
}
