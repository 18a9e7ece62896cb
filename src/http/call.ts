/** What a REST request says of its call, besides the request itself: its headers, read and checked. */
import type { Context } from 'hono';
import { accepted, IDEMPOTENCY_KEY_FIELD, type Outcome } from '../domain/errors.ts';
import { ANONYMOUS, type Call } from '../domain/loms.ts';
import type { HttpAppOptions } from './options.ts';

/**
 * Reads what the headers say of a call.
 *
 * @returns the call, or the refusal of a header that is not valid.
 */
export function readCall(c: Context, { now, requestTimeoutMs }: HttpAppOptions): Outcome<Call> {
  const idempotencyKey = c.req.header(IDEMPOTENCY_KEY_FIELD);
  return accepted({ deadlineMs: now() + requestTimeoutMs, caller: ANONYMOUS, idempotencyKey });
}
