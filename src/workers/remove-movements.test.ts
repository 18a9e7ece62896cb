/** Removal of old movements of stock: the ledger goes on explaining the stock, in bounded steps. */
import { beforeEach, expect, test, vi } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useDatabase, useRouter } from '../../test/support/database.ts';
import { quiet } from '../../test/support/quiet.ts';
import { startService } from '../../test/support/service.ts';
import { type MovementWindow, removeMovements } from '../domain/stock/retention.ts';
import { MovementRemoval, RUN_MOVEMENTS_MAX } from './remove-movements.ts';

const database = useDatabase();
const router = useRouter(database);
const RETENTION_DAYS = 7;
const retentionMs = RETENTION_DAYS * 86_400_000;

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
});

const remove = (window: MovementWindow) => router.write((tx) => removeMovements(tx, window));
const openRemoval = () => new MovementRemoval({ retentionMs, remove, logger: quiet });

/** Runs a pass to its end. Returns how many movements each of its runs removed. */
async function pass(removal = openRemoval()): Promise<number[]> {
  const removed: number[] = [];
  for (let more = true; more; ) {
    const run = await removal.runOnce();
    removed.push(run.removed);
    more = run.more;
  }
  return removed;
}

/** Gives a sku an opening with 100 pieces and then movements of one piece each, that number of days ago. */
async function insert(sku: number, old: number, young: number): Promise<void> {
  await database.query('INSERT INTO stocks (sku, total_count, reserved, version) VALUES ($1, $2, 0, $3)', [
    ...[sku, 100 + old + young, old + young],
  ]);
  await database.query(
    `INSERT INTO stock_movements (sku, version, total_change, reserved_change, total_after, reserved_after,
       created_at, order_count, kind)
     SELECT $1, n, least(n, 1), 0, 100 + n, 0,
       now() - CASE WHEN n <= $2::int THEN $4::float8 ELSE 1 END * interval '1 day', 0,
       CASE n WHEN 0 THEN 'opened' ELSE 'received' END
     FROM generate_series(0, $2::int + $3::int) AS n`,
    [sku, old, young, RETENTION_DAYS + 1],
  );
}

/** The ledger of each sku: what its rows are, and whether they lead to the stock without a gap. */
const ledgers = () =>
  database.query(
    `SELECT sku::int, array_agg(kind || ' ' || version || ': ' || total_after ORDER BY version) AS rows,
       bool_and(follows) AND max(version) = (SELECT version FROM stocks WHERE stocks.sku = linked.sku)
         AND max(total_after) = (SELECT total_count FROM stocks WHERE stocks.sku = linked.sku) AS sound
     FROM (
       SELECT *, coalesce(lag(total_after) OVER chain = total_after - total_change
         AND lag(version) OVER chain = version - 1, kind = 'opened') AS follows
       FROM stock_movements WINDOW chain AS (PARTITION BY sku ORDER BY version)
     ) AS linked
     GROUP BY sku ORDER BY sku`,
  );

test('an opening with the balance stands in the place of the old movements of each sku', async () => {
  await insert(1, 3, 2);
  await insert(2, 0, 2);
  await insert(3, 2, 0);
  expect(await pass()).toEqual([5]);
  expect(await ledgers()).toEqual([
    { sku: 1, rows: ['opened 3: 103', 'received 4: 104', 'received 5: 105'], sound: true },
    { sku: 2, rows: ['opened 0: 100', 'received 1: 101', 'received 2: 102'], sound: true },
    { sku: 3, rows: ['opened 2: 102'], sound: true },
  ]);
  expect(await pass()).toEqual([0]);
});

test('the stock moves on behind it', async () => {
  await insert(1, 3, 0);
  await pass();
  await openService(router).createOrder({ user: 1n, items: [{ sku: 1, count: 4 }] }, anyCall);
  expect(await ledgers()).toEqual([{ sku: 1, rows: ['opened 3: 103', 'reserved 4: 103'], sound: true }]);
});

test('a sku with more old movements than a run removes is worked off in several runs', async () => {
  await insert(1, RUN_MOVEMENTS_MAX + 500, 1);
  await insert(2, RUN_MOVEMENTS_MAX, 1);
  await insert(3, 4, 1);
  const removed = await pass();
  expect(removed.length).toBeGreaterThan(2);
  expect(Math.max(...removed)).toBeLessThan(RUN_MOVEMENTS_MAX);
  expect(removed.reduce((sum, each) => sum + each)).toBe(2 * RUN_MOVEMENTS_MAX + 504);
  expect(await ledgers()).toMatchObject([
    { sku: 1, rows: ['opened 10500: 10600', 'received 10501: 10601'], sound: true },
    { sku: 2, rows: ['opened 10000: 10100', 'received 10001: 10101'], sound: true },
    { sku: 3, rows: ['opened 4: 104', 'received 5: 105'], sound: true },
  ]);
});

test('the rest of a sku is worked off in the same pass where nothing is old behind it', async () => {
  await insert(1, RUN_MOVEMENTS_MAX + 500, 1);
  await database.query('INSERT INTO stocks (sku, total_count, reserved) VALUES (2, 5, 0), (3, 5, 0)');
  expect((await pass()).reduce((sum, each) => sum + each)).toBe(RUN_MOVEMENTS_MAX + 500);
});

test('an instance whose retention ends later leaves no gap: it waits for the next pass', async () => {
  await insert(1, 3, 3);
  const window = { after: 0n, skusMax: 10, movementsMax: 100 };
  const later = () => remove({ ...window, retentionMs: 3_600_000 });
  await router.write(async (tx) => {
    const plan = await removeMovements(tx, { ...window, retentionMs });
    if (!('writes' in plan)) throw new Error('it was not first');
    await Promise.all(plan.writes);
    expect(await later()).toEqual({ removed: 0, last: 0n, isEnd: true });
    return plan;
  });
  expect(await ledgers()).toMatchObject([{ sku: 1, sound: true }]);
  expect(await later()).toMatchObject({ removed: 3 });
  expect(await ledgers()).toEqual([{ sku: 1, rows: ['opened 6: 106'], sound: true }]);
});

test('several instances at once remove each movement once', async () => {
  for (let sku = 1; sku <= 40; sku++) await insert(sku, 20, 2);
  const passes = await Promise.all([pass(), pass(), pass()]);
  expect(passes.flat().reduce((sum, each) => sum + each)).toBe(40 * 20);
  const all = await ledgers();
  expect(all).toHaveLength(40);
  expect(all.filter(({ sound }) => !sound)).toEqual([]);
  expect(await database.query('SELECT FROM stock_movements')).toHaveLength(40 * 3);
});

test('a service removes them where a retention is set', async () => {
  await insert(1, 3, 0);
  const service = await startService(database, { LEDGER_RETENTION_MS: String(retentionMs) });
  try {
    await vi.waitFor(async () => expect((await ledgers())[0]?.rows).toEqual(['opened 3: 103']), 10_000);
  } finally {
    await service.stop();
  }
});
