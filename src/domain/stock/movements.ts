/** Movements: the entries of the ledger, each a change of a sku's counters. Pure. */
import type { Line, PieceChange } from '../orders/order.ts';

/**
 * What a movement is. `opened`: the stock as it was when the ledger began, no change. `received`, `adjusted`,
 * `counted`: by hand. The others are caused by orders.
 */
export const movementKinds = [
  'opened',
  'received',
  'adjusted',
  'counted',
  'reserved',
  'released',
  'sold',
] as const;

export type MovementKind = (typeof movementKinds)[number];

/**
 * Reads a kind from the database.
 *
 * @throws when it is none of these, which the table's CHECK does not allow.
 */
export function asMovementKind(text: string): MovementKind {
  const kind = movementKinds.find((known) => known === text);
  if (kind === undefined) throw new Error(`unknown kind of movement: ${text}`);
  return kind;
}

/** What the orders of a batch do to one sku, summed: one movement. */
export interface OrderMovement extends PieceChange {
  readonly sku: number;
  /** How many orders there are, and one of them. */
  readonly orderCount: number;
  readonly orderId: bigint;
}

/** The kind of a movement: where orders sell and release pieces of a sku together it is `sold`. */
export function kindOf({ total, reserved }: PieceChange): MovementKind {
  if (total < 0) return 'sold';
  return reserved > 0 ? 'reserved' : 'released';
}

/** Sums what orders do to each sku. */
export class OrderMovements {
  readonly #sums = new Map<number, { -readonly [Key in keyof OrderMovement]: OrderMovement[Key] }>();

  /** @param items the lines of an order, one line per sku; no order is added twice. */
  add(orderId: bigint, items: readonly Line[], perPiece: PieceChange): void {
    for (const { sku, count } of items) {
      const total = perPiece.total * count;
      const reserved = perPiece.reserved * count;
      const sum = this.#sums.get(sku);
      if (sum === undefined) this.#sums.set(sku, { sku, total, reserved, orderCount: 1, orderId });
      else {
        sum.total += total;
        sum.reserved += reserved;
        sum.orderCount++;
      }
    }
  }

  get all(): readonly OrderMovement[] {
    return [...this.#sums.values()];
  }
}
