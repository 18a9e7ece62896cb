/** The walk over open orders by their ends finds the same in windows of any size. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { useLoms } from '../../../test/support/database.ts';
import type { Release } from '../stock/releases.ts';
import { HoldWalk, type Shortfall, type WalkLimits } from './holds.ts';

const { database, router } = useLoms();
const NOW_US = 1_795_694_400_000_000n;
const ALL = { windowsAhead: 1_000, windowsMax: 1_000 };

const line = fc.record({ sku: fc.integer({ min: 1, max: 3 }), count: fc.integer({ min: 1, max: 5 }) });
/** Some end at the same moment, in the order of no ids; the moment itself is over. */
const order = fc.record({
  endUs: fc.integer({ min: -4, max: 4 }).map((delta) => NOW_US + BigInt(delta)),
  lines: fc.uniqueArray(line, { minLength: 1, maxLength: 3, selector: ({ sku }) => sku }),
});
type HeldOrder = { endUs: bigint; lines: { sku: number; count: number }[] };

async function insert(orders: readonly HeldOrder[]): Promise<void> {
  await database.query('TRUNCATE order_lines, orders');
  const lines = orders.flatMap((each, id) => each.lines.map((held) => ({ id: id + 1, ...held })));
  await database.query(
    `INSERT INTO orders SELECT id, 1, 'epoch', 'epoch', 'awaiting payment',
       'epoch'::timestamptz + ends_us * interval '1 microsecond'
     FROM unnest($1::bigint[]) WITH ORDINALITY AS held (ends_us, id)`,
    [orders.map(({ endUs }) => endUs)],
  );
  await database.query(
    'INSERT INTO order_lines SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::int[])',
    [lines.map(({ id }) => id), lines.map(({ sku }) => sku), lines.map(({ count }) => count)],
  );
}

async function walk(shortfall: Shortfall, limits: WalkLimits) {
  const walked = new HoldWalk(shortfall, limits);
  let windows = 0;
  for (; !walked.isDone; windows++) walked.add(await router.read((db) => walked.read(db)));
  return { overdue: [...walked.overdue], releases: walked.releases, windows };
}

/** What a walk over all of them at once finds. */
function expected(orders: readonly HeldOrder[], missing: ReadonlyMap<number, number>) {
  const left = new Map(missing);
  const byEnd = orders
    .map((each, index) => ({ ...each, id: BigInt(index + 1) }))
    .sort((a, b) => Number(a.endUs - b.endUs || a.id - b.id));
  const overdue = byEnd.filter(({ endUs, lines }) => {
    const isWanted = endUs <= NOW_US && lines.some(({ sku }) => (left.get(sku) ?? 0) > 0);
    if (isWanted) for (const { sku, count } of lines) left.set(sku, (left.get(sku) ?? 0) - count);
    return isWanted;
  });
  const ahead = (of: number): Release[] =>
    byEnd.flatMap(({ endUs, lines }) =>
      endUs <= NOW_US ? [] : lines.filter(({ sku }) => sku === of).map(({ count }) => ({ endUs, count })),
    );
  const skus = [...missing.keys()].filter((sku) => (left.get(sku) ?? 0) > 0);
  return { overdue: overdue.map(({ id }) => id), ahead: new Map(skus.map((sku) => [sku, ahead(sku)])) };
}

const pieces = (releases: readonly Release[]) => releases.reduce((sum, { count }) => sum + count, 0);

test('it takes what is overdue in the order of the ends, and finds the next releases', async () => {
  const missing = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 12 })), {
      minLength: 1,
      selector: ([sku]) => sku,
    })
    .map((entries) => new Map(entries));
  const limits = fc.record({
    window: fc.integer({ min: 1, max: 6 }),
    windowLines: fc.integer({ min: 4, max: 9 }),
    probes: fc.integer({ min: 1, max: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(order, { maxLength: 14 }), missing, limits, async (orders, wanted, size) => {
      await insert(orders);
      const { overdue, releases } = await walk({ nowUs: NOW_US, missing: wanted }, { ...size, ...ALL });
      const { overdue: taken, ahead } = expected(orders, wanted);
      expect(overdue).toEqual(taken);
      expect([...releases.keys()]).toEqual([...ahead.keys()]);
      for (const [sku, found] of releases) {
        const all = ahead.get(sku) ?? [];
        expect(found).toEqual(all.slice(0, found.length));
        if (found.length < all.length) expect(pieces(found)).toBeGreaterThan(0);
      }
    }),
    { numRuns: 100 },
  );
});

test('it ends at its limits', async () => {
  const held = (endUs: bigint): HeldOrder => ({ endUs, lines: [{ sku: 1, count: 1 }] });
  await insert([...Array(10).fill(held(NOW_US)), ...Array(10).fill(held(NOW_US + 1n))]);
  const shortfall = { nowUs: NOW_US, missing: new Map([[1, 1_000]]) };
  const limits = { window: 2, windowLines: 1_001, probes: 1_000 };
  expect(await walk(shortfall, { ...limits, windowsAhead: 2, windowsMax: 100 })).toMatchObject({
    windows: 7,
  });
  const short = await walk(shortfall, { ...limits, windowsAhead: 100, windowsMax: 4 });
  expect([short.windows, short.overdue.length]).toEqual([4, 8]);
});

test('for many skus its windows are smaller', async () => {
  const held: HeldOrder = { endUs: NOW_US, lines: [{ sku: 1, count: 1 }] };
  await insert(Array(12).fill(held));
  const limits = { window: 6, windowLines: 1_001, probes: 9, ...ALL };
  const windowsFor = async (skus: number) => {
    const missing = new Map(Array.from({ length: skus }, (_, index) => [index + 1, 1_000]));
    return (await walk({ nowUs: NOW_US, missing }, limits)).windows;
  };
  // Of 6, 3 and 1 orders, and behind full ones an empty one.
  expect([await windowsFor(1), await windowsFor(3), await windowsFor(20)]).toEqual([3, 5, 13]);
});
