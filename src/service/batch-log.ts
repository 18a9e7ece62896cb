/** The log of batches: those that failed, and those that were slow. */

import type { Logger } from 'pino';
import { isOutage } from '../db/errors.ts';
import { LineLimit } from '../telemetry/line-limit.ts';
import type { Clock } from '../timing/clock.ts';
import type { Batch } from './batcher.ts';

export interface BatchLogOptions {
  readonly logger: Logger;
  readonly now: Clock;
  /** A batch that runs longer is slow, in milliseconds; 0 is for none. */
  readonly slowBatchMs: number;
}

const LIMIT_INTERVAL_MS = 1_000;

export class BatchLog {
  readonly #options: BatchLogOptions;
  readonly #outages: LineLimit;
  readonly #slow: LineLimit;

  constructor(options: BatchLogOptions) {
    this.#options = options;
    this.#outages = new LineLimit(1, LIMIT_INTERVAL_MS, options.now);
    this.#slow = new LineLimit(1, LIMIT_INTERVAL_MS, options.now);
  }

  /**
   * Logs a batch that failed, or another read. An outage fails every batch, so it is logged once a second,
   * with the number of lines suppressed. Anything else is a bug or broken data and is logged each time.
   */
  failed(operation: string, error: unknown, batch?: Batch): void {
    const suppressed = isOutage(error) ? this.#outages.take() : 0;
    if (suppressed === undefined) return;
    const { number, size, trace } = batch ?? {};
    const fields = { batch: number, size, statement: trace?.statement, suppressed };
    this.#options.logger.error({ err: error, operation, ...fields }, 'batch failed');
  }

  /**
   * Logs a batch that is done, if it was slow; at most one a second.
   *
   * @param stages the time of each in milliseconds.
   */
  done(operation: string, { number, size, trace }: Batch, runMs: number, stages: () => object): void {
    const { logger, slowBatchMs } = this.#options;
    if (slowBatchMs === 0 || runMs < slowBatchMs) return;
    const suppressed = this.#slow.take();
    if (suppressed === undefined) return;
    const { statements, attempts } = trace;
    const fields = { batch: number, size, durationMs: Math.round(runMs), stagesMs: stages() };
    logger.warn({ operation, ...fields, statements, attempts, suppressed }, 'slow batch');
  }
}
