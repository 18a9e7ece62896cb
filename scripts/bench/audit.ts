/** The database of the bench: resets it before a step, audits it after it, counts transactions and WAL. */
import { LedgerAudit } from '../lib/ledger-audit.ts';
import { readStatements } from '../lib/statements.ts';

const statements = readStatements(
  new URL('sql/primary.sql', import.meta.url),
  'soldOutStockInsert',
  'activityRead',
  'countersRead',
);

export interface Counters {
  readonly transactions: number;
  readonly walBytes: number;
}

const SETTLE_LIMIT_MS = 20_000;
const CHECK_INTERVAL_MS = 40;
/** Checks in a row that must show no activity. */
const IDLE_CHECKS = 5;

export class BenchAudit extends LedgerAudit {
  /** Opens the audit of a primary that has just been seeded. */
  static async open(url: string): Promise<BenchAudit> {
    const audit = new BenchAudit(url, 'bench');
    await audit.pool.query(statements.soldOutStockInsert);
    await audit.begin();
    return audit;
  }

  /**
   * Waits until the last requests of a load are done: they may still run after its client has ended. The
   * service's health checks of its nodes may interrupt the idle time, so it takes several checks in a row.
   *
   * @throws when it takes too long.
   */
  async settle(): Promise<void> {
    const limitMs = performance.now() + SETTLE_LIMIT_MS;
    let last = '';
    for (let idle = 0; idle < IDLE_CHECKS; ) {
      const { rows } = await this.pool.query(statements.activityRead);
      idle = rows[0].busy === 0 && rows[0].transactions === last ? idle + 1 : 0;
      last = rows[0].transactions;
      if (performance.now() > limitMs) throw new Error('the service is still busy after a load');
      await new Promise((resolve) => setTimeout(resolve, CHECK_INTERVAL_MS));
    }
  }

  async counters(): Promise<Counters> {
    const { rows } = await this.pool.query(statements.countersRead);
    return { transactions: Number(rows[0].transactions), walBytes: Number(rows[0].wal_bytes) };
  }

  async version(): Promise<string> {
    const { rows } = await this.pool.query('SHOW server_version');
    return rows[0].server_version;
  }
}
