/** What a REST request says of its call, besides the request itself: its headers, read and checked. */
import type { Context } from 'hono';
import { admit, type Identity, type OperationName } from '../domain/access.ts';
import { accepted, type Outcome } from '../domain/errors.ts';
import { ANONYMOUS, type Call } from '../domain/loms.ts';
import type { HttpAppOptions } from './options.ts';

/**
 * Reads what the headers say of a call to an operation. Where no credentials are asked for, and mostly where
 * they are, it answers at once.
 *
 * @returns the call, or the refusal of its caller or of a header that is not valid.
 */
export function readCall(
  c: Context,
  { now, requestTimeoutMs, authenticate }: HttpAppOptions,
  operation: OperationName,
): Outcome<Call> | Promise<Outcome<Call>> {
  const deadlineMs = now() + requestTimeoutMs;
  if (authenticate === undefined) return accepted({ deadlineMs, caller: ANONYMOUS });
  const callOf = (caller: Outcome<Identity>): Outcome<Call> => {
    const admitted = admit(caller, operation);
    return admitted.ok ? accepted({ deadlineMs, caller: admitted.value }) : admitted;
  };
  const known = authenticate(c.req.raw.headers.get('authorization') ?? undefined);
  return known instanceof Promise ? known.then(callOf) : callOf(known);
}
