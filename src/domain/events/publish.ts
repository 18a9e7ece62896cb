/**
 * Publishing: committed batches of events get their positions, by one publisher at a time. A reader of the
 * feed sees what has a position.
 */
import type { Plan, Queryable, Rollback } from '../../db/types.ts';
import { eventBatchDelete, eventPublish, eventPublisherLock } from '../../generated/sql/events.ts';
import { PUBLISHER_LOCK } from '../locks.ts';

/** What a run of the publisher has done. */
export interface Published {
  readonly batches: number;
  /** The position of the last event; undefined where there was nothing to publish. */
  readonly lastPosition: bigint | undefined;
}

/**
 * Publishes up to `batchesMax` batches. The lock and the numbers are two statements, since the second must
 * see what the publisher before has numbered. They are sent together.
 *
 * @returns `busy` while another one publishes, after a rollback: it may not see all that is committed by now.
 */
export async function publishEvents(
  tx: Queryable,
  batchesMax: number,
): Promise<Plan<Published> | Rollback<Published | 'busy'>> {
  const lock = PUBLISHER_LOCK;
  const [[locked], [row]] = await Promise.all([
    eventPublisherLock.run({ lock }, tx),
    eventPublish.run({ lock, limit: BigInt(batchesMax) }, tx),
  ]);
  if (!locked?.locked) return { rollback: 'busy' };
  if (row === undefined) throw new Error('a row was expected');
  // All or none (events.sql).
  if (row.batches !== row.waiting) return { rollback: 'busy' };
  const result = { batches: row.batches, lastPosition: row.last_position ?? undefined };
  return result.batches === 0 ? { rollback: result } : { writes: [], result };
}

/** Removes up to `batchesMax` batches that are older than the retention. Returns their number. */
export async function removeEvents(
  tx: Queryable,
  { retentionMs, batchesMax }: { readonly retentionMs: number; readonly batchesMax: number },
): Promise<Plan<number>> {
  const [row] = await eventBatchDelete.run({ retentionMs, limit: BigInt(batchesMax) }, tx);
  return { writes: [], result: row?.batches ?? 0 };
}
