/** Failures of the database and the batcher: the one place where they become refusals, and their log. */
import type { Logger } from 'pino';
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';
import { type Outcome, type Refusal, refused } from '../domain/outcome.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import type { Clock } from '../timing/clock.ts';
import { DeadlinePassed, QueueFull } from './batcher.ts';

/** The refusal of a request that failed. Undefined for a bug, which becomes INTERNAL. */
export function refusalOf(error: unknown): Outcome<never> | undefined {
  const refusal = knownRefusalOf(error);
  return refusal && refused(refusal);
}

function knownRefusalOf(error: unknown): Refusal | undefined {
  if (error instanceof DatabaseUnavailable) return fixedRefusals.databaseUnavailable;
  if (error instanceof OutcomeUnknown) return fixedRefusals.outcomeUnknown;
  if (error instanceof QueueFull) return fixedRefusals.queueFull;
  if (error instanceof DeadlinePassed) return fixedRefusals.deadlineExceeded;
  return undefined;
}

/** Whether a failure comes from the database being out of reach: it needs no repair of ours. */
export function isOutage(error: unknown): boolean {
  return error instanceof DatabaseUnavailable || error instanceof OutcomeUnknown;
}

const OUTAGE_LOG_INTERVAL_MS = 1_000;

/**
 * Makes the log of failed batches. An outage fails every batch, so it is logged once a second, with the
 * number of lines suppressed. Anything else is a bug or broken data and is logged each time.
 */
export function createFailureLog(logger: Logger, now: Clock) {
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  return (operation: string, error: unknown, size: number): void => {
    const isQuiet = isOutage(error);
    if (isQuiet && now() < quietUntilMs) {
      suppressed++;
      return;
    }
    logger.error({ err: error, operation, size, suppressed }, 'batch failed');
    suppressed = 0;
    if (isQuiet) quietUntilMs = now() + OUTAGE_LOG_INTERVAL_MS;
  };
}
