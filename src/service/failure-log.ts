/**
 * Tells the log of batches that failed. An outage fails every batch, so of it the log hears once a second, with
 * how often it was not told; anything else is a bug or broken data and is told each time.
 */
import type { Logger } from 'pino';
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';

const OUTAGE_INTERVAL_MS = 1_000;

/** @param now the clock, in milliseconds since the epoch. */
export function createFailureLog(logger: Logger, now: () => number) {
  let silentUntilMs = Number.NEGATIVE_INFINITY;
  let untold = 0;
  return (kind: string, error: unknown, size: number): void => {
    const outage = error instanceof DatabaseUnavailable || error instanceof OutcomeUnknown;
    if (outage && now() < silentUntilMs) {
      untold++;
      return;
    }
    logger.error({ err: error, kind, size, untold }, 'batch failed');
    untold = 0;
    if (outage) silentUntilMs = now() + OUTAGE_INTERVAL_MS;
  };
}
