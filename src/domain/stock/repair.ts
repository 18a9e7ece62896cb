/**
 * Repairs the stock of a sku after an audit. It adds a movement with the reason `repair` and changes none.
 * The total of the stock takes precedence over the ledger: somebody may have set it on purpose. What is
 * reserved becomes what open orders hold.
 */

import type { Plan, Queryable } from '../../db/types.ts';
import { orderHoldSum } from '../../generated/sql/orders.ts';
import { stockMovementList, stockRepair } from '../../generated/sql/stock_movements.ts';
import { STOCK_CHANGE } from '../events/event.ts';
import { EventLog } from '../events/log.ts';
import { INT64_MAX } from '../limits.ts';
import { lockStock } from './stock.ts';

/** What became of the stock of a sku. */
export interface Repair {
  readonly sku: number;
  /**
   * `repaired`: a movement was written. `agrees`: there is nothing to repair. `impossible`: the sku has no
   * stock, or open orders hold more pieces than there are.
   */
  readonly outcome: 'repaired' | 'agrees' | 'impossible';
}

/** Repairs one sku. Its stock is locked until the transaction ends, while all open orders are read. */
export async function repairStock(tx: Queryable, sku: number): Promise<Plan<Repair>> {
  const key = BigInt(sku);
  const [{ rows }, [last], [held]] = await Promise.all([
    lockStock(tx, [sku]),
    stockMovementList.run({ sku: key, below: INT64_MAX, limit: 1n }, tx),
    orderHoldSum.run({ sku: key }, tx),
  ]);
  const unchanged = (outcome: Repair['outcome']) => ({ writes: [], result: { sku, outcome } });
  const [row] = rows;
  if (row === undefined || held === undefined) return unchanged('impossible');
  if (held.count > row.total_count) return unchanged('impossible');
  // Stock of version 0 is not in the ledger yet. Stock whose movements are all gone is opened again.
  const opens = last === undefined;
  const {
    version,
    total_after: total,
    reserved_after: reserved,
  } = last ?? {
    version: row.version,
    total_after: row.total_count,
    reserved_after: held.count,
  };
  const [totalChange, reservedChange] = [row.total_count - total, held.count - reserved];
  const isLedgerRight = totalChange === 0n && reservedChange === 0n && row.version === version;
  const isOpened = !opens || version === 0n;
  if (isLedgerRight && isOpened && row.reserved === held.count) return unchanged('agrees');
  const kind = opens ? 'opened' : 'adjusted';
  const movement = { sku: key, held: held.count, version: version + 1n, kind, totalChange, reservedChange };
  const log = new EventLog();
  log.add(STOCK_CHANGE, key, movement.version);
  const writes = [stockRepair.run(movement, tx), ...log.write(tx, [sku])];
  return { writes, result: { sku, outcome: 'repaired' } };
}
