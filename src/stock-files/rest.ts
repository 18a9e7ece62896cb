/**
 * A client of the service's REST interface for programs. Every call that it makes is safe to repeat: it
 * reads, counts, or carries an idempotency key. So it repeats whatever may pass by itself, OUTCOME_UNKNOWN
 * included.
 */
import { parse } from 'lossless-json';

/** The most times that one request is sent, over a minute and a half. */
export const ATTEMPTS_MAX = 14;
const FIRST_PAUSE_MS = 250;
const PAUSE_MAX_MS = 10_000;

/** Longer than the service takes for a request by default. */
const TIMEOUT_MS = 30_000;

/** Too many requests, and what stands for a service or a proxy before it that cannot answer now. */
const RETRIED_STATUSES = [429, 502, 503, 504];

/** The service did not do what is needed to go on. */
export class ServiceRefused extends Error {
  override readonly name = 'ServiceRefused';
}

/** The error body of the service, as far as it is read here. */
export interface Failure {
  readonly message: string;
  readonly details: readonly Readonly<Record<string, unknown>>[];
}

export type Reply =
  | {
      readonly ok: true;
      readonly body: Readonly<Record<string, unknown>>;
      /** Whether an earlier request with the same key got this reply. */
      readonly isReplay: boolean;
    }
  | { readonly ok: false; readonly status: number; readonly failure: Failure | undefined };

export interface RestOptions {
  /** The address of REST, without a slash at its end. */
  readonly url: string;
  readonly token?: string | undefined;
  /** Waits, in milliseconds. */
  readonly pause: (delayMs: number) => Promise<void>;
  /** Called before a request is sent again. */
  readonly onRetry: (cause: string) => void;
}

export class Rest {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  get(path: string): Promise<Reply> {
    return this.#repeat(path, { method: 'GET' });
  }

  /** @param body JSON. */
  post(path: string, body: string, key?: string): Promise<Reply> {
    const headers = { 'content-type': 'application/json', ...(key ? { 'idempotency-key': key } : {}) };
    return this.#repeat(path, { method: 'POST', body, headers });
  }

  /** @throws ServiceRefused when the service did not answer in any attempt. */
  async #repeat(path: string, request: RequestInit): Promise<Reply> {
    const { url, pause, onRetry } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const { reply, cause, retryAfterMs } = await this.#send(`${url}${path}`, request);
      if (reply !== undefined) return reply;
      if (attempt === ATTEMPTS_MAX) throw new ServiceRefused(`${url} does not answer: ${cause}`);
      onRetry(cause);
      await pause(Math.min(Math.max(FIRST_PAUSE_MS * 2 ** (attempt - 1), retryAfterMs), PAUSE_MAX_MS));
    }
  }

  async #send(url: string, request: RequestInit) {
    try {
      const { token } = this.#options;
      const headers = { ...request.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) };
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      // A redirect would send the token and the stock to another service.
      const response = await fetch(url, { ...request, headers, signal, redirect: 'error' });
      const body = parseJson(await response.text());
      if (!RETRIED_STATUSES.includes(response.status)) return { reply: replyOf(response, body) };
      const seconds = Number(response.headers.get('retry-after'));
      const cause = messageOf(response.status, failureOf(body));
      return { cause, retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : 0 };
    } catch (error) {
      return { cause: causeOf(error), retryAfterMs: 0 };
    }
  }
}

function replyOf({ ok, status, headers }: Response, body: unknown): Reply {
  if (ok && isObject(body)) return { ok, body, isReplay: headers.get('idempotency-replayed') === 'true' };
  return { ok: false, status, failure: failureOf(body) };
}

/** Reads JSON with every integer as a bigint, because stock may exceed 2^53. Undefined for anything else. */
function parseJson(text: string): unknown {
  try {
    return parse(text, undefined, BigInt);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function failureOf(body: unknown): Failure | undefined {
  if (!isObject(body) || typeof body.message !== 'string' || !Array.isArray(body.details)) return undefined;
  return { message: body.message, details: body.details.filter(isObject) };
}

/** What the service answered, for people. */
export function messageOf(status: number, failure: Failure | undefined): string {
  return failure === undefined ? `HTTP status ${status}` : `${reasonOf(failure)}: ${failure.message}`;
}

export function reasonOf({ details }: Failure): string {
  return String(details.find(({ reason }) => reason !== undefined)?.reason);
}

/** `fetch` hides why it failed in the cause of its error. */
function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
