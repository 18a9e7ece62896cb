/**
 * The limit of what the open orders of one user hold. It is checked in the transaction that creates, behind
 * a lock on each user, so that of two creates for one user the second counts what the first holds.
 */
import type { Queryable } from '../../db/types.ts';
import { orderHeldPieces, orderUserLock } from '../../generated/sql/orders.ts';
import { USER_LOCKS, userGroupsOf } from '../locks.ts';
import type { Refusal } from '../outcome.ts';
import { heldPiecesExceeded } from '../refusals.ts';
import type { Settings } from '../settings.ts';
import type { GrantLimit } from '../stock/allocation.ts';
import type { Line } from './order.ts';

/** An order as far as this limit is concerned. */
interface Order {
  readonly user: bigint;
  readonly items: readonly Line[];
}

/** What users hold, and the orders of a batch that would hold too much. */
export class HeldPieces<Request extends Order> implements GrantLimit<Request> {
  /** The orders that were refused, and why. */
  readonly refusals = new Map<Request, Refusal>();
  readonly #max: number;
  readonly #held: Map<bigint, bigint>;

  /**
   * @param max the most pieces that the open orders of one user may hold.
   * @param held what they hold, by user.
   */
  constructor(max: number, held: ReadonlyMap<bigint, bigint>) {
    this.#max = max;
    this.#held = new Map(held);
  }

  admits(order: Request): boolean {
    const { user } = order;
    const held = this.#held.get(user) ?? 0n;
    const requested = piecesOf(order);
    if (held + BigInt(requested) <= this.#max) return true;
    this.refusals.set(order, heldPiecesExceeded({ user, max: this.#max, held, requested }));
    return false;
  }

  grant(order: Request): void {
    this.#held.set(order.user, (this.#held.get(order.user) ?? 0n) + BigInt(piecesOf(order)));
  }
}

/**
 * Locks the users of a batch until its transaction ends, and reads what their open orders hold; without a
 * limit it does nothing. It takes its locks before any others of the transaction.
 */
export async function readHeldPieces<Request extends Order>(
  tx: Queryable,
  requests: readonly Request[],
  { heldPiecesMaxPerUser: max }: Settings,
): Promise<HeldPieces<Request> | undefined> {
  if (max === 0) return undefined;
  const userIds = [...new Set(requests.map(({ user }) => user))];
  const [, rows] = await Promise.all([
    orderUserLock.run({ family: USER_LOCKS, groups: userGroupsOf(userIds) }, tx),
    orderHeldPieces.run({ userIds }, tx),
  ]);
  return new HeldPieces(max, new Map(rows.map((row) => [row.user_id, row.pieces])));
}

function piecesOf({ items }: Order): number {
  return items.reduce((sum, { count }) => sum + count, 0);
}
