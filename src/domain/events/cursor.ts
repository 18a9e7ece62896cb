/**
 * Cursors: where a reader of the feed is. A cursor has the position of the last event that was read, and when
 * that event was published, which shows whether it is still the same one: another database, or one that was
 * restored, may have given its positions to other events. When the event was written does not show it: its
 * batch may have been published again, behind others than before.
 */
import type { Queryable, Reader } from '../../db/types.ts';
import { eventBatchAt, eventHead, eventPositionBefore, eventTail } from '../../generated/sql/events.ts';
import { orderScan } from '../../generated/sql/orders.ts';
import { CLOCK_DISORDER_MAX_MS, INT64_MAX } from '../limits.ts';

export interface Cursor {
  readonly position: bigint;
  /** When the batch of that event was published, in microseconds since the epoch. */
  readonly us: bigint;
}

/** Before the first event that ever was. */
export const START: Cursor = { position: 0n, us: 0n };

/** How long a node may lack what another one has shown. Nodes that are further behind are not read. */
const LAG_MAX_US = 60_000_000n;

/** The cursor behind the last event. */
export async function headOf(db: Queryable): Promise<Cursor> {
  const [head] = await eventHead.run(undefined, db);
  return head === undefined ? START : { position: head.position, us: head.us };
}

/** A position before the first event of an order that is kept, near its creation. */
export async function startOf(db: Reader, orderId: bigint): Promise<bigint> {
  const { clockAheadMs } = db;
  const below = orderId < INT64_MAX ? orderId + 1n : orderId;
  const [order] = await orderScan.run({ below, limit: 1n, clockAheadMs }, db);
  // Where it was removed that is the order before it, which was created before it, or nearly so.
  if (order === undefined) return tailOf(db);
  // After a failover the clock may be behind that of the primary which wrote the order.
  const beforeUs = order.created_us - BigInt(CLOCK_DISORDER_MAX_MS) * 1_000n;
  const [start] = await eventPositionBefore.run({ beforeUs }, db);
  if (start === undefined) throw new Error('a row was expected');
  return start.position;
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
export async function stateOf(db: Reader, cursor: Cursor): Promise<'known' | 'ahead' | 'expired'> {
  if (cursor.position === 0n) return (await tailOf(db)) === 0n ? 'known' : 'expired';
  const [found] = await eventBatchAt.run({ position: cursor.position }, db);
  if (found === undefined) throw new Error('a row was expected');
  const { last_position: last, us, now_us: nowUs, is_empty: isEmpty } = found;
  if (last !== null && cursor.position <= last) return cursor.us === us ? 'known' : 'expired';
  // Nothing at or before it, but something behind it: it was removed.
  if (last === null && !isEmpty) return 'expired';
  const primaryUs = nowUs - BigInt(Math.round(db.clockAheadMs * 1_000));
  return cursor.us + LAG_MAX_US > primaryUs ? 'ahead' : 'expired';
}
