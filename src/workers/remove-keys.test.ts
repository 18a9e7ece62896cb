/** How old idempotency keys are removed, in bounded steps. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openService, useDatabase, useRouter } from '../../test/support/database.ts';
import { quiet } from '../../test/support/quiet.ts';
import { removeKeys } from '../domain/idempotency/store.ts';
import {
  BUSY_PAUSE_MS,
  KeyRemoval,
  type KeyRemovalOptions,
  PAUSE_MS,
  RUN_STEPS_MAX,
  STEP_KEYS_MAX,
} from './remove-keys.ts';

describe('on a database', () => {
  const database = useDatabase();
  const router = useRouter(database);

  beforeEach(async () => {
    await database.query('TRUNCATE order_lines, orders, idempotency_keys');
  });

  const at = (timeMs: number) =>
    new KeyRemoval({
      remove: (before, limit) => removeKeys(router, before, limit),
      retentionMs: 10_000,
      now: () => timeMs,
      logger: quiet,
    });
  const left = async () =>
    (await database.query('SELECT key FROM idempotency_keys ORDER BY key')).map((row) => row.key);
  const createAt = (timeMs: number, key: string) =>
    openService(router, { now: () => timeMs }).createOrder(
      { user: 1n, items: [{ sku: 1625903, count: 1 }] },
      { deadlineMs: Number.POSITIVE_INFINITY, caller: '', idempotencyKey: key },
    );
  /** Keys that were claimed at a time, as many as no test wants to send. */
  const fill = (count: number) =>
    database.query(
      `INSERT INTO idempotency_keys (caller, key, request_hash, created_at, order_id)
       SELECT '', 'filled ' || n, sha256('')::bytea, to_timestamp(n / 1000.0), n FROM generate_series(1, $1::int) AS n`,
      [count],
    );

  test('a key is kept for as long as is said, and is free again when it was removed; its order stays', async () => {
    const first = await createAt(1_000, 'a');
    await createAt(2_000, 'b');
    expect(await at(11_000).runOnce()).toEqual({ steps: 1, removed: 0, more: false });
    expect(await createAt(11_000, 'a')).toEqual({ ...first, replayed: true });
    expect(await at(11_001).runOnce()).toEqual({ steps: 1, removed: 1, more: false });
    expect(await left()).toEqual(['b']);
    expect(await createAt(11_002, 'a')).not.toHaveProperty('replayed');
    expect(await database.query('SELECT count(*) FROM orders')).toEqual([{ count: '3' }]);
  });

  test('a step removes the oldest, and not many more than it is asked for', async () => {
    for (const [timeMs, key] of [
      [1_000, 'd'],
      [2_000, 'c'],
      [3_000, 'b'],
    ] as const)
      await createAt(timeMs, key);
    expect(await removeKeys(router, new Date(9_000), 2)).toEqual({ found: 2, removed: 2 });
    expect(await left()).toEqual(['b']);
  });

  test('a run stops at its limit and says that there is more', async () => {
    const most = STEP_KEYS_MAX * RUN_STEPS_MAX;
    await fill(most + 1);
    expect(await at(30_000).runOnce()).toEqual({ steps: RUN_STEPS_MAX, removed: most, more: true });
    expect(await left()).toHaveLength(1);
    expect(await at(30_000).runOnce()).toEqual({ steps: 1, removed: 1, more: false });
  });

  test('instances that run at once remove everything and count no key twice', async () => {
    await fill(STEP_KEYS_MAX * 3);
    const runs = await Promise.all([at(30_000).runOnce(), at(30_000).runOnce(), at(30_000).runOnce()]);
    expect(runs.reduce((sum, run) => sum + run.removed, 0)).toBe(STEP_KEYS_MAX * 3);
    expect(await left()).toEqual([]);
  });
});

describe('the loop', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const nothing = { found: 0, removed: 0 };

  function setUp(remove: KeyRemovalOptions['remove']) {
    const lines: string[] = [];
    const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
    const removal = new KeyRemoval({ remove, retentionMs: 1, now: () => 0, logger });
    removal.start();
    return { removal, lines };
  }

  test('runs a pause after its start and again a pause after each run, never two at a time', async () => {
    const ends: (() => void)[] = [];
    const remove = vi.fn(() => new Promise<typeof nothing>((resolve) => ends.push(() => resolve(nothing))));
    setUp(remove);
    await vi.advanceTimersByTimeAsync(PAUSE_MS - 1);
    expect(remove).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(remove).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(10 * PAUSE_MS);
    expect(remove).toHaveBeenCalledTimes(1);
    ends[0]?.();
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(remove).toHaveBeenCalledTimes(2);
  });

  test('goes on soon when there is more', async () => {
    const full = { found: STEP_KEYS_MAX, removed: STEP_KEYS_MAX };
    const remove = vi.fn(async () => full);
    setUp(remove);
    await vi.advanceTimersByTimeAsync(PAUSE_MS + BUSY_PAUSE_MS);
    expect(remove).toHaveBeenCalledTimes(2 * RUN_STEPS_MAX);
  });

  test('outlives a database that is away, and tells the log of it', async () => {
    const remove = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue(nothing);
    const { lines } = setUp(remove);
    await vi.advanceTimersByTimeAsync(2 * PAUSE_MS);
    expect(remove).toHaveBeenCalledTimes(2);
    expect(lines).toEqual([expect.stringMatching(/away.*could not remove old idempotency keys/)]);
  });

  test('stops after the step under way, and runs no more', async () => {
    let end = () => {};
    const remove = vi.fn(
      () =>
        new Promise<typeof nothing>((resolve) => {
          end = () => resolve({ found: STEP_KEYS_MAX, removed: STEP_KEYS_MAX });
        }),
    );
    const { removal } = setUp(remove);
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    let stopped = false;
    const stopping = removal.stop().then(() => {
      stopped = true;
    });
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(stopped).toBe(false);
    end();
    await stopping;
    await vi.advanceTimersByTimeAsync(10 * PAUSE_MS);
    expect(remove).toHaveBeenCalledTimes(1);
  });
});
