/**
 * Removal of movements of long ago: of each sku, those that are older than the retention. In the place of the
 * last of them stands an opening with what it left, so the chain of the sku still begins with its balance.
 */
import type { Plan, Queryable } from '../../db/types.ts';
import {
  type IStockMovementOldResult,
  stockMovementDelete,
  stockMovementOld,
  stockMovementReopen,
} from '../../generated/sql/stock_movements.ts';

export interface MovementWindow {
  /** The window has the skus that follow this one. */
  readonly after: bigint;
  /** How long a movement is kept, in milliseconds. */
  readonly retentionMs: number;
  /** The most skus that the window has. */
  readonly skusMax: number;
  /** The most movements that are removed; of a sku that has more, its oldest ones. */
  readonly movementsMax: number;
}

export interface RemovedMovements {
  /** How many were removed, without those of another instance that was faster. */
  readonly removed: number;
  /** The last sku of the window, behind which the next one begins. */
  readonly last: bigint;
  /** Whether there are no skus behind the window. */
  readonly isEnd: boolean;
}

/** The last of the old movements of a sku. Before it there are others, or it is no opening yet. */
interface Closed {
  readonly sku: bigint;
  readonly version: bigint;
  readonly total: bigint;
  readonly reserved: bigint;
  readonly createdUs: bigint;
}

/** Removes what is old enough of the skus of one window. */
export async function removeMovements(
  tx: Queryable,
  window: MovementWindow,
): Promise<Plan<RemovedMovements>> {
  const { after, retentionMs, skusMax, movementsMax } = window;
  const limits = { skus: BigInt(skusMax), limit: BigInt(movementsMax) };
  const rows = await stockMovementOld.run({ after, retentionMs, ...limits }, tx);
  const walked = fitting(rows, movementsMax);
  // What is left of a sku that has more than fits is found again from the sku before.
  const isPart = walked.some(({ count }) => Number(count) === movementsMax);
  const last = (isPart ? walked.at(-2) : walked.at(-1))?.sku ?? after;
  const isEnd = !isPart && walked.length === rows.length && rows.length < skusMax;
  const closed = walked.flatMap(closedOf);
  if (closed.length === 0) return { writes: [], result: { removed: 0, last, isEnd } };
  const columns = { skus: closed.map(({ sku }) => sku), versions: closed.map(({ version }) => version) };
  const removed = await stockMovementDelete.run(columns, tx);
  const own = new Set(removed.map(({ sku }) => sku));
  const reopened = closed.filter(({ sku }) => own.has(sku));
  const count = Number(removed[0]?.count ?? 0n) - reopened.length;
  return { writes: reopen(tx, reopened), result: { removed: count, last, isEnd } };
}

/** As many skus as have no more old movements than fit, at least one. */
function fitting(rows: readonly IStockMovementOldResult[], max: number): readonly IStockMovementOldResult[] {
  let sum = 0;
  const excess = rows.findIndex(({ count }, index) => {
    sum += Number(count);
    return sum > max && index > 0;
  });
  return excess === -1 ? rows : rows.slice(0, excess);
}

/** A single old movement is an opening: each first one is. */
function closedOf(row: IStockMovementOldResult): Closed[] {
  const { sku, count, version, total_after: total, reserved_after: reserved, created_us: createdUs } = row;
  if (count < 2n || version === null || total === null || reserved === null || createdUs === null) return [];
  return [{ sku, version, total, reserved, createdUs }];
}

function reopen(tx: Queryable, closed: readonly Closed[]): Promise<unknown>[] {
  if (closed.length === 0) return [];
  const columns = {
    skus: closed.map(({ sku }) => sku),
    versions: closed.map(({ version }) => version),
    totals: closed.map(({ total }) => total),
    reserved: closed.map(({ reserved }) => reserved),
    createdUs: closed.map(({ createdUs }) => createdUs),
  };
  return [stockMovementReopen.run(columns, tx)];
}
