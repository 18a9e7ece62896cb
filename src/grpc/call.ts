/** What a gRPC call says of itself, besides its request: its deadline and its metadata, read and checked. */
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { admit, type Identity, type OperationName } from '../domain/access.ts';
import { accepted, type Outcome } from '../domain/errors.ts';
import { ANONYMOUS, type Call } from '../domain/loms.ts';
import type { Serving } from './unary.ts';

/**
 * Reads what deadline and metadata say of a call to an operation. It is given up when its caller says, but never
 * later than we allow. Where no credentials are asked for, and mostly where they are, it answers at once.
 *
 * @returns the call, or the refusal of its caller or of metadata that are not valid.
 */
export function readCall(
  call: ServerUnaryCall<Buffer, Buffer>,
  { now, requestTimeoutMs, authenticate }: Serving,
  operation: OperationName,
): Outcome<Call> | Promise<Outcome<Call>> {
  const deadlineMs = Math.min(Number(call.getDeadline()), now() + requestTimeoutMs);
  if (authenticate === undefined) return accepted({ deadlineMs, caller: ANONYMOUS });
  const callOf = (caller: Outcome<Identity>): Outcome<Call> => {
    const admitted = admit(caller, operation);
    return admitted.ok ? accepted({ deadlineMs, caller: admitted.value }) : admitted;
  };
  const known = authenticate(call.metadata.get('authorization')[0]?.toString());
  return known instanceof Promise ? known.then(callOf) : callOf(known);
}
