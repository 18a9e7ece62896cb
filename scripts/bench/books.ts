/** The database as the bench sees it: it puts the books in order before each step and audits them after it. */
import pg from 'pg';
import { auditBooks, noteBegunStocks } from '../support/audit.ts';
import { sql } from './sql.ts';

export interface Counters {
  readonly transactions: number;
  readonly walBytes: number;
}

const SETTLE_LIMIT_MS = 20_000;
const LOOK_INTERVAL_MS = 40;
/** So many looks in a row must show that nothing is done. */
const CALM_LOOKS = 5;
const QUERY_LIMIT_MS = 60_000;

export class Books {
  readonly #pool: pg.Pool;

  private constructor(url: string) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: 1,
      application_name: 'bench',
      query_timeout: QUERY_LIMIT_MS,
    });
    this.#pool.on('error', () => {});
  }

  /** Opens the books of a primary that has just been seeded. */
  static async open(url: string): Promise<Books> {
    const books = new Books(url);
    await books.#pool.query(sql('books-prepare'));
    await noteBegunStocks(books.#pool);
    return books;
  }

  /** Makes stock and orders what they were in the beginning. */
  async reset(): Promise<void> {
    await this.#pool.query(sql('books-reset'));
    await this.#pool.query(sql('books-vacuum'));
  }

  /**
   * Waits until the last requests of a load have been worked off. The load client is gone by then, but not what
   * it had sent. The service's checks of its nodes come and go meanwhile.
   *
   * @throws when that takes too long.
   */
  async settle(): Promise<void> {
    const limitMs = performance.now() + SETTLE_LIMIT_MS;
    let last = '';
    for (let calm = 0; calm < CALM_LOOKS; ) {
      const { rows } = await this.#pool.query(sql('busy'));
      calm = rows[0].busy === 0 && rows[0].transactions === last ? calm + 1 : 0;
      last = rows[0].transactions;
      if (performance.now() > limitMs) throw new Error('the service does not come to rest after a load');
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
    }
  }

  async counters(): Promise<Counters> {
    const { rows } = await this.#pool.query(sql('counters'));
    return { transactions: Number(rows[0].transactions), walBytes: Number(rows[0].wal_bytes) };
  }

  /**
   * Audits the books.
   *
   * @returns how many orders there are.
   * @throws when what is reserved is not what open orders hold.
   */
  async audit(): Promise<number> {
    const { orders, ...wrong } = await auditBooks(this.#pool);
    if (Object.values(wrong).some((count) => count > 0)) {
      throw new Error(`the books do not balance: ${JSON.stringify(wrong)}`);
    }
    return orders;
  }

  async version(): Promise<string> {
    const { rows } = await this.#pool.query('SHOW server_version');
    return rows[0].server_version;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
