/** Requests to the service, by its public REST interface. */
import { ApiError } from './api-error.ts';
import { parseExact, printExact } from './json.ts';
import { authorization } from './session.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST';
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** The address of an operation: the console is one folder below the interface. */
function addressOf(path: string, query: ApiRequest['query'] = {}): URL {
  const address = new URL(`..${path}`, location.href);
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values ?? []].flat()) if (value !== '') address.searchParams.append(name, value);
  }
  return address;
}

/** Sends a request. Throws ApiError for anything but a success. */
export async function send(path: string, options: ApiRequest = {}): Promise<Response> {
  const response = await request(path, options);
  if (!response.ok) throw await errorOf(response);
  return response;
}

async function request(path: string, options: ApiRequest): Promise<Response> {
  const { method = 'GET', query, body, headers, signal = null } = options;
  const content = body === undefined ? {} : { 'content-type': 'application/json' };
  try {
    return await fetch(addressOf(path, query), {
      method,
      headers: { ...authorization(), ...content, ...headers },
      body: body === undefined ? null : printExact(body),
      cache: 'no-store',
      credentials: 'omit',
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'NOT_REACHED', 'the service cannot be reached', '');
  }
}

/** Calls an operation; whole numbers of the reply are bigints. Throws ApiError. */
export async function call<T>(path: string, request?: ApiRequest): Promise<T> {
  return parseExact<T>(await (await send(path, request)).text());
}

/** The readiness, which has the same form where the service is not ready. Throws ApiError. */
export async function readiness<T>(signal: AbortSignal): Promise<T> {
  const response = await request('/readyz', { signal });
  if (!response.ok && response.status !== 503) throw await errorOf(response);
  return parseExact<T>(await response.text());
}

interface ErrorBody {
  readonly message?: string;
  readonly details?: readonly {
    readonly reason?: string;
    readonly fieldViolations?: readonly { readonly field: string; readonly description: string }[];
  }[];
}

async function errorOf(response: Response): Promise<ApiError> {
  // A trace context is version-trace-span-flags; the trace is what the log has.
  const requestId = response.headers.get('traceparent')?.split('-')[1] ?? '';
  const text = await response.text().catch(() => '');
  try {
    const { message = '', details = [] } = parseExact<ErrorBody>(text);
    const reason = details.find((detail) => detail.reason)?.reason ?? '';
    const fields = details.flatMap((detail) => detail.fieldViolations ?? []);
    const named = fields.map(({ field, description }) => `${field} ${description}`).join('; ');
    return new ApiError(response.status, reason, named || message, requestId);
  } catch {
    return new ApiError(response.status, '', response.statusText || 'no answer of the service', requestId);
  }
}
