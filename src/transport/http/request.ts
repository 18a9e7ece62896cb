/** Reads what a REST request holds: its call from the headers, and its JSON body or a part of its path. */
import type { Readable } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ZodType } from 'zod';
import { IDEMPOTENCY_KEY_FIELD } from '../../domain/idempotency/key.ts';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import { accepted, type Outcome, refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { invalidFields, type MessageName } from '../../domain/violations.ts';
import type { Deadlines } from '../../timing/deadlines.ts';
import type { Incoming, Read, TransportContext } from '../operation.ts';
import {
  badRequestTimeout,
  compressedBody,
  malformedRequest,
  notJson,
  REQUEST_TIMEOUT,
} from '../refusals.ts';
import { connectionOf, type PendingReply } from './connection.ts';
import { violatedPaths } from './fields.ts';
import { parseJson } from './json.ts';

const seconds = /^\d+(\.\d+)?$/;

/**
 * Reads the headers of a call. Its deadline is the client's, or the service's if that is earlier. The time
 * that it waited for earlier requests of its connection counts.
 */
export function readCall(c: Context, { deadlines, requestTimeoutMs }: TransportContext): Outcome<Incoming> {
  // Generated clients send an empty header for a parameter without a value.
  const stated = c.req.header(REQUEST_TIMEOUT) || undefined;
  const timeoutMs =
    stated === undefined ? requestTimeoutMs : Math.min(millisecondsOf(stated), requestTimeoutMs);
  if (timeoutMs === 0) return refused(badRequestTimeout);
  const reply = (c.env as HttpBindings | undefined)?.outgoing as PendingReply | undefined;
  return accepted({
    deadlineMs: (reply?.arrivedMs ?? deadlines.now()) + timeoutMs,
    authorization: c.req.header('authorization'),
    idempotencyKey: c.req.header(IDEMPOTENCY_KEY_FIELD),
    address: (reply && connectionOf(reply.req.socket)?.clientOf(reply.req)) ?? '',
    disconnected: () => reply?.req.socket.destroyed ?? false,
  });
}

/** 0 for what is not a number of seconds. */
function millisecondsOf(stated: string): number {
  return seconds.test(stated) ? Number(stated) * 1_000 : 0;
}

type Reader<Request> = Read<Context, Request>;

/**
 * Makes the reader of a request whose fields are parameters, of the path or else of the query.
 *
 * @param message the request's message in the contract.
 * @param schema of the request, whose values are texts here, or lists of texts where a parameter is repeated.
 * @param parameters the name of each field's parameter (`order_id` of `orderID`).
 */
export function parameterReader<T>(
  message: MessageName,
  schema: ZodType<T>,
  parameters: Readonly<Record<string, string>>,
): Reader<T> {
  const fields = Object.entries(parameters);
  return (c) => {
    const values = fields.map(([field, name]) => [field, c.req.param(name) ?? queryOf(c, name)]);
    const parsed = schema.safeParse(Object.fromEntries(values));
    if (parsed.success) return accepted(parsed.data);
    return refused(invalidFields(message, violatedPaths(parsed.error.issues)));
  };
}

function queryOf(c: Context, name: string): string | string[] | undefined {
  const values = c.req.queries(name);
  return values?.length === 1 ? values[0] : values;
}

const jsonContentType = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

const identity = /^(?:identity)?$/i;

/** `fatal` refuses bytes that are not UTF-8, instead of reading them as replacement characters. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

const compressed = refused(compressedBody);
const tooLarge = refused(fixedRefusals.requestTooLarge);
const tooLate = refused(fixedRefusals.deadlineExceeded);
const malformed = refused(malformedRequest);

/**
 * Makes the reader of a JSON body.
 *
 * @param message the request's message in the contract.
 * @returns a reader that refuses with INVALID_REQUEST and every bad field, CONTENT_ENCODING_UNSUPPORTED,
 * REQUEST_TOO_LARGE or DEADLINE_EXCEEDED.
 */
export function bodyReader<T>(message: MessageName, schema: ZodType<T>): Reader<T> {
  return async (c, deadlineMs, deadlines) => {
    const { headers } = c.req.raw;
    const contentType = headers.get('content-type') ?? '';
    if (!jsonContentType.test(contentType)) return refused(notJson(contentType));
    if (!identity.test(headers.get('content-encoding') ?? '')) return compressed;
    if (Number(headers.get('content-length')) > REQUEST_MAX_BYTES) return tooLarge;
    const bytes = await readBytes((c.env as HttpBindings).incoming, deadlineMs, deadlines);
    if (!bytes.ok) return bytes;
    let json: unknown;
    try {
      json = parseJson(utf8.decode(bytes.value));
    } catch {
      // Bad UTF-8, bad JSON, or nesting beyond the stack.
      return malformed;
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return accepted(parsed.data);
    return refused(invalidFields(message, violatedPaths(parsed.error.issues)));
  };
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
    const finish = (outcome: Outcome<Uint8Array>) => {
      body = undefined;
      deadlines.delete(pending);
      resolve(outcome);
    };
    const pending = { deadlineMs, onTimeout: () => finish(tooLate) };
    deadlines.add(pending);
    // After a refusal the rest is read and dropped, so that a client that sends first and listens later gets
    // the refusal. The HTTP server cuts the connection when this takes long.
    incoming.on('data', (chunk: Buffer) => {
      if (body?.add(chunk) === false) finish(tooLarge);
    });
    incoming.on('end', () => {
      if (body !== undefined) finish(accepted(body.bytes));
    });
    // Closed without an end: the client disconnected in the middle of the body.
    incoming.on('close', () => {
      if (body !== undefined) finish(malformed);
    });
  });
}

const NOTHING = Buffer.alloc(0);

/**
 * A body that grows. One that comes in one chunk, as nearly all do, is never copied. Otherwise its buffer
 * doubles when it is full: however small the chunks are, each byte is copied about twice, not once for every
 * chunk.
 */
export class Body {
  readonly #maxBytes: number;
  #buffer: Buffer = NOTHING;
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What came so far. */
  get bytes(): Buffer {
    return this.#size === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#size);
  }

  /** Adds a chunk. Returns false, and does not add it, when the body would be larger than its limit. */
  add(chunk: Buffer): boolean {
    const size = this.#size + chunk.length;
    if (size > this.#maxBytes) return false;
    if (this.#size === 0) {
      this.#buffer = chunk;
    } else {
      // The first chunk fills its buffer, so the buffers of Node.js are never written to.
      if (size > this.#buffer.length) this.#grow(size);
      this.#buffer.set(chunk, this.#size);
    }
    this.#size = size;
    return true;
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(size, 2 * this.#buffer.length)));
    grown.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = grown;
  }
}
