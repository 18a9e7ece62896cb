/** The books of a database: what its stock began with, what has become of it, and whether the two agree. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { auditBooks, noteBegunStocks } from './audit.ts';

const read = (name: string) => readFileSync(new URL(`${name}.sql`, import.meta.url), 'utf8');
const resetStatement = read('books-reset');
const vacuumStatement = read('books-vacuum');

const QUERY_LIMIT_MS = 60_000;

export class Books {
  protected readonly pool: pg.Pool;

  /** @param reader who it is that looks, as the sessions of the database show it. */
  constructor(url: string, reader: string) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: 1,
      application_name: reader,
      query_timeout: QUERY_LIMIT_MS,
    });
    this.pool.on('error', () => {});
  }

  /** Begins them with the stock of this moment, which nobody has touched yet. */
  begin(): Promise<void> {
    return noteBegunStocks(this.pool);
  }

  /** Makes stock and orders what they were in the beginning. */
  async reset(): Promise<void> {
    await this.pool.query(resetStatement);
    await this.pool.query(vacuumStatement);
  }

  /**
   * Audits the books.
   *
   * @returns how many orders there are.
   * @throws when what is reserved is not what open orders hold.
   */
  async audit(): Promise<number> {
    const { orders, ...wrong } = await auditBooks(this.pool);
    if (Object.values(wrong).some((count) => count > 0)) {
      throw new Error(`the books do not balance: ${JSON.stringify(wrong)}`);
    }
    return orders;
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
