/** The limit of what the open orders of one user hold: exact, also in several instances. */
import { beforeEach, describe, expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, testSettings, useLoms, useRouter } from '../../test/support/database.ts';
import { ANONYMOUS } from '../domain/call.ts';
import { type CreateOrderOutcome, createOrders, type OrderToCreate } from '../domain/orders/create.ts';
import { readHeldPieces } from '../domain/orders/held-pieces.ts';

const MAX = 10;
const settings = { heldPiecesMaxPerUser: MAX, reservationTtlMs: 600_000 };

const { database, router } = useLoms();
const otherRouter = useRouter(database);
const loms = openService(router, { settings });

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
  await database.query('INSERT INTO stocks VALUES (7, 1000, 0), (8, 1, 0)');
});

interface More extends Partial<OrderToCreate> {
  readonly sku?: number;
  readonly idempotencyKey?: string;
}

/** Creates an order of user 1 for pieces of sku 7. */
const create = (count: number, { sku = 7, idempotencyKey, ...more }: More = {}, by = loms) =>
  by.createOrder({ user: 1n, items: [{ sku, count }], ...more }, { ...anyCall, idempotencyKey });

const idOf = (outcome: CreateOrderOutcome) => {
  if (!outcome.ok) throw new Error(outcome.refusal.reason);
  return outcome.value.orderId;
};

const reasonOf = (outcome: CreateOrderOutcome) => (outcome.ok ? 'OK' : outcome.refusal.reason);

const EXCEEDED = 'HELD_PIECES_EXCEEDED';

const written = async () => {
  const [row] = await database.query(
    `SELECT (SELECT count(*)::int FROM orders) AS orders,
       (SELECT sum(reserved)::int FROM stocks) AS reserved`,
  );
  return row;
};

test('an order that would hold too much is refused by name, and nothing of it is written', async () => {
  await create(8);
  const outcome = await create(3);
  expect(outcome).toMatchObject({
    ok: false,
    refusal: {
      reason: EXCEEDED,
      message: 'the open orders of user 1 hold 8 pieces, 3 more would be over 10',
      metadata: { user: '1', limit: '10', held: '8', requested: '3' },
    },
  });
  expect(await written()).toEqual({ orders: 1, reserved: 8 });
  expect(reasonOf(await create(2))).toBe('OK');
});

test('all lines of an order count, and orders of other users do not', async () => {
  const items = [
    { sku: 7, count: 10 },
    { sku: 8, count: 1 },
  ];
  expect(reasonOf(await create(0, { items }))).toBe(EXCEEDED);
  expect(reasonOf(await create(10))).toBe('OK');
  expect(reasonOf(await create(10, { user: 2n }))).toBe('OK');
});

test('what falls short holds nothing, and is kept as failed; too much is refused before that', async () => {
  expect(reasonOf(await create(9, { sku: 8 }))).toBe('INSUFFICIENT_STOCK');
  expect(reasonOf(await create(11, { sku: 8 }))).toBe(EXCEEDED);
  expect(await written()).toEqual({ orders: 1, reserved: 0 });
  expect(reasonOf(await create(10))).toBe('OK');
});

describe('pieces are not held any more once an order', () => {
  test('is payed', async () => {
    await loms.payOrder({ orderId: idOf(await create(10)) }, anyCall);
    expect(reasonOf(await create(10))).toBe('OK');
  });

  test('is cancelled', async () => {
    await loms.cancelOrder({ orderId: idOf(await create(10)) }, anyCall);
    expect(reasonOf(await create(10))).toBe('OK');
  });

  test('has ended, although nobody has released it', async () => {
    await create(10);
    await database.query("UPDATE orders SET expires_at = now() - interval '1 ms'");
    expect(reasonOf(await create(10))).toBe('OK');
  });
});

test('orders without an end count', async () => {
  await openService(router).createOrder({ user: 1n, items: [{ sku: 7, count: 10 }] }, anyCall);
  expect(reasonOf(await create(1))).toBe(EXCEEDED);
});

test('orders of one batch count in the order of their arrival', async () => {
  const outcomes = await Promise.all([4, 4, 4, 2, 1].map((count) => create(count)));
  expect(outcomes.map(reasonOf)).toEqual(['OK', 'OK', EXCEEDED, 'OK', EXCEEDED]);
});

test('of 60 orders at once through two instances exactly as many are made as the limit allows', async () => {
  const other = openService(otherRouter, { settings });
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      create(1, { user: BigInt(1 + (index % 3)) }, index % 2 === 0 ? loms : other),
    ),
  );
  expect(outcomes.map(reasonOf).filter((reason) => reason === 'OK')).toHaveLength(3 * MAX);
  expect(await written()).toEqual({ orders: 3 * MAX, reserved: 3 * MAX });
});

test('a create waits for another one for its user, and counts what that one holds', async () => {
  await database.query('INSERT INTO stocks VALUES (9, 1000, 0)');
  const other = openService(otherRouter, { settings });
  let second: Promise<string> | undefined;
  await router.write(async (tx) => {
    const order = { user: 1n, items: [{ sku: 7, count: 6 }], actor: ANONYMOUS };
    const plan = await createOrders(tx, [order], { ...testSettings, ...settings });
    if ('writes' in plan) await Promise.all(plan.writes);
    let isDone = false;
    // Another sku, so that it waits for no stock.
    second = create(6, { sku: 9 }, other).then(reasonOf);
    void second.then(() => {
      isDone = true;
    });
    const waiting =
      "SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()";
    await expect.poll(async () => isDone || (await database.query(waiting)).length > 0).toBe(true);
    return plan;
  });
  expect(await second).toBe(EXCEEDED);
});

test('a batch for many users holds a bounded number of locks', async () => {
  const locks = `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE datname = current_database() AND locktype = 'advisory' AND objsubid = 2 AND granted`;
  const lockedBy = (users: bigint[]) =>
    router.write(async (tx) => {
      const orders = users.map((user) => ({ user, items: [] }));
      await readHeldPieces(tx, orders, { ...testSettings, ...settings });
      return { rollback: (await database.query(locks)).length };
    });
  const users = Array.from({ length: 500 }, (_, index) => BigInt(index));
  expect(await lockedBy(users)).toBe(500);
  expect(await lockedBy(users.map((user) => 1n + user * 4_096n))).toBe(1);
  expect(await lockedBy([2n ** 63n - 1n, -1n, 4_095n])).toBe(1);
});

describe('the idempotency key of a refused order', () => {
  test('is not used: the same or another request can use it later, and is replayed then', async () => {
    const orderId = idOf(await create(10));
    expect(reasonOf(await create(3, { idempotencyKey: 'k' }))).toBe(EXCEEDED);
    expect(reasonOf(await create(3, { idempotencyKey: 'k' }))).toBe(EXCEEDED);
    await loms.cancelOrder({ orderId }, anyCall);
    const made = await create(2, { idempotencyKey: 'k' });
    expect(reasonOf(made)).toBe('OK');
    expect(await create(2, { idempotencyKey: 'k' })).toEqual({ ...made, replayed: true });
    expect(reasonOf(await create(3, { idempotencyKey: 'k' }))).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('is kept from the order that uses it on', async () => {
    const orderId = idOf(await create(10));
    await create(3, { idempotencyKey: 'k' });
    await database.query("UPDATE idempotency_keys SET expires_at = now() + interval '1 s'");
    await loms.cancelOrder({ orderId }, anyCall);
    await create(3, { idempotencyKey: 'k' });
    const rows = await database.query(
      "SELECT expires_at > now() + interval '23 h' AS kept FROM idempotency_keys",
    );
    expect(rows).toEqual([{ kept: true }]);
  });

  test('is refused for all requests of its batch, with the reason of the same request only', async () => {
    const outcomes = await Promise.all([11, 11, 1].map((count) => create(count, { idempotencyKey: 'k' })));
    expect(outcomes.map(reasonOf)).toEqual([EXCEEDED, EXCEEDED, 'IDEMPOTENCY_KEY_REUSED']);
    expect(reasonOf(await create(1, { idempotencyKey: 'k' }))).toBe('OK');
  });

  test('is replayed, whatever its user holds by then', async () => {
    const made = await create(10, { idempotencyKey: 'k' });
    expect(await create(10, { idempotencyKey: 'k' })).toEqual({ ...made, replayed: true });
  });
});

test('what is only validated is held against the limit, behind its batch and each for itself', async () => {
  await create(3);
  const validated = { validateOnly: true };
  const outcomes = await Promise.all([
    create(4),
    create(3, validated),
    create(3, validated),
    create(4, validated),
  ]);
  expect(outcomes.map(reasonOf)).toEqual(['OK', 'OK', 'OK', EXCEEDED]);
});

test('overdue goods are taken back for an order within the limit', async () => {
  await create(1, { sku: 8, user: 2n });
  await database.query("UPDATE orders SET expires_at = now() - interval '1 ms'");
  const outcomes = await Promise.all([create(11), create(1, { sku: 8 })]);
  expect(outcomes.map(reasonOf)).toEqual([EXCEEDED, 'OK']);
});
