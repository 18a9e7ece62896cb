/** The database of the bench: resets it before a step, audits it after it, counts transactions and WAL. */
import { query } from '../../test/support/query.ts';
import { LedgerAudit } from '../lib/ledger-audit.ts';
import { readStatements } from '../lib/statements.ts';
import { FIRST_SKU, SKUS } from './stock.ts';

const statements = readStatements(
  new URL('sql/primary.sql', import.meta.url),
  'soldOutStockInsert',
  'walKeep',
  'settingsLoad',
  'walSegmentFill',
  'walRecycle',
  'commitWrite',
  'activityRead',
  'countersRead',
  'walInspect',
  'commitsRead',
);

const feed = readStatements(
  new URL('sql/feed.sql', import.meta.url),
  'feedTrim',
  'feedFill',
  'unpublishedRead',
);

/** Enough for two minutes of steps, behind which a checkpoint has come by itself: 16 MiB each. */
const WAL_SEGMENTS = 96;

/** How many orders are written for the feed in one statement. */
const FILL_ORDERS = 25_000;
const EVENTS_PER_ORDER = 2;
const FILL_LIMIT_MS = 60_000;

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
   * Gives the nodes segments of WAL to recycle, as every database has that has run for a while. A new one
   * fills each with zeros first, and meanwhile commits wait.
   */
  async prepareWal(replicaUrls: readonly string[]): Promise<void> {
    const keep = [statements.walKeep, statements.settingsLoad];
    for (const statement of keep) await this.pool.query(statement);
    for (const url of replicaUrls) for (const statement of keep) await query(url, statement);
    for (let count = 0; count < WAL_SEGMENTS; count++) await this.pool.query(statements.walSegmentFill);
    await this.pool.query(statements.walRecycle);
    await this.pool.query(statements.commitWrite);
    for (const url of replicaUrls) await query(url, statements.walRecycle);
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

  /**
   * Makes a feed of this number of events, fewer if that takes too long, and waits until they are published.
   *
   * @returns how many events it has.
   * @throws when they are not published in time.
   */
  async fillFeed(eventsMax: number): Promise<number> {
    const fillUntilMs = performance.now() + FILL_LIMIT_MS;
    await this.pool.query(feed.feedTrim);
    let events = 0;
    for (; events < eventsMax && performance.now() < fillUntilMs; events += FILL_ORDERS * EVENTS_PER_ORDER) {
      await this.pool.query(feed.feedFill, [FILL_ORDERS, FIRST_SKU, SKUS]);
    }
    const limitMs = performance.now() + SETTLE_LIMIT_MS;
    for (;;) {
      const { rows } = await this.pool.query(feed.unpublishedRead);
      if (rows[0].batches === 0) return events;
      if (performance.now() > limitMs) throw new Error('events are not published');
      await new Promise((resolve) => setTimeout(resolve, CHECK_INTERVAL_MS));
    }
  }

  async counters(): Promise<Counters> {
    const { rows } = await this.pool.query(statements.countersRead);
    return { transactions: Number(rows[0].transactions), walBytes: Number(rows[0].wal_bytes) };
  }

  /** When the orders since then were committed, in milliseconds since the epoch, by order. */
  async commitsSince({ walBytes }: Counters): Promise<Map<string, number>> {
    await this.pool.query(statements.walInspect);
    const { rows } = await this.pool.query(statements.commitsRead, [walBytes]);
    return new Map(rows.map(({ order_id, committed_ms }) => [order_id, Number(committed_ms)]));
  }

  async version(): Promise<string> {
    const { rows } = await this.pool.query('SHOW server_version');
    return rows[0].server_version;
  }
}
