/** A span of a trace (W3C Trace Context). */
export interface SpanIds {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

/** A request in its trace. */
export interface RequestTrace extends SpanIds {
  /** The `traceparent` that is answered: the id of the request. */
  readonly requestId: string;
  /** The `traceparent` that was sent, if a valid one was. */
  readonly parent: string | undefined;
  /** Whether the request is recorded as a span. */
  readonly isSampled: boolean;
  /** The batch that it ran in, where that is recorded too. */
  batch: SpanIds | undefined;
}

/** What an operation must know of its call besides the request. */
export interface Call {
  /**
   * When the caller stops waiting, in milliseconds on the monotonic clock. Work does not start after it, and
   * the caller gets its reply by then, also while its work runs.
   */
  readonly deadlineMs: number;
  /** Whether the caller disconnected, where that is known; checked when the work is about to start. */
  disconnected?(): boolean;
  /** The caller's name by its credentials; `ANONYMOUS` where none are required. */
  readonly caller: string;
  /** Whose share of the queues it takes: the caller's, or that of its address where callers have no names. */
  readonly client: string;
  /** When its credentials end, in milliseconds on the monotonic clock; Infinity where none are required. */
  readonly credentialsEndMs: number;
  /** The idempotency key as it was sent, if one was. */
  readonly idempotencyKey?: string | undefined;
  /** The `traceparent` that was sent, if a valid one was: events carry it. */
  readonly traceparent?: string | undefined;
  /** The request in its trace; undefined for work of the service itself. */
  readonly trace?: RequestTrace | undefined;
}

/** The caller where the service requires no credentials. */
export const ANONYMOUS = '';
