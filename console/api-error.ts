/** How a request of the console fails. */

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
}
