/** Adjustments by two instances at the same time: each is applied once, in some order. */
import { beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useLoms } from '../../test/support/database.ts';
import { OutcomeUnknown } from '../db/errors.ts';
import type { Database } from '../db/types.ts';
import type { Service } from './service.ts';

const { database, router, loms } = useLoms();
const other = openService(router);

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
});

interface Options {
  readonly by?: Service;
  readonly expectedTotal?: bigint;
  readonly caller?: string;
}

const adjust = (
  sku: number | readonly number[],
  change: bigint,
  idempotencyKey: string,
  options: Options = {},
) => {
  const { by = loms, expectedTotal, caller = '' } = options;
  const rest = { change, expectedTotal, reason: 'found', reference: '', note: '' } as const;
  const changes = [sku].flat().map((each) => ({ sku: each, ...rest }));
  return by.adjustStock({ changes }, { ...anyCall, caller, idempotencyKey });
};
const totals = async () => {
  const rows = await database.query('SELECT sku, total_count FROM stocks ORDER BY sku');
  return rows.map((row) => [Number(row.sku), Number(row.total_count)]);
};
const reasonOf = (outcome: Awaited<ReturnType<typeof adjust>>) =>
  outcome.ok ? 'OK' : outcome.refusal.reason;

test('the same key in two instances at once changes the stock once, with one answer', async () => {
  for (let round = 1; round <= 5; round++) {
    const calls = Array.from({ length: 20 }, (_, index) =>
      adjust(7, 2n, `key ${round}`, { by: index % 2 === 0 ? loms : other }),
    );
    const answers = await Promise.all(calls);
    const total = BigInt(2 * round);
    const value = { stocks: [{ sku: 7, total, reserved: 0n, count: total }] };
    for (const answer of answers) expect(answer).toMatchObject({ ok: true, value });
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await totals()).toEqual([[7, 2 * round]]);
  }
});

test('after a lost answer the same key shows what was done', async () => {
  const losing: Database = {
    read: (work) => router.read(work),
    async write(work) {
      await router.write(work);
      throw new OutcomeUnknown('the answer was lost');
    },
  };
  expect(reasonOf(await adjust(7, 2n, 'lost', { by: openService(losing) }))).toBe('OUTCOME_UNKNOWN');
  expect(await adjust(7, 2n, 'lost')).toMatchObject({ value: { stocks: [{ total: 2n }] }, replayed: true });
  expect(await totals()).toEqual([[7, 2]]);
});

test('skus without stock get some from two instances at once, in any order', async () => {
  for (let round = 0; round < 10; round++) {
    const skus = [1, 2, 3, 4].map((each) => 4 * round + each);
    const calls = Array.from({ length: 10 }, (_, index) => {
      const by = index % 2 === 0 ? loms : other;
      return adjust(index % 3 === 0 ? skus : skus.toReversed(), 1n, `${round} ${index}`, { by });
    });
    expect((await Promise.all(calls)).map(reasonOf)).toEqual(Array(10).fill('OK'));
  }
  expect(await totals()).toEqual(Array.from({ length: 40 }, (_, index) => [index + 1, 10]));
});

test('of many that expect the same total one is applied', async () => {
  await adjust(7, 5n, 'first');
  const calls = Array.from({ length: 20 }, (_, index) =>
    adjust(7, 1n, `key ${index}`, { by: index % 2 === 0 ? loms : other, expectedTotal: 5n }),
  );
  const reasons = (await Promise.all(calls)).map(reasonOf).sort();
  expect(reasons).toEqual(['OK', ...Array(19).fill('STOCK_CHANGED')]);
  expect(await totals()).toEqual([[7, 6]]);
});

test('each of a batch is a movement of its own, with its caller; callers have their own keys', async () => {
  await Promise.all(['a', 'b', ''].map((caller) => adjust(7, 3n, 'key', { caller })));
  const rows = await database.query(
    'SELECT version, total_after, order_count, actor FROM stock_movements WHERE version > 0 ORDER BY actor',
  );
  expect(rows.map(({ actor, order_count: count }) => [actor, count])).toEqual([
    ['a', 0],
    ['b', 0],
    [null, 0],
  ]);
  expect(rows.map(({ version, total_after: total }) => Number(total) - 3 * Number(version))).toEqual([
    0, 0, 0,
  ]);
});
