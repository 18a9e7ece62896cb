/** What a REST request says of its call, besides the request itself: its headers, read and checked. */
import type { ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { accepted, invalidRequest, type Outcome, refused } from '../domain/errors.ts';
import { ANONYMOUS, type Call } from '../domain/loms.ts';
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

/** A class, because a function made for every request would cost more than all else that is done here. */
class RestCall implements Call {
  readonly deadlineMs: number;
  readonly caller = ANONYMOUS;
  readonly #answer: ServerResponse | undefined;

  constructor(deadlineMs: number, answer: ServerResponse | undefined) {
    this.deadlineMs = deadlineMs;
    this.#answer = answer;
  }

  gone(): boolean {
    return this.#answer?.destroyed ?? false;
  }
}

/**
 * Reads what the headers say of a call. It is given up when its caller says, but never later than we allow.
 *
 * @returns the call, or the refusal of a header that is not valid.
 */
export function readCall(c: Context, { now, requestTimeoutMs }: HttpAppOptions): Outcome<Call> {
  const answer = nodeOf(c)?.outgoing as ServerResponse | undefined;
  const stated = headerOf(c, REQUEST_TIMEOUT);
  if (stated === undefined) return accepted(new RestCall(now() + requestTimeoutMs, answer));
  const timeoutMs = seconds.test(stated) ? Number(stated) * 1_000 : 0;
  if (timeoutMs === 0) return badTimeout;
  return accepted(new RestCall(now() + Math.min(timeoutMs, requestTimeoutMs), answer));
}

/** Asks Node.js, which has the headers at hand, where there is Node.js; `Headers` would first be built. */
function headerOf(c: Context, name: string): string | undefined {
  const incoming = nodeOf(c)?.incoming;
  return incoming === undefined ? c.req.header(name) : (incoming.headers[name] as string | undefined);
}

/** The request and the answer as Node.js has them; undefined where the app is asked without a server. */
function nodeOf(c: Context): HttpBindings | undefined {
  return c.env;
}
