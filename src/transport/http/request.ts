/** Reads what a request holds: its JSON body or a part of its path, checked by a schema. */
import type { Readable } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ZodType } from 'zod';
import { accepted, invalidRequest, type Outcome, refused, standing } from '../../domain/errors.ts';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import type { Deadlines } from '../../timing/deadlines.ts';
import { Body } from './body.ts';
import { parseJson } from './json.ts';
import { violatedPaths } from './schemas.ts';

/** Reads what an operation is asked; what does not come by the deadline is given up. */
export type Reader<T> = (
  c: Context,
  deadlineMs: number,
  deadlines: Deadlines,
) => Outcome<T> | Promise<Outcome<T>>;

const jsonContentType = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** `fatal` refuses bytes that are no UTF-8, instead of reading them as replacement characters. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

const tooLarge = refused(standing.requestTooLarge);
const tooLate = refused(standing.deadlineExceeded);

/** The body is no JSON object at all: the violation is the whole request's. */
const notJson = invalidRequest(['']);

/**
 * Makes the function that reads and checks JSON bodies.
 *
 * @returns a function from a request, and from when and where it is given up, to INVALID_REQUEST with every bad
 * field, REQUEST_TOO_LARGE, DEADLINE_EXCEEDED or what the body says.
 */
export function bodyReader<T>(schema: ZodType<T>): Reader<T> {
  return async (c, deadlineMs, deadlines) => {
    const request = c.req.raw;
    if (!jsonContentType.test(request.headers.get('content-type') ?? '')) return refused(notJson);
    if (Number(request.headers.get('content-length')) > REQUEST_MAX_BYTES) return tooLarge;
    const bytes = await readBytes((c.env as HttpBindings).incoming, deadlineMs, deadlines);
    if (!bytes.ok) return bytes;
    let json: unknown;
    try {
      json = parseJson(utf8.decode(bytes.value));
    } catch {
      // Bad UTF-8, bad JSON, or nesting beyond the stack: in each case the caller did not send a request.
      return refused(notJson);
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return accepted(parsed.data);
    return refused(invalidRequest(violatedPaths(parsed.error.issues)));
  };
}

/**
 * Reads and checks one part of the path.
 *
 * @param name of the part in the route (`order_id`).
 * @param field how violations name it (`orderID`), which is its name in gRPC's JSON form.
 */
export function readParameter<T>(c: Context, name: string, field: string, schema: ZodType<T>): Outcome<T> {
  const parsed = schema.safeParse(c.req.param(name));
  return parsed.success ? accepted(parsed.data) : refused(invalidRequest([field]));
}

/**
 * Reads the body up to the limit, from the stream that Node.js reads it into: to have it as a web body first
 * would copy it twice, which shows at thousands of requests a second.
 */
function readBytes(
  incoming: Readable,
  deadlineMs: number,
  deadlines: Deadlines,
): Promise<Outcome<Uint8Array>> {
  return new Promise((resolve) => {
    let body: Body | undefined = new Body(REQUEST_MAX_BYTES);
    const settle = (outcome: Outcome<Uint8Array>) => {
      body = undefined;
      deadlines.delete(waiting);
      resolve(outcome);
    };
    const waiting = { deadlineMs, onTimeout: () => settle(tooLate) };
    deadlines.add(waiting);
    // Once it is refused all is read on and dropped, so that a caller who sends first and listens later hears the
    // refusal. The HTTP server cuts the connection when this takes long.
    incoming.on('data', (piece: Buffer) => {
      if (body?.add(piece) === false) settle(tooLarge);
    });
    incoming.on('end', () => {
      if (body !== undefined) settle(accepted(body.bytes));
    });
    // Without an end before it the caller went away in the middle: nobody hears the answer.
    incoming.on('close', () => {
      if (body !== undefined) settle(refused(notJson));
    });
  });
}
