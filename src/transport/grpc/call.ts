/** What a gRPC call says of itself, besides its request: its deadline and its metadata, read and checked. */
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { admit, type Identity, type OperationName } from '../../domain/access.ts';
import { accepted, IDEMPOTENCY_KEY_FIELD, type Outcome, refused, standing } from '../../domain/errors.ts';
import { ANONYMOUS, type Call } from '../../domain/loms.ts';
import type { Serving } from './unary.ts';

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;

/**
 * At its deadline a caller's own library gives up, and grpc-js answers here by itself, both with a bare
 * DEADLINE_EXCEEDED. So that what we know still reaches the caller (that a write's outcome is unknown, that
 * nothing was done), we answer this much before, or a tenth of the time before when the time is short.
 */
const ANSWER_AHEAD_MS = 50;

const tooLate = refused(standing.deadlineExceeded);

/** A class, because a function made for every call would cost more than all else that is done here. */
class GrpcCall implements Call {
  readonly deadlineMs: number;
  readonly caller: string;
  readonly idempotencyKey: string | undefined;
  readonly #call: UnaryCall;

  constructor(deadlineMs: number, caller: string, call: UnaryCall) {
    const keys = call.metadata.get(IDEMPOTENCY_KEY_FIELD);
    this.deadlineMs = deadlineMs;
    this.caller = caller;
    this.idempotencyKey = keys.length === 0 ? undefined : keys.join(', ');
    this.#call = call;
  }

  disconnected(): boolean {
    return this.#call.cancelled;
  }
}

/**
 * Reads what deadline and metadata say of a call to an operation. It is given up when its caller says, but never
 * later than we allow, also while its credentials are checked. Where none are asked for, and mostly where they are,
 * it answers at once.
 *
 * @returns the call, or the refusal of its caller or of metadata that are not valid.
 */
export function readCall(
  call: UnaryCall,
  { now, requestTimeoutMs, authenticate, deadlines }: Serving,
  operation: OperationName,
): Outcome<Call> | Promise<Outcome<Call>> {
  const deadlineMs = deadlineOf(call, now(), requestTimeoutMs);
  if (authenticate === undefined) return accepted(new GrpcCall(deadlineMs, ANONYMOUS, call));
  const callOf = (caller: Outcome<Identity>): Outcome<Call> => {
    const admitted = admit(caller, operation);
    return admitted.ok ? accepted(new GrpcCall(deadlineMs, admitted.value, call)) : admitted;
  };
  const known = authenticate(call.metadata.get('authorization')[0]?.toString());
  return known instanceof Promise
    ? deadlines.settleBy(known, tooLate, deadlineMs).then(callOf)
    : callOf(known);
}

/** When a call is given up, in milliseconds since the epoch: a little before its caller does, or when we say. */
export function deadlineOf(
  call: Pick<UnaryCall, 'getDeadline'>,
  nowMs: number,
  requestTimeoutMs: number,
): number {
  const leftMs = Number(call.getDeadline()) - nowMs;
  const timeoutMs = leftMs - Math.min(ANSWER_AHEAD_MS, leftMs / 10);
  return nowMs + Math.min(timeoutMs, requestTimeoutMs);
}
