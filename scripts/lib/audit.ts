/** The audit of the books: in one snapshot, whether stock and orders agree. */
import { readFileSync } from 'node:fs';
import type pg from 'pg';

const read = (name: string) => readFileSync(new URL(`${name}.sql`, import.meta.url), 'utf8');
const noteBegun = read('begun-stocks');
const check = read('books-check');

/** What an audit found: how many skus and orders are not as they must be, and how many orders there are. */
export interface Audit {
  /** Skus that hold or have lost something else than their orders say. */
  readonly wrongSkus: number;
  /** Skus of which more is promised than there is. */
  readonly oversoldSkus: number;
  /** Orders without lines. */
  readonly bareOrders: number;
  /** Orders whose reservation was never decided. */
  readonly undecidedOrders: number;
  readonly orders: number;
}

/** Notes what every sku begins with, which later audits compare with. */
export async function noteBegunStocks(db: pg.Pool | pg.Client): Promise<void> {
  await db.query(noteBegun);
}

/** Audits the books, on any node. */
export async function auditBooks(db: pg.Pool | pg.Client): Promise<Audit> {
  const { rows } = await db.query(check);
  const [found] = rows;
  return {
    wrongSkus: found.wrong_skus,
    oversoldSkus: found.oversold_skus,
    bareOrders: found.bare_orders,
    undecidedOrders: found.undecided_orders,
    orders: found.orders,
  };
}
