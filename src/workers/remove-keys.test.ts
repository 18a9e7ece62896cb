/** Removal of expired idempotency keys, in bounded runs. */
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useDatabase, useRouter } from '../../test/support/database.ts';
import { quiet } from '../../test/support/quiet.ts';
import { removeKeys } from '../domain/idempotency/store.ts';
import { KeyRemoval, RUN_KEYS_MAX } from './remove-keys.ts';

const database = useDatabase();
const router = useRouter(database);

beforeEach(async () => {
  await database.query('TRUNCATE order_lines, orders, idempotency_keys');
});

const at = (timeMs: number) =>
  new KeyRemoval({
    remove: (before, limit) => router.write((tx) => removeKeys(tx, before, limit)),
    retentionMs: 10_000,
    wallClock: () => timeMs,
    logger: quiet,
  });
const keysLeft = async () =>
  (await database.query('SELECT key FROM idempotency_keys ORDER BY key')).map((row) => row.key);
const createAt = (timeMs: number, key: string) =>
  openService(router, { wallClock: () => timeMs }).createOrder(
    { user: 1n, items: [{ sku: 1625903, count: 1 }] },
    { ...anyCall, idempotencyKey: key },
  );
/** Inserts old keys directly, since sending as many requests would take too long. */
const fill = (count: number) =>
  database.query(
    `INSERT INTO idempotency_keys (caller, key, request_hash, created_at, order_id)
       SELECT '', 'filled ' || n, sha256('')::bytea, to_timestamp(n / 1000.0), n
       FROM generate_series(1, $1::int) AS n`,
    [count],
  );

test('a key is kept for the retention time and is free after its removal; its order stays', async () => {
  const first = await createAt(1_000, 'a');
  await createAt(2_000, 'b');
  expect(await at(11_000).runOnce()).toEqual({ removed: 0, more: false });
  expect(await createAt(11_000, 'a')).toEqual({ ...first, replayed: true });
  expect(await at(11_001).runOnce()).toEqual({ removed: 1, more: false });
  expect(await keysLeft()).toEqual(['b']);
  expect(await createAt(11_002, 'a')).not.toHaveProperty('replayed');
  expect(await database.query('SELECT count(*) FROM orders')).toEqual([{ count: '3' }]);
});

test('a step removes the oldest keys, up to its limit', async () => {
  for (const [timeMs, key] of [
    [1_000, 'd'],
    [2_000, 'c'],
    [3_000, 'b'],
  ] as const)
    await createAt(timeMs, key);
  expect(await router.write((tx) => removeKeys(tx, new Date(9_000), 2))).toEqual({ found: 2, removed: 2 });
  expect(await keysLeft()).toEqual(['b']);
});

test('a run stops at its limit and reports that more keys are left', async () => {
  await fill(RUN_KEYS_MAX + 1);
  expect(await at(30_000).runOnce()).toEqual({ removed: RUN_KEYS_MAX, more: true });
  expect(await keysLeft()).toHaveLength(1);
  expect(await at(30_000).runOnce()).toEqual({ removed: 1, more: false });
});

test('instances that run at the same time remove every key and count none twice', async () => {
  const all = RUN_KEYS_MAX * 3;
  await fill(all);
  const removeAll = async () => {
    let sum = 0;
    for (let more = true; more; ) {
      const run = await at(30_000).runOnce();
      sum += run.removed;
      more = run.more;
    }
    return sum;
  };
  const sums = await Promise.all([removeAll(), removeAll(), removeAll()]);
  expect(sums.reduce((total, sum) => total + sum, 0)).toBe(all);
  expect(await keysLeft()).toEqual([]);
});

test('an unavailable database fails the run, and no key is lost', async () => {
  await fill(2);
  const failing = new KeyRemoval({
    remove: () => Promise.reject(new Error('away')),
    retentionMs: 1,
    wallClock: () => 30_000,
    logger: quiet,
  });
  await expect(failing.runOnce()).rejects.toThrow('away');
  expect(await keysLeft()).toHaveLength(2);
});

test('only a run that removed something is logged', async () => {
  const lines: { removed: number }[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const results = [
    { found: 0, removed: 0 },
    { found: RUN_KEYS_MAX, removed: 0 },
    { found: 2, removed: 2 },
  ];
  const remove = async () => results.shift() ?? { found: 0, removed: 0 };
  const removal = new KeyRemoval({ remove, retentionMs: 1, wallClock: () => 0, logger });
  const runs = [await removal.runOnce(), await removal.runOnce(), await removal.runOnce()];
  expect(runs.map(({ more }) => more)).toEqual([false, false, false]);
  expect(lines.map(({ removed }) => removed)).toEqual([2]);
});
