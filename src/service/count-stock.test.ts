/** Counts that come late, in any order, between sales and receipts: right to the piece. */
import fc from 'fast-check';
import pg from 'pg';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useLoms } from '../../test/support/database.ts';
import { type Instant, instantOfMicros } from '../domain/instant.ts';
import { changeStock, lockStock } from '../domain/stock/stock.ts';

const SKU = 7;
const { database, router, loms } = useLoms();
const services = [loms, openService(router)] as const;

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
});

const now = async (): Promise<Instant> => {
  const [row] = await database.query(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS us',
  );
  return instantOfMicros(BigInt(String(row?.us)));
};
const countOf = (sku: number, counted: number, countedAt: Instant) => {
  return { sku, counted: BigInt(counted), countedAt, reference: '', note: '' };
};
const count = (counted: number, countedAt: Instant, by = loms) =>
  by.countStock({ counts: [countOf(SKU, counted, countedAt)] }, anyCall);
const total = async () => {
  const [row] = await database.query('SELECT total_count FROM stocks WHERE sku = $1', [SKU]);
  return Number(row?.total_count);
};

let keys = 0;
const adjust = (change: number, by = loms) => {
  const changes = [{ sku: SKU, change: BigInt(change), reason: 'other', reference: '', note: '' } as const];
  return by.adjustStock({ changes }, { ...anyCall, idempotencyKey: `key ${keys++}` });
};
const order = async (pieces: number, end: 'pay' | 'cancel' | 'leave', by = loms) => {
  const created = await by.createOrder({ user: 1n, items: [{ sku: SKU, count: pieces }] }, anyCall);
  if (!created.ok) return 0;
  const { orderId } = created.value;
  if (end === 'cancel') await by.cancelOrder({ orderId }, anyCall);
  if (end !== 'pay') return 0;
  await by.payOrder({ orderId }, anyCall);
  return pieces;
};

const by = fc.nat(1);
const pieces = fc.integer({ min: 1, max: 5 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('adjust' as const), change: fc.integer({ min: 1, max: 9 }), by }),
  fc.record({ kind: fc.constant('order' as const), pieces, end: fc.constantFrom('pay', 'cancel'), by }),
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({ kind: fc.constant('send' as const), pick: fc.nat(), by }),
);

test('a count that is sent later, in any order, leads to what is there; a stale one is refused', async () => {
  let stale = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 30 }),
      fc.integer({ min: -9, max: 9 }),
      async (steps, error) => {
        await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
        // What is there, and what the books have, which are wrong at first.
        let there = 50;
        await database.query('INSERT INTO stocks (sku, total_count) VALUES ($1, $2)', [SKU, there + error]);
        const taken: { counted: number; at: Instant }[] = [];
        let last = 0n;
        for (const each of steps) {
          if (each.kind === 'take') taken.push({ counted: there, at: await now() });
          if (each.kind === 'adjust') {
            await adjust(each.change, services[each.by]);
            there += each.change;
          }
          if (each.kind === 'order') there -= await order(each.pieces, each.end as 'pay', services[each.by]);
          if (each.kind !== 'send' || taken.length === 0) continue;
          const [sent = { counted: 0, at: 0n }] = taken.splice(each.pick % taken.length, 1);
          const outcome = await count(sent.counted, sent.at, services[each.by]);
          if (sent.at < last) {
            stale++;
            expect(outcome).toMatchObject({ refusal: { reason: 'COUNT_STALE' } });
          } else {
            last = sent.at;
            expect(outcome).toMatchObject({
              value: { results: [{ total: BigInt(there), changedSince: BigInt(there - sent.counted) }] },
            });
          }
          expect(await total()).toBe(last === 0n ? there + error : there);
        }
      },
    ),
    { numRuns: 15 },
  );
  expect(stale).toBeGreaterThan(0);
});

test('counts of one batch are decided in order: each by its own time', async () => {
  await adjust(10);
  const first = await now();
  await order(2, 'pay');
  const second = await now();
  await order(1, 'pay');
  const [one, two, three] = await Promise.all([count(11, first), count(9, second), count(10, first)]);
  expect(one).toMatchObject({ value: { results: [{ totalBefore: 7n, total: 8n, changedSince: -3n }] } });
  expect(two).toMatchObject({ value: { results: [{ totalBefore: 8n, total: 8n, changedSince: -1n }] } });
  expect(three).toMatchObject({ refusal: { reason: 'COUNT_STALE' } });
});

test('a change whose transaction began before the count and wrote after it has happened since', async () => {
  await adjust(10);
  const client = new pg.Client({ connectionString: database.primaryUrl });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query('SELECT now()');
  const countedAt = await now();
  const db = { query: (text: string, values: unknown[]) => client.query(text, values as unknown[]) } as never;
  await lockStock(db, [SKU]);
  await changeStock(db, [{ sku: SKU, total: -3, reserved: 0, orderId: 1n, orderCount: 1 }]);
  const counting = count(10, countedAt);
  await client.query('COMMIT');
  expect(await counting).toMatchObject({ value: { results: [{ total: 7n, changedSince: -3n }] } });
});

test('the first change of stock that was not in the ledger is all that has changed since', async () => {
  await database.query('INSERT INTO stocks (sku, total_count) VALUES ($1, 100)', [SKU]);
  const countedAt = await now();
  await adjust(-2);
  expect(await count(100, countedAt)).toMatchObject({
    value: { results: [{ totalBefore: 98n, total: 98n, changedSince: -2n }] },
  });
});

test('where the clock is behind the last movement, times still follow versions', async () => {
  await adjust(10);
  await database.query(
    `WITH ahead AS (UPDATE stocks SET changed_at = now() + interval '1 hour')
     UPDATE stock_movements SET created_at = now() + interval '1 hour' WHERE version = 1`,
  );
  const countedAt = await now();
  await adjust(5);
  await adjust(5);
  expect(await database.query('SELECT FROM stocks WHERE changed_at > now()')).toHaveLength(1);
  const times = await database.query('SELECT created_at FROM stock_movements ORDER BY version');
  expect(times).toEqual(times.toSorted((a, b) => Number(a.created_at) - Number(b.created_at)));
  expect(await count(0, countedAt)).toMatchObject({ value: { results: [{ total: 20n }] } });
});

const kinds = ['received', 'sold', 'reserved', 'counted'] as const;
const movement = fc.record({
  kind: fc.constantFrom(...kinds),
  change: fc.integer({ min: -5, max: 9 }),
  pauseS: fc.nat(2),
});

test('what has changed since a time is the sum of the movements behind it, without counts', async () => {
  const beginS = 1_000;
  await fc.assert(
    fc.asyncProperty(
      fc.array(movement, { minLength: 1, maxLength: 40 }),
      fc.nat(80),
      fc.nat(50),
      async (movements, atS, firstVersion) => {
        await database.query('TRUNCATE stocks, stock_movements');
        let timeS = 0;
        let sum = 100;
        let since = 0;
        const rows = movements.map(({ kind, change, pauseS }) => {
          timeS += pauseS;
          sum += change;
          if (timeS > atS && kind !== 'counted') since += change;
          return { change, total: sum, timeS, kind };
        });
        await database.query(
          `INSERT INTO stock_movements (sku, version, total_change, reserved_change, total_after,
             reserved_after, created_at, order_count, kind)
           SELECT $1, $2 + position, change, 0, total, 0, now() - make_interval(secs => $3 - "timeS"), 0, kind
           FROM ROWS FROM (jsonb_to_recordset($4) AS (change int, total int, "timeS" int, kind text))
             WITH ORDINALITY AS rows (change, total, "timeS", kind, position)`,
          [SKU, firstVersion, beginS, JSON.stringify(rows)],
        );
        await database.query(
          `INSERT INTO stocks (sku, total_count, version) SELECT sku, total_after, version
           FROM stock_movements ORDER BY version DESC LIMIT 1`,
        );
        const [row] = await database.query(
          `SELECT (extract(epoch FROM min(created_at)) * 1000000)::bigint + 1000000 * ($1 - $2::int) AS us
           FROM stock_movements`,
          [atS, rows[0]?.timeS],
        );
        const outcome = await count(1_000, instantOfMicros(BigInt(String(row?.us))));
        expect(outcome).toMatchObject({ value: { results: [{ changedSince: BigInt(since) }] } });
      },
    ),
    { numRuns: 40 },
  );
});
