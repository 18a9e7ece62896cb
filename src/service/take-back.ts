/** What happens between two runs of a batch that is short: overdue orders are released. */
import { DatabaseUnavailable, OutcomeUnknown } from '../db/errors.ts';
import type { Database } from '../db/types.ts';
import { expireOrders } from '../domain/orders/expire.ts';
import { fitting } from '../domain/orders/fitting.ts';
import { type Holds, HoldWalk, type Shortfall } from '../domain/orders/holds.ts';
import { releaseOrders } from './release-orders.ts';

/** The most orders and lines that one transaction releases. */
const STEP_ORDERS_MAX = 500;
const STEP_LINES_MAX = 2_000;

/**
 * Searches for what open orders hold of the missing skus, and releases enough of those that are overdue.
 *
 * @param before what was found for the same batch before.
 * @throws DatabaseUnavailable when it cannot; a part may have been released, which is harmless.
 */
export async function takeBack(database: Database, shortfall: Shortfall, before?: Holds): Promise<Holds> {
  const walk = new HoldWalk(shortfall);
  while (!walk.isDone) walk.add(await database.read((db) => walk.read(db), { primaryFirst: true }));
  await release(database, walk.overdue);
  return {
    searches: (before?.searches ?? 0) + 1,
    releases: new Map([...(before?.releases ?? []), ...walk.releases]),
  };
}

/** Sorted by id, so that all instances lock alike. */
async function release(database: Database, overdue: ReadonlySet<bigint>): Promise<void> {
  let rest = [...overdue].sort((a, b) => (a < b ? -1 : 1));
  while (rest.length > 0) {
    const orderIds = await database.read((db) => fitting(db, rest.slice(0, STEP_ORDERS_MAX), STEP_LINES_MAX));
    // What is stuck is logged by the worker, and stays as it is: the batch runs without its goods.
    await releaseOrders((ids) => database.write((tx) => expireOrders(tx, ids)), orderIds).catch(
      throwAsNotDone,
    );
    rest = rest.slice(orderIds.length);
  }
}

/** Whether the orders were released does not matter to the batch: of it nothing was done. */
function throwAsNotDone(cause: unknown): never {
  if (!(cause instanceof OutcomeUnknown)) throw cause;
  throw new DatabaseUnavailable('whether overdue orders were released is not known', { cause });
}
