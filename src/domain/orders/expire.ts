/**
 * Expiring orders: the goods of reservations that have ended become available. What is decided about an
 * order does not wait for it (`read.ts`, `change.ts`).
 *
 * Finding them is a read, on the primary if it is healthy. The release is a guarded update, which decides by
 * the primary's clock: a payment, cancellation, extension or other instance that was faster has its order.
 */
import type { Plan, Queryable, Reader } from '../../db/types.ts';
import { orderNextEnd, orderOverdue } from '../../generated/sql/orders.ts';
import { changeOrders, expire, orderOf, settle } from './change.ts';
import { fitting } from './fitting.ts';
import { transitions } from './order.ts';

export interface ExpiryLimits {
  /** The most orders of one step. */
  readonly ordersMax: number;
  /** The most lines of one step. The lines of one order are released together, whatever their number. */
  readonly linesMax: number;
}

/** Orders that are left out. */
type Except = Pick<ReadonlySet<bigint>, 'has' | 'size'>;

export interface OverdueOrders {
  /** Those that ended first, up to the limits. Sorted by id, so that all instances lock alike. */
  readonly orderIds: readonly bigint[];
  /** Whether there are more. */
  readonly more: boolean;
  /** How long it takes until the next one ends, in milliseconds; undefined where one has, or without any. */
  readonly nextInMs: number | undefined;
}

/** Finds orders whose reservations have ended and that nobody has released, on any node. */
export async function findOverdue(
  db: Reader,
  { ordersMax, linesMax }: ExpiryLimits,
  except: Except = new Set(),
): Promise<OverdueOrders> {
  const { clockAheadMs } = db;
  const limit = ordersMax + except.size;
  const overdue = await orderOverdue.run({ limit: BigInt(limit), clockAheadMs }, db);
  if (overdue.length === 0) {
    const [next] = await orderNextEnd.run({ clockAheadMs }, db);
    return { orderIds: [], more: false, nextInMs: next?.in_ms };
  }
  const first = overdue.flatMap(({ order_id: id }) => (except.has(id) ? [] : [id])).slice(0, ordersMax);
  const ids = first.sort((a, b) => (a < b ? -1 : 1));
  const orderIds = await fitting(db, ids, linesMax);
  const more = overdue.length === limit || orderIds.length < ids.length;
  return { orderIds, more, nextInMs: undefined };
}

/** No request asks for it. */
const noTraces = new Map();

/** Cancels those of the orders whose reservations have ended. Returns their number. */
export async function expireOrders(tx: Queryable, orderIds: readonly bigint[]): Promise<Plan<number>> {
  const { changed, orders } = await changeOrders(tx, [...orderIds], (ids) => expire(tx, ids));
  const expired = changed.map((row) => orderOf(orders, row.order_id));
  const writes = settle(tx, [{ orders: expired, transition: transitions.expire }], noTraces);
  return { writes, result: expired.length };
}
