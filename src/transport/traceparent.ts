/**
 * The request id: a `traceparent` (W3C Trace Context, version 00), under the same name in both transports. It
 * has the trace id of the caller, or a random one, and a span id of the request's own.
 */
import { randomFillSync } from 'node:crypto';
import type { RequestTrace } from '../domain/call.ts';

/** The header, or metadata. */
export const TRACEPARENT = 'traceparent';

/** The characters of a traceparent. */
export const TRACEPARENT_CHARS = 55;

const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Whether a request is recorded as a span: by its trace id, and the caller's decision if there is one. */
export type Sample = (traceId: string, isParentSampled: boolean | undefined) => boolean;

/** A request in its trace. It is made for every request, so the ids are read from the text when needed. */
class Trace implements RequestTrace {
  readonly requestId: string;
  readonly parent: string | undefined;
  readonly isSampled: boolean;
  batch: RequestTrace['batch'] = undefined;

  constructor(requestId: string, parent: string | undefined, isSampled: boolean) {
    this.requestId = requestId;
    this.parent = parent;
    this.isSampled = isSampled;
  }

  get traceId(): string {
    return this.requestId.slice(3, 35);
  }

  get spanId(): string {
    return this.requestId.slice(36, 52);
  }
}

/**
 * Begins the trace of a request, or continues the caller's.
 *
 * @param sent the traceparent as it was sent, if one was. One that is not valid counts as none, as the
 * standard has it.
 * @param sample without it no request is recorded.
 */
export function traceOf(sent: string | undefined, sample?: Sample): RequestTrace {
  const parent = sent !== undefined && form.test(sent) ? sent : undefined;
  const traceId = parent === undefined ? randomHex(TRACE_ID_BYTES) : parent.slice(3, 35);
  const isSampled = sample?.(traceId, parent === undefined ? undefined : isFlagSet(parent)) ?? false;
  const requestId = `00-${traceId}-${randomHex(SPAN_ID_BYTES)}-${isSampled ? '01' : '00'}`;
  return new Trace(requestId, parent, isSampled);
}

/** The id of a request that is refused before it reaches an operation. */
export function requestIdOf(sent?: string | undefined): string {
  return traceOf(sent).requestId;
}

/** The flag `sampled` is the lowest bit. */
function isFlagSet(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(-1), 16) & 1) === 1;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** Random bytes for the next ids: to ask for those of one id costs as much as for those of a hundred. */
const pool = Buffer.alloc(8_192);
let used = pool.length;

/** All zeros would not be valid; that comes once in 2^64 ids. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
