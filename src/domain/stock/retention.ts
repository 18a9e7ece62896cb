/**
 * Removal of movements of long ago: of each sku, those that are older than the retention. In the place of the
 * last of them stands an opening with what it left, so the chain of the sku still begins with its balance.
 */
import type { Plan, Queryable, Rollback } from '../../db/types.ts';
import {
  type IStockMovementOldResult,
  stockMovementDelete,
  stockMovementOld,
  stockMovementRemovalLock,
  stockMovementReopen,
} from '../../generated/sql/stock_movements.ts';
import { MOVEMENT_REMOVAL_LOCK } from '../locks.ts';

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
  /** How many were removed. */
  readonly removed: number;
  /** The last sku of the window, behind which the next one begins. */
  readonly last: bigint;
  /** Whether there are no skus behind the window. */
  readonly isEnd: boolean;
}

/** The last of the old movements of a sku. Before it there are others, or it is no opening yet. */
interface Closed {
  readonly sku: bigint;
  /** How many there are, the last one included. */
  readonly count: number;
  readonly version: bigint;
  readonly total: bigint;
  readonly reserved: bigint;
  readonly createdUs: bigint;
}

/** Removes what is old enough of the skus of one window; nothing while another instance is at it. */
export async function removeMovements(
  tx: Queryable,
  window: MovementWindow,
): Promise<Plan<RemovedMovements> | Rollback<RemovedMovements>> {
  const { after, retentionMs, skusMax, movementsMax } = window;
  const limits = { skus: BigInt(skusMax), limit: BigInt(movementsMax) };
  const [[locked], rows] = await Promise.all([
    stockMovementRemovalLock.run({ lock: MOVEMENT_REMOVAL_LOCK }, tx),
    stockMovementOld.run({ after, retentionMs, ...limits }, tx),
  ]);
  if (!locked?.locked) return { rollback: { removed: 0, last: after, isEnd: true } };
  const walked = fitting(rows, movementsMax);
  // What is left of a sku that has more than fits is found again from the sku before.
  const part = walked.findIndex(({ count }) => Number(count) === movementsMax);
  const last = (part === -1 ? walked.at(-1) : walked[part - 1])?.sku ?? after;
  const isEnd = part === -1 && walked.length === rows.length && rows.length < skusMax;
  const closed = walked.flatMap(closedOf);
  const removed = closed.reduce((sum, { count }) => sum + count - 1, 0);
  return { writes: closed.length === 0 ? [] : close(tx, closed), result: { removed, last, isEnd } };
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
  const { sku, version, total_after: total, reserved_after: reserved, created_us: createdUs } = row;
  const count = Number(row.count);
  if (count < 2 || version === null || total === null || reserved === null || createdUs === null) return [];
  return [{ sku, count, version, total, reserved, createdUs }];
}

/** Removes the old movements of each sku, and opens its ledger with what they left. */
function close(tx: Queryable, closed: readonly Closed[]): Promise<unknown>[] {
  const skus = closed.map(({ sku }) => sku);
  const versions = closed.map(({ version }) => version);
  const opening = {
    totals: closed.map(({ total }) => total),
    reserved: closed.map(({ reserved }) => reserved),
    createdUs: closed.map(({ createdUs }) => createdUs),
  };
  return [
    stockMovementDelete.run({ skus, versions }, tx),
    stockMovementReopen.run({ skus, versions, ...opening }, tx),
  ];
}
