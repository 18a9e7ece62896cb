/**
 * Cursors: where a reader of the feed is. A cursor has the position of the last event that was read, and the
 * time of that event's batch, which shows whether it is still the same one: another database, or one that was
 * restored, has other events at the same positions.
 */
import type { Queryable } from '../../db/types.ts';
import { eventBatchAt, eventHead, eventTail } from '../../generated/sql/events.ts';

export interface Cursor {
  readonly position: bigint;
  /** When the batch of that event was written, in microseconds since the epoch. */
  readonly us: bigint;
}

/** Before the first event that ever was. */
export const START: Cursor = { position: 0n, us: 0n };

/** How far a node may be behind the one that a cursor came from. Nodes that are further behind are not read. */
const LAG_MAX_US = 60_000_000n;

/** The cursor behind the last event. */
export async function headOf(db: Queryable): Promise<Cursor> {
  const [head] = await eventHead.run(undefined, db);
  return head === undefined ? START : { position: head.position, us: head.us };
}

/** The position before the first event that is kept. */
export async function tailOf(db: Queryable): Promise<bigint> {
  const [tail] = await eventTail.run(undefined, db);
  return tail === undefined ? 0n : tail.position - 1n;
}

/**
 * What a node has for a cursor. `known`: its event is there, so what follows it is all that follows it.
 * `ahead`: it may come from a node that is ahead of this one, for a moment. `expired`: the event was removed,
 * or is another one.
 */
export async function stateOf(db: Queryable, cursor: Cursor): Promise<'known' | 'ahead' | 'expired'> {
  if (cursor.position === 0n) return (await tailOf(db)) === 0n ? 'known' : 'expired';
  const [batch] = await eventBatchAt.run({ position: cursor.position }, db);
  if (batch === undefined) return 'expired';
  if (cursor.position <= batch.last_position) return cursor.us === batch.us ? 'known' : 'expired';
  return cursor.us + LAG_MAX_US > batch.now_us ? 'ahead' : 'expired';
}
