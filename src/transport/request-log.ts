/**
 * The access log: a line for a request, by which it is found from its trace id. A request that failed for a
 * fault of the service or the database has the cause in its line.
 */

import type { Logger } from 'pino';
import type { Call, RequestTrace } from '../domain/call.ts';
import { type CodeName, failureCodes, reasons } from '../domain/errors.ts';
import type { Outcome } from '../domain/outcome.ts';
import { LineLimit } from '../telemetry/line-limit.ts';
import { isInShare } from '../telemetry/sampling.ts';
import type { Clock } from '../timing/clock.ts';

/** What was requested, and how. */
interface Requested {
  readonly name: string;
  readonly transport: string;
}

export interface RequestLogOptions {
  readonly logger: Logger;
  readonly now: Clock;
  /**
   * Whether requests are logged whose code shows a fault or an overload; a bounded number of lines a
   * second.
   */
  readonly errors: boolean;
  /** The share of all requests that is logged, from 0 to 1, without that bound. */
  readonly share: number;
}

/** The codes of faults and overloads. */
const logged: ReadonlySet<CodeName> = new Set([...failureCodes, 'RESOURCE_EXHAUSTED']);

/** In an outage every request fails: the rest is counted. */
export const LINES_PER_SECOND_MAX = 100;

export class RequestLog {
  readonly #options: RequestLogOptions;
  readonly #limit: LineLimit;

  constructor(options: RequestLogOptions) {
    this.#options = options;
    this.#limit = new LineLimit(LINES_PER_SECOND_MAX, 1_000, options.now);
  }

  /**
   * Logs a request that is done, if it is to be logged: at level debug all are.
   *
   * @param call undefined where its caller was not admitted.
   */
  done(
    served: Requested,
    trace: RequestTrace,
    call: Call | undefined,
    outcome: Outcome<unknown>,
    durationMs: number,
  ): void {
    const { logger, errors, share } = this.#options;
    const isError = !outcome.ok && logged.has(reasons[outcome.refusal.reason]);
    if (logger.isLevelEnabled('debug') || (share > 0 && isInShare(trace.traceId, share))) {
      this.#write(served, trace, call, outcome, durationMs, isError, 0);
    } else if (isError && errors) {
      const suppressed = this.#limit.take();
      if (suppressed !== undefined)
        this.#write(served, trace, call, outcome, durationMs, isError, suppressed);
    }
  }

  #write(
    { name: operation, transport }: Requested,
    { traceId, requestId }: RequestTrace,
    call: Call | undefined,
    outcome: Outcome<unknown>,
    durationMs: number,
    isError: boolean,
    suppressed: number,
  ): void {
    const { logger } = this.#options;
    const line = {
      traceId,
      requestId,
      operation,
      transport,
      reason: outcome.ok ? 'OK' : outcome.refusal.reason,
      durationMs: Math.round(durationMs * 1_000) / 1_000,
      // The name of the caller, or its address where callers have no names.
      caller: call?.client,
      ...(outcome.ok ? {} : outcome.failure),
      ...(suppressed > 0 && { suppressed }),
    };
    if (isError) logger.warn(line, 'request');
    else if (logger.isLevelEnabled('info')) logger.info(line, 'request');
  }
}
