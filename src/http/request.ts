/** Reads what a request holds: its JSON body or a part of its path, checked by a schema. */
import type { Context } from 'hono';
import type { ZodType } from 'zod';
import { accepted, invalidRequest, type Outcome, refused, standing } from '../domain/errors.ts';
import { REQUEST_MAX_BYTES } from '../domain/limits.ts';
import { parseJson } from './json.ts';
import { violatedPaths } from './schemas.ts';

const jsonContentType = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** `fatal` refuses bytes that are no UTF-8, instead of reading them as replacement characters. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The body is no JSON object at all: the violation is the whole request's. */
const notJson = invalidRequest(['']);

/**
 * Reads and checks a JSON body.
 *
 * @returns the request, or INVALID_REQUEST with every bad field, or REQUEST_TOO_LARGE.
 */
export async function readBody<T>(c: Context, schema: ZodType<T>): Promise<Outcome<T>> {
  const request = c.req.raw;
  if (!jsonContentType.test(request.headers.get('content-type') ?? '')) return refused(notJson);
  const bytes = await readBytes(request);
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
 * Reads the body up to the limit. A stated length is trusted, because Node.js ends the body there; only a
 * body without one is counted while it is read, which costs a stream.
 */
async function readBytes(request: Request): Promise<Outcome<Uint8Array>> {
  const stated = request.headers.get('content-length');
  try {
    if (stated === null) return await readStream(request);
    if (Number(stated) > REQUEST_MAX_BYTES) return refused(standing.requestTooLarge);
    return accepted(new Uint8Array(await request.arrayBuffer()));
  } catch {
    // The caller went away in the middle of the body: nobody hears the answer, and it is no fault of ours.
    return refused(notJson);
  }
}

async function readStream(request: Request): Promise<Outcome<Uint8Array>> {
  if (request.body === null) return accepted(new Uint8Array());
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return accepted(Buffer.concat(chunks));
    size += value.byteLength;
    if (size > REQUEST_MAX_BYTES) {
      void discard(reader);
      return refused(standing.requestTooLarge);
    }
    chunks.push(value);
  }
}

/**
 * Reads on without keeping anything, so that a caller who sends first and listens later hears the refusal.
 * The HTTP server cuts the connection when this takes long.
 */
async function discard(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // The connection is gone, and with it the rest of the body.
  }
}
