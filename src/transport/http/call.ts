/** What a REST request says of its call, besides the request itself: its headers, read and checked. */
import type { ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { admit, type Identity, type OperationName } from '../../domain/access.ts';
import {
  accepted,
  IDEMPOTENCY_KEY_FIELD,
  invalidRequest,
  type Outcome,
  refused,
  standing,
} from '../../domain/errors.ts';
import { ANONYMOUS, type Call } from '../../domain/loms.ts';
import type { Deadlines } from '../../timing/deadlines.ts';
import type { HttpAppOptions } from './options.ts';

/** The header by which a caller says how many seconds it waits. */
export const REQUEST_TIMEOUT = 'request-timeout';

/** The headers that every operation takes, for the OpenAPI document. */
export const callHeaders = z
  .string()
  .optional()
  .openapi({
    param: { name: 'Request-Timeout', in: 'header' },
    type: 'number',
    exclusiveMinimum: 0,
    description:
      'Seconds that the caller waits, such as 5 or 0.5; the service may set a lower limit. The answer comes ' +
      'by then, whatever becomes of the request.',
  });

const seconds = /^\d+(\.\d+)?$/;
const badTimeout = refused(invalidRequest([REQUEST_TIMEOUT]));
const tooLate = refused(standing.deadlineExceeded);

/** A class, because a function made for every request would cost more than all else that is done here. */
class RestCall implements Call {
  readonly deadlineMs: number;
  readonly caller: string;
  readonly idempotencyKey: string | undefined;
  readonly #answer: ServerResponse | undefined;

  constructor(deadlineMs: number, caller: string, c: Context) {
    this.deadlineMs = deadlineMs;
    this.caller = caller;
    this.idempotencyKey = c.req.header(IDEMPOTENCY_KEY_FIELD);
    this.#answer = (c.env as HttpBindings | undefined)?.outgoing as ServerResponse | undefined;
  }

  disconnected(): boolean {
    return this.#answer?.destroyed ?? false;
  }
}

/**
 * Reads what the headers say of a call to an operation. It is given up when its caller says, but never later
 * than we allow, also while its credentials are checked. Where none are asked for, and mostly where they are, it
 * answers at once.
 *
 * @returns the call, or the refusal of its caller or of a header that is not valid.
 */
export function readCall(
  c: Context,
  { now, requestTimeoutMs, authenticate }: HttpAppOptions,
  operation: OperationName,
  deadlines: Deadlines,
): Outcome<Call> | Promise<Outcome<Call>> {
  const timeoutMs = timeoutOf(c.req.header(REQUEST_TIMEOUT), requestTimeoutMs);
  if (timeoutMs === 0) return badTimeout;
  const deadlineMs = now() + timeoutMs;
  if (authenticate === undefined) return accepted(new RestCall(deadlineMs, ANONYMOUS, c));
  const callOf = (caller: Outcome<Identity>): Outcome<Call> => {
    const admitted = admit(caller, operation);
    return admitted.ok ? accepted(new RestCall(deadlineMs, admitted.value, c)) : admitted;
  };
  const known = authenticate(c.req.header('authorization'));
  return known instanceof Promise
    ? deadlines.settleBy(known, tooLate, deadlineMs).then(callOf)
    : callOf(known);
}

/** How long a caller waits, in milliseconds; 0 where it says something that is no time. */
function timeoutOf(stated: string | undefined, limitMs: number): number {
  if (stated === undefined) return limitMs;
  return seconds.test(stated) ? Math.min(Number(stated) * 1_000, limitMs) : 0;
}
