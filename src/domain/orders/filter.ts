/** Filters of lists of orders, and what they show about orders that were not read, since ids rise by creation. */
import { type Instant, instantOfMicros } from '../instant.ts';
import type { OrderStatus } from './order.ts';
import { headOf, type OrderRow } from './read.ts';

/** Which orders to list; what is undefined or empty selects all. */
export interface OrderFilter {
  readonly user: bigint | undefined;
  readonly statuses: readonly OrderStatus[];
  readonly createdAfter: Instant | undefined;
  readonly createdBefore: Instant | undefined;
}

/**
 * By how much an order may seem older than one with a smaller id, in nanoseconds. A transaction begins before
 * it draws ids, at most ten minutes (WRITE_TIMEOUT_MS), and the clock of a new primary may be behind.
 */
export const DISORDER_MAX = 15n * 60n * 1_000_000_000n;

/** Whether a filter leaves out orders of its user. */
export function isSelective({ statuses, createdAfter, createdBefore }: OrderFilter): boolean {
  return statuses.length > 0 || createdAfter !== undefined || createdBefore !== undefined;
}

export function matches(row: OrderRow, { statuses, createdAfter, createdBefore }: OrderFilter): boolean {
  const { status, createdAt } = headOf(row);
  return (
    (statuses.length === 0 || statuses.includes(status)) &&
    (createdAfter === undefined || createdAt > createdAfter) &&
    (createdBefore === undefined || createdAt < createdBefore)
  );
}

/** Whether an order is so young that all with larger ids are too young for the filter. */
export function isAboveAll(row: OrderRow, { createdBefore }: OrderFilter): boolean {
  return createdBefore !== undefined && instantOfMicros(row.created_us) - DISORDER_MAX >= createdBefore;
}

/** Whether an order is so old that all with smaller ids are too old for the filter. */
export function isBelowAll(row: OrderRow, { createdAfter }: OrderFilter): boolean {
  return createdAfter !== undefined && instantOfMicros(row.created_us) + DISORDER_MAX <= createdAfter;
}

/** A filter as one text; equal filters have the same, in whatever order their statuses were sent. */
export function textOf({ user, statuses, createdAfter, createdBefore }: OrderFilter): string {
  return ['orders', user, [...new Set(statuses)].sort(), createdAfter, createdBefore].join(';');
}
