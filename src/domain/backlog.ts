/** What waits for the background work: reservations that have ended, and events without a position. */
import type { Reader } from '../db/types.ts';
import { eventBacklog } from '../generated/sql/events.ts';
import { orderBacklog } from '../generated/sql/orders.ts';

export interface Backlog {
  /** Orders that hold stock, counted up to `OPEN_ORDERS_MAX`. */
  readonly openOrders: number;
  /** For how long the first reservation that has ended waits for its release, in milliseconds. */
  readonly expiryLagMs: number;
  /** For how long the first event waits for its publication, in milliseconds. */
  readonly feedLagMs: number;
}

/** Counting more would take longer than the count is worth. */
const OPEN_ORDERS_MAX = 100_000;

/** Reads what waits, on any node. */
export async function readBacklog(db: Reader): Promise<Backlog> {
  const { clockAheadMs } = db;
  const [orders] = await orderBacklog.run({ limit: BigInt(OPEN_ORDERS_MAX), clockAheadMs }, db);
  const [batch] = await eventBacklog.run({ clockAheadMs }, db);
  return {
    openOrders: Number(orders?.open ?? 0n),
    expiryLagMs: Math.max(0, orders?.overdue_ms ?? 0),
    feedLagMs: Math.max(0, batch?.waits_ms ?? 0),
  };
}
