/**
 * Checks the head of a request before anything else: what two readers, such as a proxy in front and this
 * service, could understand in two ways is refused, and what Node.js would drop.
 */
import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../../domain/outcome.ts';
import { invalidRequest } from '../../domain/violations.ts';
import { tooManyHeaders } from '../refusals.ts';
import { HEADERS_MAX } from './limits.ts';

/** Why a head is refused. */
export interface Fault {
  readonly refusal: Refusal;
  /** The HTTP status, where it is not that of the refusal. */
  readonly status?: number;
  /** Where the request ends is in doubt, so nothing behind it is read. */
  readonly closes: boolean;
}

const invalid = (field: string, description: string) => invalidRequest([{ field, description }]);

const faults = {
  tooManyHeaders: { refusal: tooManyHeaders(HEADERS_MAX), status: 431, closes: true },
  host: { refusal: invalid('host', 'must be sent exactly once'), closes: true },
  target: { refusal: invalid('host', 'must be the host of the target, if that has one'), closes: false },
  transferEncoding: { refusal: invalid('transfer-encoding', 'must be chunked, or absent'), closes: true },
  expectation: { refusal: invalid('expect', 'must be 100-continue, or absent'), status: 417, closes: true },
  path: {
    refusal: invalid(
      'path',
      'must be in normal form: no #, empty segments, . or .., nor encoded slashes, letters, digits or -._~',
    ),
    closes: false,
  },
} as const satisfies Record<string, Fault>;

/** Returns what is wrong with a head, undefined if nothing is. */
export function faultOf(incoming: IncomingMessage): Fault | undefined {
  const { headers, rawHeaders, httpVersion, url = '' } = incoming;
  if (rawHeaders.length > 2 * HEADERS_MAX) return faults.tooManyHeaders;
  // HTTP/1.0 does not require it, and some probes use that.
  const hosts = headers.host === undefined && httpVersion === '1.0' ? 1 : countOf('host', rawHeaders);
  if (hosts !== 1) return faults.host;
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') return faults.transferEncoding;
  if (headers.expect !== undefined && !continues.test(headers.expect)) return faults.expectation;
  return targetFault(url, headers.host);
}

/** What Node.js takes for an expectation that it meets itself. */
const continues = /(?:^|\W)100-continue(?:$|\W)/i;

/** How often a header was sent. Of some, `headers` holds the first only. */
function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const each = rawHeaders[index] as string;
    if (each.length === name.length && each.toLowerCase() === name) count++;
  }
  return count;
}

const origin = /^https?:\/\/([^/?]+)/i;

/**
 * What makes a path one of several spellings of the same path: an empty segment, a dot segment, a backslash,
 * an encoded slash, backslash or character that needs no encoding.
 */
const unusual = /\/(?:\/|\.\.?(?:\/|$))|\\|%(?:2[def]|3\d|[46][1-9a-f]|[57][0-9a]|5[cf]|7e)/i;

function targetFault(target: string, host: string | undefined): Fault | undefined {
  const absolute = target.startsWith('/') ? null : origin.exec(target);
  // The URL has the host of the target, and what is checked is `Host`.
  if (absolute && absolute[1]?.toLowerCase() !== host?.toLowerCase()) return faults.target;
  // Behind a # nothing is read, not even the query.
  if (target.includes('#')) return faults.path;
  const end = target.indexOf('?');
  const path = target.slice(absolute?.[0].length ?? 0, end < 0 ? undefined : end);
  return unusual.test(path) ? faults.path : undefined;
}
