/** What a REST request says of its call, besides the request itself: its headers, read and checked. */
import type { Context } from 'hono';
import { accepted, type Outcome } from '../domain/errors.ts';
import { ANONYMOUS, type Call } from '../domain/loms.ts';
import type { HttpAppOptions } from './options.ts';

/**
 * Reads what the headers say of a call.
 *
 * @returns the call, or the refusal of a header that is not valid.
 */
export function readCall(_c: Context, { now, requestTimeoutMs }: HttpAppOptions): Outcome<Call> {
  return accepted({ deadlineMs: now() + requestTimeoutMs, caller: ANONYMOUS });
}
