/**
 * The audit of stock: whether the ledger explains every counter, and open orders every reserved piece. It
 * finds what was changed past the ledger, which neither rights nor constraints can prevent.
 *
 * It reads in bounded steps, on any node, while the service writes. Each rule either holds in every snapshot
 * of the rows that one statement reads, or is compared as `reserved.ts` describes.
 */
import { orderLineAudit } from '../../generated/sql/orders.ts';
import {
  type IStockCounterAuditResult,
  stockChainAudit,
  stockCounterAudit,
} from '../../generated/sql/stock_movements.ts';
import { fromSkuColumn } from '../orders/order.ts';
import { AUDIT_LIMITS, type AuditLimits, type AuditSource, type Finding, Findings } from './findings.ts';
import { compareReserved } from './reserved.ts';

export interface AuditReport {
  /** The first ones. */
  readonly findings: readonly Finding[];
  /** How many there are in all. */
  readonly findingCount: number;
  readonly skus: number;
  /** Skus whose reserved pieces changed too fast to be compared to the piece. */
  readonly unsettledSkus: number;
  readonly movements: number;
  readonly lines: number;
}

/** The audits of an instance. */
export interface AuditState {
  readonly running: boolean;
  /** Undefined before the first one has ended. */
  readonly last:
    | {
        readonly ageMs: number;
        readonly durationMs: number;
        /** Undefined where it failed. */
        readonly report?: AuditReport;
      }
    | undefined;
}

/** Audits everything. What a repair can end comes first, so that no other finding takes its place. */
export async function auditStock(source: AuditSource, limits = AUDIT_LIMITS): Promise<AuditReport> {
  const findings = new Findings();
  const skus = await checkCounters(source, limits, findings);
  const unsettledSkus = await compareReserved(source, limits, findings);
  const movements = await checkChains(source, limits, findings);
  const lines = await checkLines(source, limits, findings);
  return { findings: findings.first, findingCount: findings.count, skus, unsettledSkus, movements, lines };
}

/** Compares all stock with its last movements. Returns the number of skus. */
async function checkCounters(
  { read }: AuditSource,
  limits: AuditLimits,
  findings: Findings,
): Promise<number> {
  let skus = 0;
  for (let after = 0n; ; ) {
    const rows = await read((db) => stockCounterAudit.run({ after, limit: BigInt(limits.skus) }, db));
    for (const row of rows) {
      if (row.sku === null || row.version === null) continue;
      const detail = `the stock has ${countersOf(row)}, its last movement left ${lastOf(row)}`;
      findings.add({ finding: 'counters', sku: fromSkuColumn(row.sku), version: row.version, detail });
    }
    const [{ size = 0n, last_sku: last = null } = {}] = rows;
    skus += Number(size);
    if (last === null || size < limits.skus) return skus;
    after = last;
  }
}

function countersOf({ version, total, reserved }: IStockCounterAuditResult): string {
  return `version ${version}, ${total} pieces and ${reserved} reserved`;
}

function lastOf(row: IStockCounterAuditResult): string {
  if (row.last_version === null) return 'nothing';
  return countersOf({
    ...row,
    version: row.last_version,
    total: row.total_after,
    reserved: row.reserved_after,
  });
}

/** Checks each movement with the one before. Returns the number of movements. */
async function checkChains({ read }: AuditSource, limits: AuditLimits, findings: Findings): Promise<number> {
  let movements = 0;
  for (let position = { sku: 0n, version: 0n }; ; ) {
    // Windows overlap by one movement, so that each is read together with the one before.
    const limit = BigInt(limits.movements + 1);
    const rows = await read((db) => stockChainAudit.run({ ...position, limit }, db));
    for (const { sku: wrong, version, finding } of rows) {
      if (wrong === null || version === null) continue;
      const sku = fromSkuColumn(wrong);
      if (finding === 'noStock') findings.add({ finding, sku, version, detail: 'the sku has no stock' });
      else findings.add({ finding: 'chain', sku, version, detail: 'it does not follow from the one before' });
    }
    const [{ size = 0n, last_sku: sku = null, last_version: version = null } = {}] = rows;
    if (sku === null || version === null || size < limit) return movements + Number(size);
    movements += Number(size) - 1;
    position = { sku, version };
  }
}

/** Looks for the order of each line. Returns the number of lines. */
async function checkLines({ read }: AuditSource, limits: AuditLimits, findings: Findings): Promise<number> {
  let lines = 0;
  for (let position = { afterId: 0n, afterSku: 0n }; ; ) {
    const rows = await read((db) => orderLineAudit.run({ ...position, limit: BigInt(limits.lines) }, db));
    for (const { order_id: orderId, sku } of rows) {
      if (orderId === null || sku === null) continue;
      const detail = `there is no order ${orderId}`;
      findings.add({ finding: 'noOrder', sku: fromSkuColumn(sku), orderId, detail });
    }
    const [{ size = 0n, last_id: afterId = null, last_sku: afterSku = null } = {}] = rows;
    lines += Number(size);
    if (afterId === null || afterSku === null || size < limits.lines) return lines;
    position = { afterId, afterSku };
  }
}
