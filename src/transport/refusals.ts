/** The refusals of requests that never reach an operation: their form is wrong, over either transport. */
import type { Refusal } from '../domain/outcome.ts';
import { invalidRequest } from '../domain/violations.ts';

/** The request as a whole cannot be read: it is not JSON, not protobuf, not UTF-8, or not HTTP. */
export const malformedRequest = invalidRequest([
  {
    field: '',
    description: 'must be a well-formed request; over REST a JSON object, sent as application/json',
  },
]);

/** The REST header by which a client limits the time of its request, in seconds. */
export const REQUEST_TIMEOUT = 'request-timeout';

export const badRequestTimeout = invalidRequest([
  { field: REQUEST_TIMEOUT, description: 'must be a number of seconds above 0, such as 5 or 0.5' },
]);

/** The most characters of a header that a refusal repeats. */
const SHOWN_MAX = 100;

/** The media type of a body that is not JSON: what came, and what is wanted. */
export function notJson(contentType: string): Refusal {
  const came = contentType === '' ? 'without a content type' : `as ${contentType.slice(0, SHOWN_MAX)}`;
  return invalidRequest([
    { field: 'content-type', description: `the body was sent ${came}; send application/json` },
  ]);
}

/** A compressed body: to expand it costs more than its sender paid. */
export const compressedBody: Refusal = {
  ...invalidRequest([{ field: 'content-encoding', description: 'must be identity, or absent' }]),
  reason: 'CONTENT_ENCODING_UNSUPPORTED',
};

function tooLarge(message: string): Refusal {
  return { reason: 'REQUEST_TOO_LARGE', message, metadata: {} };
}

export function headTooLarge(maxBytes: number): Refusal {
  return tooLarge(`the head of the request is larger than ${maxBytes} bytes`);
}

export function tooManyHeaders(max: number): Refusal {
  return tooLarge(`the request has more than ${max} header lines`);
}

/** Open access is for this machine: the name under which it was called could be anybody's. */
export function hostNotAllowed(host: string): Refusal {
  const shown = host.slice(0, SHOWN_MAX);
  const message = `access is open, and the host ${shown} is not among ALLOWED_HOSTS`;
  return { reason: 'HOST_NOT_ALLOWED', message, metadata: { host: shown } };
}

/** Open access is not for pages of other sites. */
export function originNotAllowed(origin: string): Refusal {
  const shown = origin.slice(0, SHOWN_MAX);
  const message = `access is open, and the request comes from another site: ${shown}`;
  return { reason: 'ORIGIN_NOT_ALLOWED', message, metadata: { origin: shown } };
}
