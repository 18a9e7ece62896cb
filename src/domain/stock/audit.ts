/**
 * The audit of stock: whether the ledger explains every counter, and open orders every reserved piece. It
 * finds what was changed past the ledger, which neither rights nor constraints can prevent.
 */
import type { Queryable } from '../../db/types.ts';
import { stockAudit } from '../../generated/sql/stock_movements.ts';
import { fromSkuColumn } from '../orders/order.ts';

/**
 * What can be wrong with a sku. `chain`: a movement does not begin where the one before ended, or is missing.
 * `counters`: the stock is not what its last movement left. `reserved`: it is not what open orders hold.
 */
export type StockFindingKind = 'chain' | 'counters' | 'reserved';

export interface StockFinding {
  readonly sku: number;
  /** The movement, or the last one. */
  readonly version: bigint;
  readonly finding: StockFindingKind;
}

export interface AuditedStock {
  readonly findings: readonly StockFinding[];
  /** Where the next window begins; undefined behind the last one. */
  readonly next: bigint | undefined;
}

/** Audits up to `limit` skus that follow `after`, in one snapshot of any node. */
export async function auditStock(db: Queryable, after: bigint, limit: number): Promise<AuditedStock> {
  const rows = await stockAudit.run({ after, limit: BigInt(limit) }, db);
  const findings = rows.flatMap(({ sku, version, finding }) =>
    sku === null || version === null || finding === null
      ? []
      : [{ sku: fromSkuColumn(sku), version, finding: finding as StockFindingKind }],
  );
  return { findings, next: rows[0]?.last_sku ?? undefined };
}
