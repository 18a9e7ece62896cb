/** How a request of the console fails. */
import { parseExact } from './json.ts';

/** A refusal, or a failure to reach the service. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** The stable reason, such as `STOCK_CHANGED`. */
  readonly reason: string;
  /** By which the request is found in the log. */
  readonly requestId: string;

  constructor(status: number, reason: string, message: string, requestId: string) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.requestId = requestId;
  }

  /** Whether it may have been done all the same: it is safe to repeat it under its key. */
  get isUnknown(): boolean {
    return this.status === 0 || this.status >= 500;
  }

  /** Whether the same request may succeed later. */
  get isPassing(): boolean {
    return this.isUnknown || this.status === 429;
  }
}

interface ErrorBody {
  readonly message?: string;
  readonly details?: readonly {
    readonly reason?: string;
    readonly requestId?: string;
    readonly fieldViolations?: readonly { readonly field: string; readonly description: string }[];
  }[];
}

/**
 * Reads the body of an error, of a reply and of a stream alike.
 *
 * @param or what it is where the body is not one of the service: a proxy may have sent it.
 */
export function readError(text: string, or: ApiError): ApiError {
  try {
    const { message = '', details = [] } = parseExact<ErrorBody>(text);
    const reason = details.find((detail) => detail.reason)?.reason ?? '';
    const requestId = details.find((detail) => detail.requestId)?.requestId ?? or.requestId;
    const fields = details.flatMap((detail) => detail.fieldViolations ?? []);
    const named = fields.map(({ field, description }) => `${field} ${description}`).join('; ');
    return new ApiError(or.status, reason, named || message, requestId);
  } catch {
    return or;
  }
}

/** Why a request failed without an answer: it was ended, refused, or the service cannot be reached. */
export function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ApiError) return error;
  return new ApiError(0, 'NOT_REACHED', 'the service cannot be reached', '');
}
