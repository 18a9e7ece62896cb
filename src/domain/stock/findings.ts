/** What an audit of stock finds, where it reads, and its limits. */
import type { Database } from '../../db/types.ts';

/**
 * What can be wrong. `chain`: a movement is missing, older than the one before, or does not begin where that
 * one ended. `counters`: the stock is not what its last movement left. `reserved`: it is not what open orders
 * hold. `noStock`: movements of a sku without stock. `noOrder`: an order line without an order.
 */
export const findingKinds = ['chain', 'counters', 'reserved', 'noStock', 'noOrder'] as const;

type FindingKind = (typeof findingKinds)[number];

export interface Finding {
  readonly finding: FindingKind;
  readonly sku: number;
  /** The movement, or the last one that the stock knows of. */
  readonly version?: bigint;
  readonly orderId?: bigint;
  /** What differs, for human readers. */
  readonly detail: string;
}

export interface AuditSource {
  readonly read: Database['read'];
  /** Waits until what one node shows is visible on all. */
  readonly settle: () => Promise<void>;
}

export interface AuditLimits {
  /** The most skus, movements and lines of a step. */
  readonly skus: number;
  readonly movements: number;
  readonly lines: number;
  /** The most skus that are compared with open orders at once, and the most open orders. */
  readonly comparedSkus: number;
  readonly openOrders: number;
  /** The most orders of a step of the comparison. */
  readonly orders: number;
}

/** Steps take some 20 ms. What is compared at once takes less than 100 MB of memory. */
export const AUDIT_LIMITS: AuditLimits = {
  skus: 1_000,
  movements: 5_000,
  lines: 5_000,
  comparedSkus: 20_000,
  openOrders: 1_000_000,
  orders: 2_000,
};

/** How many findings a report has at most. */
export const FINDINGS_MAX = 1_000;

/** Collects the findings of an audit. */
export class Findings {
  readonly first: Finding[] = [];
  count = 0;

  add(finding: Finding): void {
    if (this.first.length < FINDINGS_MAX) this.first.push(finding);
    this.count++;
  }
}
