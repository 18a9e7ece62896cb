/** The refusals of requests that never reach an operation: their form is wrong, over either transport. */
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
