/** Filters of lists, and what an order shows about those that were not read, since ids rise by creation. */

import { type Instant, instantOfMicros } from '../instant.ts';
import { CLOCK_DISORDER_MAX_MS } from '../limits.ts';
import type { OrderStatus } from './order.ts';
import { headOf, type OrderRow } from './read.ts';

/** Which orders to list; what is undefined or empty selects all. */
export interface OrderFilter {
  readonly user: bigint | undefined;
  readonly statuses: readonly OrderStatus[];
  readonly createdAfter: Instant | undefined;
  readonly createdBefore: Instant | undefined;
}

const NANOS_PER_MILLISECOND = 1_000_000n;

/**
 * By how much an order may seem older than one with a smaller id, in nanoseconds: its transaction began
 * before it drew its ids, and the clock of a new primary may be behind.
 */
export function disorderMax(writeTimeoutMs: number): bigint {
  return BigInt(writeTimeoutMs + CLOCK_DISORDER_MAX_MS) * NANOS_PER_MILLISECOND;
}

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
export function isAboveAll(row: OrderRow, { createdBefore }: OrderFilter, disorder: bigint): boolean {
  return createdBefore !== undefined && instantOfMicros(row.created_us) - disorder >= createdBefore;
}

/** Whether an order is so old that all with smaller ids are too old for the filter. */
export function isBelowAll(row: OrderRow, { createdAfter }: OrderFilter, disorder: bigint): boolean {
  return createdAfter !== undefined && instantOfMicros(row.created_us) + disorder <= createdAfter;
}

/** A filter as one text; equal filters have the same, in whatever order their statuses were sent. */
export function textOf({ user, statuses, createdAfter, createdBefore }: OrderFilter): string {
  return ['orders', user, [...new Set(statuses)].sort(), createdAfter, createdBefore].join(';');
}
