/** The ledger audit of a database: whether its stock and its orders agree. */
import pg from 'pg';
import { readStatements } from './statements.ts';

const statements = {
  ...readStatements(new URL('ledger-audit.sql', import.meta.url), 'initialStocksRecord', 'ledgerAudit'),
  ...readStatements(new URL('delete-all-orders.sql', import.meta.url), 'ledgerReset', 'stocksVacuum'),
};

const QUERY_LIMIT_MS = 60_000;

/** What an audit found: the number of skus and orders that are wrong, and of all orders. */
export interface AuditResult {
  /** Skus whose reserved or total count differs from that of their orders. */
  readonly wrongSkus: number;
  /** Skus with more reserved than there is. */
  readonly oversoldSkus: number;
  /** Orders without lines. */
  readonly bareOrders: number;
  /** Lines without an order. */
  readonly orphanLines: number;
  /** Orders whose reservation was never decided. */
  readonly undecidedOrders: number;
  readonly orders: number;
}

/** Records the stock of this moment, with which audits compare. Run it before the first order. */
export async function recordInitialStocks(db: pg.Pool | pg.Client): Promise<void> {
  await db.query(statements.initialStocksRecord);
}

/** Audits a database, on any node, in one snapshot. */
export async function auditLedger(db: pg.Pool | pg.Client): Promise<AuditResult> {
  const { rows } = await db.query(statements.ledgerAudit);
  const [found] = rows;
  return {
    wrongSkus: found.wrong_skus,
    oversoldSkus: found.oversold_skus,
    bareOrders: found.bare_orders,
    orphanLines: found.orphan_lines,
    undecidedOrders: found.undecided_orders,
    orders: found.orders,
  };
}

/** The audit of a run that may start over several times. */
export class LedgerAudit {
  protected readonly pool: pg.Pool;

  /** @param applicationName of its session in the database. */
  constructor(url: string, applicationName: string) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: 1,
      application_name: applicationName,
      query_timeout: QUERY_LIMIT_MS,
    });
    this.pool.on('error', () => {});
  }

  /** Records the initial stock. */
  begin(): Promise<void> {
    return recordInitialStocks(this.pool);
  }

  /** Deletes all orders and restores the initial stock. */
  async reset(): Promise<void> {
    await this.pool.query(statements.ledgerReset);
    await this.pool.query(statements.stocksVacuum);
  }

  /**
   * Audits the database.
   *
   * @returns the number of orders.
   * @throws when stock and orders do not agree.
   */
  async run(): Promise<number> {
    const { orders, ...wrong } = await auditLedger(this.pool);
    if (Object.values(wrong).some((count) => count > 0)) {
      throw new Error(`the ledger audit failed: ${JSON.stringify(wrong)}`);
    }
    return orders;
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
