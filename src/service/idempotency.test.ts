/** Idempotency keys on a real database: first runs, replays, and waits between transactions. */
import pg from 'pg';
import { beforeEach, expect, test, vi } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openRouter, openService, useLoms } from '../../test/support/database.ts';
import type { Database, Queryable } from '../db/types.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Service } from './service.ts';

type Created = Outcome<{ orderId: bigint }>;

const { database, router, loms } = useLoms();

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
  await database.query('INSERT INTO stocks VALUES (7, 1000, 0), (8, 5, 0)');
});

const call = (idempotencyKey?: string, caller = '') => ({ ...anyCall, caller, idempotencyKey });

const create = (key: string | undefined, items: [sku: number, count: number][] = [[7, 1]], by = loms) =>
  by.createOrder({ user: 1n, items: items.map(([sku, count]) => ({ sku, count })) }, call(key));

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

const countOf = async (table: string) =>
  Number((await database.query(`SELECT count(*) FROM ${table}`))[0]?.count);

const stockOf = async (sku: number) => {
  const [row] = await database.query('SELECT total_count, reserved FROM stocks WHERE sku = $1', [sku]);
  return `${row?.total_count}/${row?.reserved}`;
};

/** Expects exactly one first outcome; all others equal it, marked as replays. */
function expectOneFirst(outcomes: readonly Created[]): void {
  const firsts = outcomes.filter((outcome) => !outcome.replayed);
  expect(firsts).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome !== firsts[0]) expect(outcome).toEqual({ ...firsts[0], replayed: true });
  }
}

/** A database that records the statements that are sent in transactions. */
function recording(inner: Database): Database & { statements: string[] } {
  const statements: string[] = [];
  const counted = (db: Queryable): Queryable => ({
    query: (text, values) => {
      statements.push(text);
      return db.query(text, values);
    },
  });
  return {
    statements,
    read: (work) => inner.read(work),
    write: (work) => inner.write((db) => work(counted(db))),
  };
}

test('a retry with the same key and request gets the original reply and writes nothing', async () => {
  const first = await create('k', [
    [7, 2],
    [8, 1],
  ]);
  expect(first).toEqual({ ok: true, value: { orderId: expect.any(BigInt) } });
  expect(
    await create('k', [
      [8, 1],
      [7, 1],
      [7, 1],
    ]),
  ).toEqual({ ...first, replayed: true });
  expect([await stockOf(7), await stockOf(8)]).toEqual(['1000/2', '5/1']);
  expect([await countOf('orders'), await countOf('idempotency_keys')]).toEqual([1, 1]);
});

test('a refusal for lack of stock is replayed unchanged, even if the stock has changed since', async () => {
  await database.query('INSERT INTO stocks VALUES (9, 9223372036854775807, 9223372036854775806)');
  const wanted: [number, number][] = [
    [4294967295, 65535],
    [9, 2],
    [8, 6],
    [7, 1],
  ];
  const first = await create('k', wanted);
  expect(first).toMatchObject({
    ok: false,
    refusal: {
      detail: { shortages: [{ sku: 8, available: 5n }, { sku: 9, available: 1n }, { sku: 4294967295 }] },
    },
  });
  await database.query('UPDATE stocks SET total_count = 9223372036854775807, reserved = 0');
  const again = await create('k', wanted);
  expect(again).toEqual({ ...first, replayed: true });
  expect(JSON.stringify(again, digits)).toBe(JSON.stringify({ ...first, replayed: true }, digits));
  expect(await countOf('orders')).toBe(1);
});

test('a retry gets the original reply, even if the order has changed since', async () => {
  const first = await create('k');
  if (!first.ok) throw new Error(first.refusal.message);
  await loms.cancelOrder({ orderId: first.value.orderId }, call());
  expect(await create('k')).toEqual({ ...first, replayed: true });
  expect(await stockOf(7)).toBe('1000/0');
});

test('a key reused for another request is refused, and stays with the first request', async () => {
  const first = await create('k', [[7, 2]]);
  const reused = { ok: false, refusal: { reason: 'IDEMPOTENCY_KEY_REUSED' } };
  expect(await create('k', [[7, 3]])).toMatchObject(reused);
  expect(await loms.createOrder({ user: 2n, items: [{ sku: 7, count: 2 }] }, call('k'))).toMatchObject(
    reused,
  );
  expect(await create('k', [[7, 2]])).toEqual({ ...first, replayed: true });
  expect([await stockOf(7), await countOf('orders')]).toEqual(['1000/2', 1]);
});

test('the same key of two callers, and requests without a key, are independent', async () => {
  const order = { user: 1n, items: [{ sku: 7, count: 1 }] };
  const outcomes = await Promise.all([
    loms.createOrder(order, call('k', 'a')),
    loms.createOrder(order, call('k', 'b')),
    loms.createOrder(order, call()),
    loms.createOrder(order, call()),
  ]);
  expect(outcomes.filter((outcome) => outcome.ok && !outcome.replayed)).toHaveLength(4);
  expect(await loms.createOrder(order, call('k', 'b'))).toEqual({ ...outcomes[1], replayed: true });
  expect([await countOf('orders'), await countOf('idempotency_keys')]).toEqual([4, 2]);
});

test('a request with invalid fields leaves its key free, so that it can be corrected', async () => {
  const tooMany = await create('k', [
    [7, 65_535],
    [7, 1],
  ]);
  expect(tooMany).toMatchObject({ refusal: { reason: 'INVALID_REQUEST' } });
  expect(await create('k')).toMatchObject({ ok: true });
});

test.each([
  ['in one batch', 1],
  ['in several lanes', 4],
])('of 50 requests %s with one key, one runs and all get its outcome', async (_title, writeLanes) => {
  const service = openService(router, { writeLanes, batchMax: writeLanes === 1 ? 1_000 : 5 });
  expectOneFirst(await Promise.all(times(50, () => create('k', [[7, 1]], service))));
  expectOneFirst(await Promise.all(times(50, () => create('short', [[8, 6]], service))));
  expect([await stockOf(7), await countOf('orders')]).toEqual(['1000/1', 2]);
});

test('within a batch the first request of a key runs, and a different one is refused', async () => {
  const outcomes = await Promise.all([
    create('k', [[7, 1]]),
    create(undefined, [[7, 1]]),
    create('k', [[7, 2]]),
    create('other', [[7, 4]]),
    create('k', [[7, 1]]),
  ]);
  const [first] = outcomes;
  expect(
    outcomes.map((outcome) => (outcome.ok ? outcome.replayed === true : outcome.refusal.reason)),
  ).toEqual([false, false, 'IDEMPOTENCY_KEY_REUSED', false, true]);
  expect(outcomes[4]).toEqual({ ...first, replayed: true });
  expect([await stockOf(7), await countOf('orders')]).toEqual(['1000/6', 3]);
});

test('two services on one database run each key once', async () => {
  const otherRouter = openRouter(database);
  await otherRouter.check();
  const services = [
    openService(router, { batchMax: 9, writeLanes: 2 }),
    openService(otherRouter, { batchMax: 7, writeLanes: 2 }),
  ];
  // Each service gets the keys in an order of its own.
  const requests = times(400, (index) => {
    const key = index % 2 === 0 ? (index >> 1) % 40 : 39 - ((index >> 1) % 40);
    return { key: `k${key}`, service: services[index % 2] as Service, sku: key % 2 === 0 ? 7 : 8 };
  });
  const outcomes = await Promise.all(
    requests.map(async ({ key, service, sku }) => ({ key, outcome: await create(key, [[sku, 1]], service) })),
  );
  for (const name of new Set(outcomes.map(({ key }) => key))) {
    expectOneFirst(outcomes.filter(({ key }) => key === name).map(({ outcome }) => outcome));
  }
  expect([await stockOf(7), await stockOf(8)]).toEqual(['1000/20', '5/5']);
  expect([await countOf('orders'), await countOf('idempotency_keys')]).toEqual([40, 40]);
  await otherRouter.stop();
});

test('batches with the same keys in opposite order wait for each other and never deadlock', async () => {
  const routers = [openRouter(database), openRouter(database)];
  await Promise.all(routers.map((each) => each.check()));
  const services = routers.map((each) => openService(each));
  await database.query(`
    CREATE FUNCTION delay() RETURNS trigger LANGUAGE plpgsql
      AS 'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END';
    CREATE TRIGGER delay BEFORE INSERT ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION delay()`);
  try {
    const outcomes = await Promise.all([
      ...['a', 'b', 'c'].map((key) => create(key, [[7, 1]], services[0])),
      ...['c', 'b', 'a'].map((key) => create(key, [[7, 1]], services[1])),
    ]);
    expect(outcomes.filter((outcome) => outcome.replayed)).toHaveLength(3);
  } finally {
    await database.query('DROP FUNCTION delay CASCADE');
  }
  // A deadlock would be retried and not show in the replies; the server counts it when a session ends.
  await Promise.all(routers.map((each) => each.stop()));
  const counted = await database.query(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(counted).toEqual([{ deadlocks: '0' }]);
});

test.each([
  ['commits', 'COMMIT', true],
  ['rolls back', 'ROLLBACK', false],
])('a create waits for a transaction that holds its key until that %s', async (_title, end, replayed) => {
  const held = await create('held');
  const other = new pg.Client({ connectionString: database.primaryUrl });
  await other.connect();
  await other.query('BEGIN');
  await other.query("UPDATE idempotency_keys SET key = 'k'");
  const waiting = create('k');
  await vi.waitFor(async () => {
    const locked =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    expect(await database.query(locked)).toHaveLength(1);
  });
  await other.query(end);
  await other.end();
  const outcome = await waiting;
  if (replayed) expect(outcome).toEqual({ ...held, replayed: true });
  else expect(outcome.ok && outcome.value.orderId !== (held.ok && held.value.orderId)).toBe(true);
  expect(await stockOf(7)).toBe(replayed ? '1000/1' : '1000/2');
});

test('a batch that fails is split with its keys until only the culprit fails', async () => {
  await database.query('ALTER TABLE order_lines ADD CONSTRAINT no_five CHECK (count <> 5) NOT VALID');
  try {
    const requests = [
      create('a'),
      create('bad', [[7, 5]]),
      create('a'),
      create('b'),
      create('a'),
      create('b'),
    ];
    const results = await Promise.all(
      requests.map(async (each) => {
        const outcome = await each;
        if (!outcome.ok) return [outcome.refusal.reason, outcome.failure?.sqlState];
        return outcome.replayed ? 'replay' : 'OK';
      }),
    );
    expect(results).toEqual(['OK', ['INTERNAL', '23514'], 'replay', 'OK', 'replay', 'replay']);
  } finally {
    await database.query('ALTER TABLE order_lines DROP CONSTRAINT no_five');
  }
  expect([await stockOf(7), await countOf('orders')]).toEqual(['1000/2', 2]);
  // The failed request left its key free.
  expect(await create('bad', [[7, 5]])).toMatchObject({ ok: true });
});

test('a batch without keys sends no extra statement, and one with keys two more', async () => {
  const counted = recording(router);
  const service = openService(counted);
  const sent = async (keys: (string | undefined)[]) => {
    counted.statements.length = 0;
    await Promise.all(keys.map((key) => create(key, [[7, 1]], service)));
    return counted.statements.map(
      (text) => /idempotency_keys|order_ids|INTO orders|order_lines|event_batches|stocks/.exec(text)?.[0],
    );
  };
  const plain = ['stocks', 'order_ids', 'INTO orders', 'order_lines', 'stocks', 'event_batches'];
  expect(await sent([undefined, undefined])).toEqual(plain);
  const keyed = ['idempotency_keys', 'stocks', 'order_ids'];
  expect(await sent(['a', undefined, 'b'])).toEqual([
    ...keyed,
    'idempotency_keys',
    'INTO orders',
    'order_lines',
    'stocks',
    'event_batches',
  ]);
  expect(await sent(['a', 'b'])).toEqual(keyed);
});

function digits(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
