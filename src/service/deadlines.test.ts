/** Deadlines on a real database: the reply matches what was committed. */
import { beforeEach, expect, test, vi } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useDatabase, useRouter } from '../../test/support/database.ts';
import type { Database } from '../db/types.ts';
import { monotonicMs } from '../timing/clock.ts';
import { Deadlines } from '../timing/deadlines.ts';
import type { Service } from './service.ts';

const database = useDatabase();
// One connection: a write without it waits, as for a primary that returns slowly.
const router = useRouter({ primaryUrl: database.primaryUrl, replicaUrls: [] }, { poolSize: 1 });

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await database.query('INSERT INTO stocks VALUES (7, 1000, 0)');
});

const by = (deadlineMs: number) => ({ ...anyCall, deadlineMs });
const never = by(Number.POSITIVE_INFINITY);
const tooLate = { ok: false, refusal: { reason: 'DEADLINE_EXCEEDED' } };
const create = (loms: Service, user: bigint, call = never) =>
  loms.createOrder({ user, items: [{ sku: 7, count: 1 }] }, call);
const users = async () =>
  (await database.query('SELECT user_id FROM orders ORDER BY user_id')).map((row) => row.user_id);

/** Holds the only connection until the returned function is called. */
async function holdConnection(): Promise<() => Promise<void>> {
  let release = () => {};
  let held: Promise<void> = Promise.resolve();
  await new Promise<void>((taken) => {
    held = router.write(async (db) => {
      await db.query('SELECT 1', []);
      taken();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { writes: [], result: undefined };
    });
  });
  return () => {
    release();
    return held;
  };
}

test('a create that waits for a connection at its deadline is rejected and never runs', async () => {
  const loms = openService(router);
  const release = await holdConnection();
  const inTime = create(loms, 1n);
  expect(await create(loms, 2n, by(monotonicMs() + 20))).toMatchObject(tooLate);
  await release();
  expect(await inTime).toMatchObject({ ok: true });
  expect(await users()).toEqual(['1']);
});

test('a transition that waits for a connection at its deadline is rejected and never runs', async () => {
  const loms = openService(router);
  const created = await create(loms, 1n);
  if (!created.ok) throw new Error(created.refusal.message);
  const { orderId } = created.value;
  const release = await holdConnection();
  const soon = by(monotonicMs() + 20);
  expect(
    await Promise.all([loms.payOrder({ orderId }, soon), loms.cancelOrder({ orderId }, soon)]),
  ).toMatchObject([tooLate, tooLate]);
  await release();
  await loms.drain();
  expect(await loms.getOrder(orderId, never)).toMatchObject({ value: { status: 'awaiting payment' } });
});

test('a batch that is retried after a rollback leaves out requests that expired meanwhile', async () => {
  let nowMs = 1_000_000;
  // Time passes while the first attempt runs; it is rolled back.
  const attempts = vi.fn();
  const slow: Database = {
    read: (work) => router.read(work),
    write: (work) =>
      router.write(async (db) => {
        const plan = await work(db);
        attempts();
        if (attempts.mock.calls.length > 1 || 'rollback' in plan) return plan;
        await Promise.all(plan.writes);
        nowMs += 1_000;
        const rolledBack = db.query('SELECT fail_to_serialise()', []);
        return { ...plan, writes: [rolledBack] };
      }),
  };
  await database.query(`CREATE FUNCTION fail_to_serialise() RETURNS void LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$`);
  const loms = openService(slow, { deadlines: new Deadlines(() => nowMs) });
  const outcomes = await Promise.all([create(loms, 1n, by(nowMs + 1_000)), create(loms, 2n)]);
  expect(outcomes).toMatchObject([tooLate, { ok: true }]);
  expect([attempts.mock.calls.length, await users()]).toEqual([2, ['2']]);
});
