/** The statements of the feed read what they need along an index, however many batches there are. */
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../../../test/support/database.ts';
import { planOf } from '../../../test/support/plan.ts';
import { encodeValues } from '../../db/pool.ts';
import type { Queryable } from '../../db/types.ts';
import {
  eventBatchAt,
  eventBatchDelete,
  eventBatchNth,
  eventHead,
  eventOrderRead,
  eventPositionBefore,
  eventPublish,
  eventRead,
  eventSkuRead,
  eventStockRead,
  eventTail,
} from '../../generated/sql/events.ts';
import { PUBLISHER_LOCK } from '../locks.ts';

const database = useDatabase();
const BATCHES = 50_000;
const WAITING = 200;

/** Writes batches of one event each; those that wait have no position. */
const insert = (from: number, to: number, isPublished: boolean) =>
  database.query(
    `INSERT INTO event_batches
     SELECT id, CASE WHEN $3 THEN id END, CASE WHEN $3 THEN now() END, now(), 1, '{created}', ARRAY[id],
       '{1}', '{}', '{}', ARRAY[id % 100 + 1]
     FROM generate_series($1::bigint, $2::bigint) AS id`,
    [from, to, isPublished],
  );

const pageLimits = { textMax: 100_000n, linesMax: 100_000n, fewOrders: 100n };

const statements: Record<string, (db: Queryable) => Promise<unknown>> = {
  publish: (db) => eventPublish.run({ lock: PUBLISHER_LOCK, limit: 1_000n }, db),
  head: (db) => eventHead.run(undefined, db),
  tail: (db) => eventTail.run(undefined, db),
  'batch of a cursor': (db) => eventBatchAt.run({ position: 25_000n }, db),
  'position of a time': (db) => eventPositionBefore.run({ beforeUs: 0n }, db),
  read: (db) => eventRead.run({ after: 25_000n, scan: 1_000n }, db),
  'orders of a page': (db) => eventOrderRead.run({ orderIds: [1n, 2n, 3n], ...pageLimits }, db),
  skus: (db) => eventSkuRead.run({ after: 25_000n, upTo: 25_064n, afterSku: 0n, limit: 51n }, db),
  'end of a window': (db) => eventBatchNth.run({ after: 25_000n, batches: 64n }, db),
  removal: (db) => eventBatchDelete.run({ retentionMs: 60_000, limit: 500n }, db),
};

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

function rowsOf(node: PlanNode): number {
  const { 'Rows Removed by Filter': removed = 0, Plans: below = [] } = node;
  const own = node['Relation Name'] ? (node['Actual Rows'] + removed) * node['Actual Loops'] : 0;
  return below.reduce((sum, each) => sum + rowsOf(each), own);
}

/** Runs a statement with its values, without a trace. Returns how many rows its scans looked at. */
async function lookedAt(run: (db: Queryable) => Promise<unknown>): Promise<number> {
  const client = new pg.Client({ connectionString: database.primaryUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    let looked = 0;
    const query = async (text: string, values: unknown[]) => {
      const explained = `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`;
      const { rows } = await client.query(explained, encodeValues(values));
      looked += rowsOf(rows[0]['QUERY PLAN'][0].Plan);
      return { rows: [], rowCount: 0 };
    };
    await run({ query: query as never });
    await client.query('ROLLBACK');
    return looked;
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  await database.query('TRUNCATE event_batches');
  await database.query('ALTER TABLE event_batches SET (autovacuum_enabled = false)');
});

// Statistics may come from a moment when publishing was held up.
describe.each([
  ['no batch is published', 0],
  ['nearly all are published', BATCHES],
])('with statistics from when %s', (_title, published) => {
  beforeAll(async () => {
    await database.query('DELETE FROM event_batches');
    await insert(1, published, true);
    await insert(published + 1, 10_000, false);
    await database.query('VACUUM (ANALYZE) event_batches');
    await database.query('DELETE FROM event_batches');
    await insert(1, BATCHES, true);
    await insert(BATCHES + 1, BATCHES + WAITING, false);
    await database.query('VACUUM event_batches');
  });

  test.each(Object.entries(statements))('%s scans no table', async (_name, run) => {
    expect(await planOf(database, run)).not.toMatch(/Seq Scan/);
  });

  test('batches that wait are found along their own index, and the lock is asked for once', async () => {
    const plan = await planOf(database, statements.publish as never);
    const once = / +-> {2}Result\n +One-Time Filter: .+\n/;
    const alongIndex = / +-> {2}Index Scan using event_batches_waiting/;
    expect(plan).toMatch(new RegExp(once.source + alongIndex.source));
  });

  test('the head and the tail are read from the ends of the index of positions', async () => {
    const end = /^Limit\n {2}-> {2}Index (Only )?Scan( Backward)? using event_batches_position/;
    expect(await planOf(database, statements.head as never)).toMatch(end);
    expect(await planOf(database, statements.tail as never)).toMatch(end);
  });

  test.each([
    ['publish', 4 * WAITING + 1],
    ['head', 1],
    ['tail', 1],
    ['batch of a cursor', 2],
    ['position of a time', 40],
    ['read', 1_002],
    ['skus', 64],
    ['end of a window', 64],
    ['removal', 501],
  ])('%s looks at no more rows than it needs', async (name, most) => {
    expect(await lookedAt(statements[name] as never)).toBeLessThanOrEqual(most);
  });
});

test('movements are read by sku and version, of a sku that has many too', async () => {
  await database.query(`
    INSERT INTO stock_movements (sku, version, total_change, reserved_change, total_after, reserved_after,
      created_at, order_count, kind)
    SELECT 1, version, 1, 0, version, 0, now(), 0, 'received' FROM generate_series(1, 20000) AS version`);
  await database.query('ANALYZE stock_movements');
  const run = (db: Queryable) => eventStockRead.run({ skus: [1n], versions: [9n] }, db);
  expect(await planOf(database, run)).toMatch(
    /Index Cond: \(\(sku = wanted.sku\) AND .*\(version = wanted.version\)\)$/,
  );
  expect(await lookedAt(run)).toBe(1);
});
