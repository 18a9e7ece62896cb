/** What a gRPC call says of itself, besides its request: its deadline and its metadata, read and checked. */
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { accepted, IDEMPOTENCY_KEY_FIELD, type Outcome } from '../domain/errors.ts';
import { ANONYMOUS, type Call } from '../domain/loms.ts';
import type { Serving } from './unary.ts';

/**
 * Reads what deadline and metadata say of a call. It is given up when its caller says, but never later than we
 * allow.
 *
 * @returns the call, or the refusal of metadata that are not valid.
 */
export function readCall(
  call: ServerUnaryCall<Buffer, Buffer>,
  { now, requestTimeoutMs }: Serving,
): Outcome<Call> {
  const deadlineMs = Math.min(Number(call.getDeadline()), now() + requestTimeoutMs);
  const keys = call.metadata.get(IDEMPOTENCY_KEY_FIELD);
  const idempotencyKey = keys.length === 0 ? undefined : keys.join(', ');
  return accepted({ deadlineMs, caller: ANONYMOUS, idempotencyKey });
}
