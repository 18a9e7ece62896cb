/** The books as the bench keeps them: it puts them in order before each step, and counts what a step has cost. */
import { Books } from '../lib/books.ts';
import { sql } from './sql.ts';

export interface Counters {
  readonly transactions: number;
  readonly walBytes: number;
}

const SETTLE_LIMIT_MS = 20_000;
const LOOK_INTERVAL_MS = 40;
/** So many looks in a row must show that nothing is done. */
const CALM_LOOKS = 5;

export class BenchBooks extends Books {
  /** Opens the books of a primary that has just been seeded. */
  static async open(url: string): Promise<BenchBooks> {
    const books = new BenchBooks(url, 'bench');
    await books.pool.query(sql('books-prepare'));
    await books.begin();
    return books;
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
      const { rows } = await this.pool.query(sql('busy'));
      calm = rows[0].busy === 0 && rows[0].transactions === last ? calm + 1 : 0;
      last = rows[0].transactions;
      if (performance.now() > limitMs) throw new Error('the service does not come to rest after a load');
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
    }
  }

  async counters(): Promise<Counters> {
    const { rows } = await this.pool.query(sql('counters'));
    return { transactions: Number(rows[0].transactions), walBytes: Number(rows[0].wal_bytes) };
  }

  async version(): Promise<string> {
    const { rows } = await this.pool.query('SHOW server_version');
    return rows[0].server_version;
  }
}
