/** Requests to the service, by its public REST interface. */
import { ApiError, failureOf, readError } from './api-error.ts';
import { parseExact, printExact } from './json.ts';
import { authorization } from './session.ts';
import { Silence } from './silence.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST';
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** How long nothing may arrive, in milliseconds. */
  readonly silenceMs?: number;
}

/** The address of an operation: the console is one folder below the interface. */
function addressOf(path: string, query: ApiRequest['query'] = {}): URL {
  const address = new URL(`..${path}`, location.href);
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values ?? []].flat()) if (value !== '') address.searchParams.append(name, value);
  }
  return address;
}

/** Sends a request. Throws ApiError for anything but a success, and what `fetch` throws. */
export async function send(path: string, options: ApiRequest, isGood = isSuccess): Promise<Response> {
  const { method = 'GET', query, body, headers, signal = null } = options;
  const content = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(addressOf(path, query), {
    method,
    headers: { ...authorization(), ...content, ...headers },
    body: body === undefined ? null : printExact(body),
    cache: 'no-store',
    credentials: 'omit',
    signal,
  });
  if (!isGood(response)) throw await errorOf(response);
  return response;
}

const isSuccess = ({ ok }: Response) => ok;

/** The most time for a reply, in milliseconds: more than the service takes until it refuses. */
const REPLY_MAX_MS = 30_000;

/** Calls an operation; whole numbers of the reply are bigints. Throws ApiError. */
export async function call<T>(path: string, request: ApiRequest = {}, isGood = isSuccess): Promise<T> {
  const silence = new Silence(request.silenceMs ?? REPLY_MAX_MS, request.signal);
  const { signal } = silence;
  try {
    return parseExact<T>(await (await send(path, { ...request, signal }, isGood)).text());
  } catch (error) {
    throw failureOf(error, signal);
  } finally {
    silence.stop();
  }
}

/** The service knows its readiness, and answers at once. */
const READINESS_MAX_MS = 5_000;

/** The readiness, which has the same form where the service is not ready. Throws ApiError. */
export function readiness<T>(signal: AbortSignal): Promise<T> {
  return call('/readyz', { signal, silenceMs: READINESS_MAX_MS }, ({ ok, status }) => ok || status === 503);
}

async function errorOf(response: Response): Promise<ApiError> {
  // A trace context is version-trace-span-flags; the trace is what the log has.
  const requestId = response.headers.get('traceparent')?.split('-')[1] ?? '';
  const message = response.statusText || 'no answer of the service';
  const unread = new ApiError(response.status, '', message, requestId);
  return readError(await response.text().catch(() => ''), unread);
}
