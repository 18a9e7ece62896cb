/** The plans of statements on stock and its ledger: each reads along an index, and no more than its share. */
import { beforeAll, expect, test } from 'vitest';
import { useDatabase } from '../../../test/support/database.ts';
import { planOf } from '../../../test/support/plan.ts';
import type { Queryable } from '../../db/types.ts';
import {
  stockChainAudit,
  stockCounterAudit,
  stockMovementDelete,
  stockMovementList,
  stockMovementOld,
  stockReservedMoves,
} from '../../generated/sql/stock_movements.ts';
import { stockCountRead, stockRead, stockVersionList } from '../../generated/sql/stocks.ts';

const database = useDatabase();

beforeAll(async () => {
  await database.query(`
    INSERT INTO stocks (sku, total_count, reserved, version)
    SELECT sku, 9, 0, 10 FROM generate_series(1, 5000) AS sku`);
  await database.query(`
    INSERT INTO stock_movements (sku, version, total_change, reserved_change, total_after, reserved_after,
      created_at, order_count, kind)
    SELECT sku, version, 0, 0, 9, 0, now(), 0, 'opened'
    FROM generate_series(1, 5000) AS sku, generate_series(1, 10) AS version`);
  await database.query('VACUUM (ANALYZE) stocks, stock_movements');
});

const MOVEMENTS = 'stock_movements_pkey on stock_movements';

test.each([
  [
    'a page of history, newest first',
    (db: Queryable) => stockMovementList.run({ sku: 7n, below: 9n, limit: 51n }, db),
    [`Index Scan Backward using ${MOVEMENTS}`],
  ],
  [
    'the audit of counters, and of each sku the last movement',
    (db: Queryable) => stockCounterAudit.run({ after: 0n, limit: 1_000n }, db),
    ['Index Scan using stocks_pkey on stocks', `Index Scan Backward using ${MOVEMENTS} movements`],
  ],
  [
    'the audit of chains, and the stock of openings alone',
    (db: Queryable) => stockChainAudit.run({ sku: 7n, version: 1n, limit: 5_001n }, db),
    [`Index Scan using ${MOVEMENTS}`, 'Index Only Scan using stocks_pkey on stocks'],
  ],
  [
    'the movements between two versions',
    (db: Queryable) => stockReservedMoves.run({ skus: [7n], afters: [1n], upTos: [2n] }, db),
    [/Index Scan using stock_movements_pkey.*\n +Index Cond: .*version > span.after.*version <= span.up_to/],
  ],
  [
    'the last old movement of each sku, by halves',
    (db: Queryable) => stockMovementOld.run({ after: 0n, retentionMs: 1, skus: 500n, limit: 10_000n }, db),
    [
      /Limit\n +-> {2}Index Only Scan using stock_movements_pkey/,
      /Index Scan using stock_movements_pkey.*\n +Index Cond: .*version = search.low/,
    ],
  ],
  [
    'the removal of movements, and none of those that stay',
    (db: Queryable) => stockMovementDelete.run({ skus: [7n], versions: [3n] }, db),
    [
      /Delete on stock_movements\n/,
      /Scan (using|on) stock_movements_pkey.*\n +Index Cond: .*sku = closed.sku.*version <= closed.version/,
      /Tid Scan on stock_movements\n +TID Cond: .*ctid = ANY/,
    ],
  ],
  [
    'what has changed since a count',
    (db: Queryable) => stockCountRead.run({ skus: [7n], countedAts: ['2026-11-26T12:00:00Z'] }, db),
    [
      /CTE search\n.*\n(.*\n)*? +-> {2}Limit\n +-> {2}Index Only Scan using stock_movements_pkey/,
      /Index Scan using stock_movements_pkey.*\n +Index Cond: .*version = search.high/,
      /Index Scan using stock_movements_counts.*\n +Index Cond: .*version >= search.high/,
    ],
  ],
  [
    'what is available of many skus',
    (db: Queryable) => stockRead.run({ skus: [7n, 8n] }, db),
    [/^Index Scan using stocks_pkey on stocks\n +Index Cond: \(sku = ANY/],
  ],
  [
    'what is reserved of a range of skus',
    (db: Queryable) => stockVersionList.run({ after: 0n, upTo: 9n, limit: 20_000n }, db),
    ['Index Scan using stocks_pkey on stocks'],
  ],
])('%s: read along an index', async (_title, run, scans) => {
  const plan = await planOf(database, run);
  for (const scan of scans) expect(plan).toMatch(scan);
  expect(plan).not.toMatch(/Seq Scan|Sort Key.*\n +-> {2}Index/);
});
