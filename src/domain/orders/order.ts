/**
 * An order: its lines, its states, and the only place that says how it moves between them.
 *
 *     new -> awaiting payment -> payed | cancelled
 *     new -> failed
 *
 * `new` is the state before the reservation is decided. The decision falls in the transaction that writes
 * the order, so nobody ever reads an order in it.
 */

export const orderStatuses = ['new', 'awaiting payment', 'failed', 'payed', 'cancelled'] as const;

export type OrderStatus = (typeof orderStatuses)[number];

/** One line: so many pieces of one sku. */
export interface Line {
  readonly sku: number;
  readonly count: number;
}

/** An order as its readers see it. Lines come sorted by sku. */
export interface Order {
  readonly orderId: bigint;
  readonly user: bigint;
  readonly status: OrderStatus;
  readonly items: readonly Line[];
}

/** What the reservation's decision makes of a new order. */
export const reservationStatus = {
  granted: 'awaiting payment',
  short: 'failed',
} as const satisfies Record<string, OrderStatus>;

/**
 * A move that a caller can ask for. It starts in `from` and ends in `to`; an order that is in `to` already
 * stays there, so that asking twice is harmless. `takesGoods` says whether the reserved pieces leave the
 * warehouse (pay) or become free again (cancel).
 */
export interface Transition {
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  readonly takesGoods: boolean;
}

export const transitions = {
  pay: { from: 'awaiting payment', to: 'payed', takesGoods: true },
  cancel: { from: 'awaiting payment', to: 'cancelled', takesGoods: false },
} as const satisfies Record<string, Transition>;

/**
 * Reads a status that the database gave.
 *
 * @throws when it is none of the five, which the table's CHECK does not allow.
 */
export function asOrderStatus(text: string): OrderStatus {
  const status = orderStatuses.find((known) => known === text);
  if (status === undefined) throw new Error(`unknown order status: ${text}`);
  return status;
}

/**
 * Joins lines with the same sku into one line with their sum, sorted by sku.
 *
 * @param lines as the caller sent them.
 * @returns the joined lines; sums are not checked here.
 */
export function mergeLines(lines: readonly Line[]): Line[] {
  const merged: Line[] = [];
  for (const { sku, count } of [...lines].sort((a, b) => a.sku - b.sku)) {
    const last = merged.at(-1);
    if (last?.sku === sku) merged[merged.length - 1] = { sku, count: last.count + count };
    else merged.push({ sku, count });
  }
  return merged;
}
