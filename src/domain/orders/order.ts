/**
 * An order: its lines, its states, and the only place that defines the transitions between them.
 *
 *     new -> awaiting payment -> payed | cancelled (requested or expired)
 *     new -> failed
 *     cancelled (expired) -> payed, if its goods are still free and the payment accepts to be late
 *
 * `new` is the state before the reservation is decided. The decision is made in the transaction that writes
 * the order, so no reader ever sees an order in it.
 */

import type { Instant } from '../instant.ts';

export const orderStatuses = ['new', 'awaiting payment', 'failed', 'payed', 'cancelled'] as const;

export type OrderStatus = (typeof orderStatuses)[number];

/** One line: a number of pieces of one sku. */
export interface Line {
  readonly sku: number;
  readonly count: number;
}

/** Why an order was cancelled: by a request, or by the end of its reservation. */
export const cancelReasons = ['requested', 'expired'] as const;

export type CancelReason = (typeof cancelReasons)[number];

/** In place of an id where a create was only validated. */
export const NO_ORDER = 0n;

/** What a caller orders, in any order of lines. */
export interface CreateOrderRequest {
  readonly user: bigint;
  readonly items: readonly Line[];
  /** How long the reservation is to last; without it as long as the operator has set. */
  readonly ttlSeconds?: number | undefined;
  /** The answer is that of the create; nothing is written. */
  readonly validateOnly?: boolean | undefined;
}

/** An order as its readers see it. Lines are sorted by sku. */
export interface Order {
  readonly orderId: bigint;
  readonly user: bigint;
  readonly status: OrderStatus;
  readonly items: readonly Line[];
  readonly createdAt: Instant;
  /** When its status changed last, or when it was created. */
  readonly updatedAt: Instant;
  /** When its reservation ends or has ended; undefined where it never does, or is of no account. */
  readonly expiresAt: Instant | undefined;
  readonly cancelReason: CancelReason | undefined;
}

/** The status of a new order, by the decision on its reservation. */
export const reservationStatus = {
  granted: 'awaiting payment',
  short: 'failed',
} as const satisfies Record<string, OrderStatus>;

/** What happens to an order: each is an event. `payedLate`: its goods had been released before. */
export type OrderChangeKind =
  | 'created'
  | 'failed'
  | 'payed'
  | 'payedLate'
  | 'cancelled'
  | 'expired'
  | 'extended';

/** What is added to the stock for a piece: to those that exist, and to those reserved. */
export interface PieceChange {
  readonly total: number;
  readonly reserved: number;
}

/** A change of status. An order that already is in `to` stays there, so a repeated request is harmless. */
export interface Transition {
  readonly from: OrderStatus;
  /** Why it was cancelled, if it was. */
  readonly fromReason: CancelReason | null;
  readonly to: OrderStatus;
  readonly cancelReason: CancelReason | null;
  readonly perPiece: PieceChange;
  readonly event: OrderChangeKind;
}

/** A new order takes available pieces. */
export const reservedPerPiece: PieceChange = { total: 0, reserved: 1 };

/** The reserved pieces leave the stock. */
const sold = { total: -1, reserved: -1 };
/** The reserved pieces become available. */
const released = { total: 0, reserved: -1 };

/** The status of an order that holds its pieces. */
export const OPEN = 'awaiting payment' satisfies OrderStatus;

const open = { from: OPEN, fromReason: null } as const;

export const transitions = {
  pay: { ...open, to: 'payed', cancelReason: null, perPiece: sold, event: 'payed' },
  cancel: {
    ...open,
    to: 'cancelled',
    cancelReason: 'requested',
    perPiece: released,
    event: 'cancelled',
  },
  /** At the end of the reservation, by itself. */
  expire: { ...open, to: 'cancelled', cancelReason: 'expired', perPiece: released, event: 'expired' },
  /** After the release, with pieces that are available. */
  payLate: {
    from: 'cancelled',
    fromReason: 'expired',
    to: 'payed',
    cancelReason: null,
    perPiece: { total: -1, reserved: 0 },
    event: 'payedLate',
  },
} as const satisfies Record<string, Transition>;

/** The statuses whose orders may be removed. Payed ones are kept: they explain the stock that is gone. */
export const removableStatuses = ['failed', 'cancelled'] as const satisfies readonly OrderStatus[];

/**
 * Reads a status from the database.
 *
 * @throws when it is none of the five, which the table's CHECK does not allow.
 */
export function asOrderStatus(text: string): OrderStatus {
  const status = orderStatuses.find((known) => known === text);
  if (status === undefined) throw new Error(`unknown order status: ${text}`);
  return status;
}

/**
 * Reads a reason from the database.
 *
 * @throws when it is none of the two, which the table's CHECK does not allow.
 */
export function asCancelReason(text: string | null): CancelReason | undefined {
  if (text === null) return undefined;
  const reason = cancelReasons.find((known) => known === text);
  if (reason === undefined) throw new Error(`unknown cancel reason: ${text}`);
  return reason;
}

/** Skus as the database takes them: its columns are 64 bits wide, while a sku has 32. */
export function toSkuColumn(skus: Iterable<number>): bigint[] {
  return Array.from(skus, BigInt);
}

/** A sku as the database returns it. */
export function fromSkuColumn(sku: bigint): number {
  return Number(sku);
}

/**
 * Merges lines with the same sku into one line with their sum.
 *
 * @returns the merged lines, sorted by sku; sums are not checked here.
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
