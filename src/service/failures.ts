/**
 * What a failure of the database layer means to a caller: the one place where its errors become refusals.
 */
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';
import { type Outcome, type Refusal, refused, standing } from '../domain/errors.ts';
import { DeadlinePassed, QueueFull } from './batcher.ts';

/**
 * Waits for an outcome and answers a known failure with its refusal. Anything else is a bug and is thrown on;
 * the transports log it and answer INTERNAL.
 */
export function orRefusal<T>(outcome: Promise<Outcome<T>>): Promise<Outcome<T>> {
  return outcome.catch((error) => {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return refused(refusal);
  });
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof DatabaseUnavailable) return standing.databaseUnavailable;
  if (error instanceof OutcomeUnknown) return standing.outcomeUnknown;
  if (error instanceof QueueFull) return standing.queueFull;
  if (error instanceof DeadlinePassed) return standing.deadlineExceeded;
  return undefined;
}
