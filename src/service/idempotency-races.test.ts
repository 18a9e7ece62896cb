/** Races of idempotency keys with their removal, with deadlocks and with rollbacks. */
import pg from 'pg';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useDatabase, useRouter } from '../../test/support/database.ts';
import type { Database } from '../db/types.ts';
import { removeKeys } from '../domain/idempotency/store.ts';
import type { Outcome } from '../domain/outcome.ts';
import { idempotencyKeyClaim, idempotencyKeyDelete } from '../generated/sql/idempotency_keys.ts';
import type { Service } from './service.ts';

const database = useDatabase();

beforeAll(async () => {
  await database.query(`DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''20ms''', current_database());
  END $$`);
});

const router = useRouter(database);
/** A second client, which skips the triggers and is never the victim of a deadlock. */
let other: pg.Client;
/** How many attempts at a transaction have started. */
let attempts: number;

const counted: Database = {
  read: (work) => router.read(work),
  write: (work) =>
    router.write((db) => {
      attempts++;
      return work(db);
    }),
};

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
  await database.query('INSERT INTO stocks VALUES (7, 1000, 0)');
  other = new pg.Client({ connectionString: database.primaryUrl });
  await other.connect();
  await other.query("SET session_replication_role = replica; SET deadlock_timeout = '60s'; BEGIN");
  attempts = 0;
});

afterEach(async () => {
  await other.end();
});

const create = (by: Service, idempotencyKey: string | undefined, count = 1) =>
  by.createOrder({ user: 1n, items: [{ sku: 7, count }] }, { ...anyCall, idempotencyKey });
/** Creates an order whose key has ended, and ends at this time. */
const createEnded = async (timeMs: number, key: string) => {
  const outcome = await create(openService(router), key);
  const end = 'UPDATE idempotency_keys SET expires_at = $1 WHERE key = $2';
  await database.query(end, [new Date(timeMs), key]);
  return outcome;
};
const removeEnded = () => counted.write((tx) => removeKeys(tx, 10));
const claim = (...keys: string[]) => {
  const requestHashes = keys.map(() => Buffer.alloc(32));
  const callers = keys.map(() => '');
  return idempotencyKeyClaim.run({ callers, keys, requestHashes, retentionMs: 1_000 }, other);
};

/** Resolves when a session waits for another transaction, or for the gate. */
const sessionWaitsFor = (event: 'transactionid' | 'advisory') =>
  vi.waitFor(async () => {
    const found = 'SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = $1';
    expect(await database.query(found, [event])).toHaveLength(1);
  });

const resultOf = (outcome: Outcome<unknown>) => {
  if (!outcome.ok) return outcome.refusal.reason;
  return outcome.replayed ? 'replay' : 'first';
};

/** Expects that each key belongs to one order of its own, and the total number of orders. */
async function expectOneOrderEach(keys: string[], orders: number): Promise<void> {
  const kept = await database.query(
    `SELECT key FROM idempotency_keys JOIN orders USING (order_id)
       GROUP BY key HAVING count(*) = 1 ORDER BY key`,
  );
  expect(kept.map((row) => row.key)).toEqual(keys);
  expect(await database.query('SELECT count(*) FROM orders')).toEqual([{ count: String(orders) }]);
}

/** Blocks transactions at key b, with their earlier locks held, until the returned function is called. */
async function closeGate(): Promise<() => Promise<void>> {
  const keeper = new pg.Client({ connectionString: database.primaryUrl });
  await keeper.connect();
  await keeper.query('SELECT pg_advisory_lock(1)');
  await database.query(`
    CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF coalesce(NEW.key, OLD.key) = 'b' THEN PERFORM pg_advisory_xact_lock_shared(1); END IF;
      RETURN coalesce(NEW, OLD);
    END $$;
    CREATE TRIGGER gate BEFORE INSERT OR DELETE ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION gate()`);
  return () => keeper.end();
}

test('the removal of a key waits for a replay that holds it, and then removes it', async () => {
  const first = await createEnded(1_000, 'k');
  await claim('k');
  const removed = removeEnded();
  await sessionWaitsFor('transactionid');
  await other.query('COMMIT');
  expect(await removed).toEqual({ found: 1, removed: 1 });
  expect([first, await createEnded(9_000, 'k')].map(resultOf)).toEqual(['first', 'first']);
  await expectOneOrderEach(['k'], 2);
});

test.each([
  ['commits', 'COMMIT', 'first', 2],
  ['rolls back', 'ROLLBACK', 'replay', 1],
])('a create waits until the removal of its key %s', async (_title, end, result, orders) => {
  await createEnded(1_000, 'k');
  await idempotencyKeyDelete.run({ expiredUs: 1_000_000n }, other);
  const again = create(openService(router), 'k');
  await sessionWaitsFor('transactionid');
  await other.query(end);
  expect(resultOf(await again)).toBe(result);
  await expectOneOrderEach(['k'], orders);
});

test('a removal that deadlocks with a batch of keys is retried after that has ended', async () => {
  await createEnded(1_000, 'b');
  await createEnded(2_000, 'a');
  const open = await closeGate();
  try {
    const removed = removeEnded();
    await sessionWaitsFor('advisory');
    const claimed = claim('a', 'b');
    await sessionWaitsFor('transactionid');
    await open();
    expect(await claimed).toMatchObject([{ order_id: expect.anything() }, { order_id: expect.anything() }]);
    await other.query('COMMIT');
    expect([await removed, attempts]).toEqual([{ found: 2, removed: 2 }, 2]);
  } finally {
    await database.query('DROP FUNCTION gate CASCADE');
  }
});

test.each([
  ['committed', 'COMMIT', ['first', 'IDEMPOTENCY_KEY_REUSED', 'replay', 'first', 'first', 'first'], 6],
  ['rolled back', 'ROLLBACK', ['replay', 'IDEMPOTENCY_KEY_REUSED', 'replay', 'replay', 'first', 'first'], 4],
])(
  'a batch that deadlocks with a removal replies correctly when the removal is %s',
  async (_title, end, results, orders) => {
    await createEnded(1_000, 'a');
    await createEnded(1_000, 'b');
    const loms = openService(counted);
    const open = await closeGate();
    try {
      const outcomes = Promise.all([
        create(loms, 'a'),
        create(loms, 'a', 2),
        create(loms, 'a'),
        create(loms, 'b'),
        create(loms, 'c'),
        create(loms, undefined),
      ]);
      await sessionWaitsFor('advisory');
      await other.query("DELETE FROM idempotency_keys WHERE key = 'b'");
      const deleted = other.query("DELETE FROM idempotency_keys WHERE key = 'a'");
      await sessionWaitsFor('transactionid');
      await open();
      await deleted;
      await other.query(end);
      expect([(await outcomes).map(resultOf), attempts]).toEqual([results, 2]);
    } finally {
      await database.query('DROP FUNCTION gate CASCADE');
    }
    await expectOneOrderEach(['a', 'b', 'c'], orders);
  },
);

test.each([
  ['claims its keys', 'TRIGGER fail BEFORE INSERT ON idempotency_keys'],
  ['writes its orders', 'TRIGGER fail BEFORE INSERT ON orders'],
  ['commits', 'CONSTRAINT TRIGGER fail AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED'],
])(
  'a batch with a serialisation failure when it %s is retried and replies correctly',
  async (_title, trigger) => {
    await createEnded(1_000, 'old');
    // A sequence keeps its value through a rollback.
    await database.query(`
    CREATE SEQUENCE failures;
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('failures') = 1 THEN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END IF;
      RETURN NEW;
    END $$;
    CREATE ${trigger} FOR EACH ROW EXECUTE FUNCTION fail()`);
    const loms = openService(counted);
    try {
      const outcomes = await Promise.all([
        create(loms, 'new'),
        create(loms, 'old'),
        create(loms, 'new', 2),
        create(loms, 'new'),
        create(loms, undefined),
      ]);
      const results = ['first', 'replay', 'IDEMPOTENCY_KEY_REUSED', 'replay', 'first'];
      expect([outcomes.map(resultOf), attempts]).toEqual([results, 2]);
    } finally {
      await database.query('DROP FUNCTION fail CASCADE; DROP SEQUENCE failures');
    }
    await expectOneOrderEach(['new', 'old'], 3);
  },
);
