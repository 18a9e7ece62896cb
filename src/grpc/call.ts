/** What a gRPC call says of itself, besides its request: its deadline and its metadata, read and checked. */
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { accepted, IDEMPOTENCY_KEY_FIELD, type Outcome } from '../domain/errors.ts';
import { ANONYMOUS, type Call } from '../domain/loms.ts';
import type { Serving } from './unary.ts';

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;

/**
 * At its deadline a caller's own library gives up, and grpc-js answers here by itself, both with a bare
 * DEADLINE_EXCEEDED. So that what we know still reaches the caller (that a write's outcome is unknown, that
 * nothing was done), we answer this much before, or a tenth of the time before when the time is short.
 */
const ANSWER_AHEAD_MS = 50;

/** A class, because a function made for every call would cost more than all else that is done here. */
class GrpcCall implements Call {
  readonly deadlineMs: number;
  readonly caller = ANONYMOUS;
  readonly idempotencyKey: string | undefined;
  readonly #call: UnaryCall;

  constructor(deadlineMs: number, idempotencyKey: string | undefined, call: UnaryCall) {
    this.deadlineMs = deadlineMs;
    this.idempotencyKey = idempotencyKey;
    this.#call = call;
  }

  gone(): boolean {
    return this.#call.cancelled;
  }
}

/**
 * Reads what deadline and metadata say of a call. It is given up when its caller says, but never later than we
 * allow.
 *
 * @returns the call, or the refusal of metadata that are not valid.
 */
export function readCall(call: UnaryCall, { now, requestTimeoutMs }: Serving): Outcome<Call> {
  const nowMs = now();
  const leftMs = Number(call.getDeadline()) - nowMs;
  const timeoutMs = leftMs - Math.min(ANSWER_AHEAD_MS, leftMs / 10);
  const keys = call.metadata.get(IDEMPOTENCY_KEY_FIELD);
  const key = keys.length === 0 ? undefined : keys.join(', ');
  return accepted(new GrpcCall(nowMs + Math.min(timeoutMs, requestTimeoutMs), key, call));
}
