/** Removal of expired idempotency keys, in bounded runs. */
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { onServer, openService, useDatabase, useRouter } from '../../test/support/database.ts';
import { migrateBefore } from '../../test/support/older-schema.ts';
import { query } from '../../test/support/query.ts';
import { quiet } from '../../test/support/quiet.ts';
import { migrate } from '../db/schema/migrate.ts';
import { removeKeys } from '../domain/idempotency/store.ts';
import { KeyRemoval, RUN_KEYS_MAX } from './remove-keys.ts';

const database = useDatabase();
const router = useRouter(database);

beforeEach(async () => {
  await database.query('TRUNCATE order_lines, orders, idempotency_keys');
});

afterEach(() => {
  vi.useRealTimers();
});

const HOUR_MS = 3_600_000;

const removal = new KeyRemoval({
  remove: (limit) => router.write((tx) => removeKeys(tx, limit)),
  logger: quiet,
});
const keysLeft = async () =>
  (await database.query('SELECT key FROM idempotency_keys ORDER BY key')).map((row) => row.key);
const create = (key: string, idempotencyRetentionMs = HOUR_MS) =>
  openService(router, { settings: { idempotencyRetentionMs } }).createOrder(
    { user: 1n, items: [{ sku: 1625903, count: 1 }] },
    { ...anyCall, idempotencyKey: key },
  );
/** Makes all keys older: the database's clock cannot be moved. */
const age = (ms: number) =>
  database.query(
    `UPDATE idempotency_keys
       SET created_at = created_at - make_interval(secs => $1 / 1000.0),
           expires_at = expires_at - make_interval(secs => $1 / 1000.0)`,
    [ms],
  );
/** Inserts keys that have ended, directly, since sending as many requests would take too long. */
const fill = (count: number) =>
  database.query(
    `INSERT INTO idempotency_keys (caller, key, request_hash, created_at, expires_at, order_id)
       SELECT '', 'filled ' || n, sha256('')::bytea, to_timestamp(0), to_timestamp(n / 1000000.0), n
       FROM generate_series(1, $1::int) AS n`,
    [count],
  );

test('a key is kept for the retention time and is free after its removal; its order stays', async () => {
  const first = await create('a');
  await age(HOUR_MS / 2);
  await create('b');
  await age(HOUR_MS / 2 - 60_000);
  expect(await removal.runOnce()).toEqual({ removed: 0, more: false });
  expect(await create('a')).toEqual({ ...first, replayed: true });
  await age(60_001);
  expect(await removal.runOnce()).toEqual({ removed: 1, more: false });
  expect(await keysLeft()).toEqual(['b']);
  expect(await create('a')).not.toHaveProperty('replayed');
  expect(await database.query('SELECT count(*) FROM orders')).toEqual([{ count: '3' }]);
});

test('a key is kept as long as the instance that claimed it is set to, whatever another one is', async () => {
  const [long] = [await create('long', 24 * HOUR_MS), await create('short', 1_000)];
  // Neither a replay nor a removal by the other instance makes its end earlier.
  expect(await create('long', 1_000)).toEqual({ ...long, replayed: true });
  await age(HOUR_MS);
  expect(await removal.runOnce()).toEqual({ removed: 1, more: false });
  expect(await keysLeft()).toEqual(['long']);
  expect(await create('long', 1_000)).toEqual({ ...long, replayed: true });
});

test.each([
  ['ahead', 48 * HOUR_MS],
  ['behind', -48 * HOUR_MS],
])(
  'an instance whose clock is two days %s removes no key and stores no time of its own',
  async (_, offsetMs) => {
    const first = await create('a');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + offsetMs });
    const second = await create('b');
    expect(await removal.runOnce()).toEqual({ removed: 0, more: false });
    expect([await create('a'), await create('b')]).toEqual([
      { ...first, replayed: true },
      { ...second, replayed: true },
    ]);
    await age(HOUR_MS + 1);
    expect(await removal.runOnce()).toEqual({ removed: 2, more: false });
    const far =
      "greatest(created_at, updated_at) > now() OR least(created_at, updated_at) < now() - interval '1 hour'";
    expect(await database.query(`SELECT FROM orders WHERE ${far}`)).toEqual([]);
  },
);

test('keys of the version before, which have no end, are kept for the longest retention', async () => {
  await onServer('CREATE DATABASE older TEMPLATE template0');
  const url = Object.assign(new URL(database.primaryUrl), { pathname: 'older' }).href;
  const insert = (key: string) =>
    query(
      url,
      `INSERT INTO idempotency_keys (caller, key, request_hash, created_at, order_id)
         VALUES ('', $1, sha256('')::bytea, now(), 1)`,
      [key],
    );
  try {
    await migrateBefore(url, '20261126090000');
    await insert('before the migration');
    await migrate(url, quiet);
    await insert('beside the new version');
    const kept =
      "SELECT key FROM idempotency_keys WHERE expires_at - now() > interval '6.9 days' ORDER BY key";
    expect(await query(url, kept)).toEqual([
      { key: 'before the migration' },
      { key: 'beside the new version' },
    ]);
  } finally {
    await onServer('DROP DATABASE older WITH (FORCE)');
  }
});

test('a step removes the keys that ended first, up to its limit', async () => {
  await create('d', 1_000);
  await create('c', 2_000);
  await create('b', 3_000);
  await age(HOUR_MS);
  expect(await router.write((tx) => removeKeys(tx, 2))).toEqual({ found: 2, removed: 2 });
  expect(await keysLeft()).toEqual(['b']);
});

test('a run stops at its limit and reports that more keys are left', async () => {
  await fill(RUN_KEYS_MAX + 1);
  expect(await removal.runOnce()).toEqual({ removed: RUN_KEYS_MAX, more: true });
  expect(await keysLeft()).toHaveLength(1);
  expect(await removal.runOnce()).toEqual({ removed: 1, more: false });
});

test('instances that run at the same time remove every key and count none twice', async () => {
  const all = RUN_KEYS_MAX * 3;
  await fill(all);
  const removeAll = async () => {
    let sum = 0;
    for (let more = true; more; ) {
      const run = await removal.runOnce();
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
  const failing = new KeyRemoval({ remove: () => Promise.reject(new Error('away')), logger: quiet });
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
  const logged = new KeyRemoval({ remove, logger });
  const runs = [await logged.runOnce(), await logged.runOnce(), await logged.runOnce()];
  expect(runs.map(({ more }) => more)).toEqual([false, false, false]);
  expect(lines.map(({ removed }) => removed)).toEqual([2]);
});
