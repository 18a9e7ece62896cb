/** Failures of the database and the batcher: the one place where they become refusals. */
import { causeOf, DatabaseUnavailable, OutcomeUnknown, sqlStateOf } from '../db/errors.ts';
import type { Failure, Outcome, Refusal } from '../domain/outcome.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import { type Batch, DeadlinePassed, QueueFull } from './batcher.ts';

/**
 * The refusal of a request that failed. What is not known is a bug, or broken data, and becomes INTERNAL.
 *
 * @param batch the one that it failed in, or timed out in.
 */
export function refusalOf(error: unknown, batch?: Batch): Outcome<never> & { readonly ok: false } {
  const refusal = knownRefusalOf(error);
  return batch === undefined
    ? { ok: false, refusal }
    : { ok: false, refusal, failure: failureOf(error, batch) };
}

function knownRefusalOf(error: unknown): Refusal {
  if (error instanceof DatabaseUnavailable) return fixedRefusals.databaseUnavailable;
  if (error instanceof OutcomeUnknown) return fixedRefusals.outcomeUnknown;
  if (error instanceof QueueFull) return fixedRefusals.queueFull;
  if (error instanceof DeadlinePassed) return fixedRefusals.deadlineExceeded;
  return fixedRefusals.internal;
}

/** The most errors that are looked at: each may be the cause of the one before it. */
const CAUSES_MAX = 5;

function failureOf(error: unknown, { number, trace }: Batch): Failure {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < CAUSES_MAX; each = each.cause)
    chain.push(each);
  return {
    cause: chain.map(causeOf).join(': '),
    sqlState: chain.map(sqlStateOf).find((state) => state !== undefined),
    batch: number,
    statement: trace.statement,
  };
}
