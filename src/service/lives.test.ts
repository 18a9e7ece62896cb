/**
 * Random lives of orders against a model in memory: creates, payments, late payments, cancellations,
 * extensions and releases, while time passes. Every outcome is the model's, and so are orders and stock.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, testSettings, useLoms } from '../../test/support/database.ts';
import { expireOrders } from '../domain/orders/expire.ts';
import { type Line, mergeLines, transitions } from '../domain/orders/order.ts';
import type { Outcome } from '../domain/outcome.ts';

const SKUS = [1, 2, 3];
const PIECES = 10;
const TTL_MAX_S = 600;
const WINDOW_S = 300;
const { database, router } = useLoms();
const loms = openService(router, {
  settings: {
    ...testSettings,
    reservationTtlMaxMs: TTL_MAX_S * 1_000,
    latePaymentWindowMs: WINDOW_S * 1_000,
  },
});

const seconds = fc.integer({ min: 1, max: 10 }).map((minutes) => minutes * 60);
const line = fc.record({ sku: fc.constantFrom(...SKUS), count: fc.integer({ min: 1, max: 6 }) });
const pick = fc.nat();
const step = fc.oneof(
  fc.record({
    kind: fc.constant('create' as const),
    items: fc.array(line, { minLength: 1, maxLength: 3 }),
    ttlSeconds: seconds,
  }),
  fc.record({
    kind: fc.constantFrom('pay' as const, 'payLate' as const, 'cancel' as const, 'release' as const),
    pick,
  }),
  fc.record({ kind: fc.constant('extend' as const), pick, ttlSeconds: seconds }),
  fc.record({ kind: fc.constant('pass' as const), seconds }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface ModelOrder {
  readonly items: readonly Line[];
  readonly createdS: number;
  endS: number;
  /** As it is stored: `open` also when its reservation has ended and nobody has released it. */
  state: 'open' | 'payed' | 'requested' | 'expired' | 'failed';
}

class Model {
  nowS = 0;
  readonly orders = new Map<bigint, ModelOrder>();

  stockOf(sku: number) {
    const of = (state: ModelOrder['state']) =>
      [...this.orders.values()]
        .filter((order) => order.state === state)
        .flatMap(({ items }) => items)
        .reduce((sum, each) => sum + (each.sku === sku ? each.count : 0), 0);
    return { total: PIECES - of('payed'), reserved: of('open') };
  }

  fits(items: readonly Line[]): boolean {
    return items.every(({ sku, count }) => {
      const { total, reserved } = this.stockOf(sku);
      return total - reserved >= count;
    });
  }

  create(orderId: bigint, items: readonly Line[], ttlSeconds: number): string {
    const fits = this.fits(items);
    const endS = this.nowS + Math.min(ttlSeconds, TTL_MAX_S);
    this.orders.set(orderId, { items, createdS: this.nowS, endS, state: fits ? 'open' : 'failed' });
    return fits ? 'OK' : 'INSUFFICIENT_STOCK';
  }

  isOverdue({ state, endS }: ModelOrder): boolean {
    return state === 'open' && this.nowS >= endS;
  }

  /** Releases the order if it is overdue. */
  touch(order: ModelOrder): ModelOrder {
    if (this.isOverdue(order)) order.state = 'expired';
    return order;
  }

  pay(order: ModelOrder, acceptLate: boolean): string {
    const isLate = acceptLate && this.nowS - order.endS < WINDOW_S;
    if (order.state === 'open' && (isLate || !this.isOverdue(order))) order.state = 'payed';
    const { state } = this.touch(order);
    if (state === 'payed') return 'OK';
    if (state !== 'expired') return 'ORDER_NOT_PAYABLE';
    if (!isLate) return 'ORDER_EXPIRED';
    if (!this.fits(order.items)) return 'ORDER_EXPIRED, short';
    order.state = 'payed';
    return 'OK';
  }

  cancel(order: ModelOrder): string {
    if (this.touch(order).state === 'open') order.state = 'requested';
    return order.state === 'payed' || order.state === 'failed' ? 'ORDER_NOT_CANCELLABLE' : 'OK';
  }

  extend(order: ModelOrder, ttlSeconds: number): string {
    const { state } = this.touch(order);
    if (state === 'expired') return 'ORDER_EXPIRED';
    if (state !== 'open') return 'ORDER_NOT_EXTENDABLE';
    const endS = Math.min(this.nowS + ttlSeconds, order.createdS + TTL_MAX_S);
    order.endS = Math.max(order.endS, endS);
    return 'OK';
  }
}

const resultOf = (outcome: Outcome<unknown>) => {
  if (outcome.ok) return 'OK';
  const { reason, detail } = outcome.refusal;
  return reason === 'ORDER_EXPIRED' && detail?.type === 'InsufficientStock' ? `${reason}, short` : reason;
};

/** Moves all orders into the past, as if this time had passed. */
const pass = (passedS: number) =>
  database.query(
    `UPDATE orders SET created_at = created_at - lapse, updated_at = updated_at - lapse,
       expires_at = expires_at - lapse
     FROM (SELECT $1 * interval '1 s' AS lapse) AS passed`,
    [passedS],
  );

/** Releases what is overdue, except for one order. For a create or a late payment these goods are free. */
const release = async (model: Model, except?: bigint) => {
  const due = [...model.orders].filter(([id, order]) => id !== except && model.isOverdue(order));
  const released = await router.write((tx) =>
    expireOrders(
      tx,
      due.map(([id]) => id),
    ),
  );
  expect(released).toBe(due.length);
  for (const [, order] of due) model.touch(order);
};

/** Runs a step against the service and the model, which must agree. */
async function run(model: Model, each: Step): Promise<void> {
  if (each.kind === 'pass') {
    await pass(each.seconds);
    model.nowS += each.seconds;
    return;
  }
  if (each.kind === 'create') {
    await release(model);
    const outcome = await loms.createOrder({ user: 1n, ...each }, anyCall);
    const detail = outcome.ok ? undefined : outcome.refusal.detail;
    const orderId = outcome.ok
      ? outcome.value.orderId
      : detail?.type === 'InsufficientStock' && detail.orderId;
    const expected = model.create(orderId as bigint, mergeLines(each.items), each.ttlSeconds);
    expect(resultOf(outcome)).toBe(expected);
    return;
  }
  const known = [...model.orders];
  const found = known[each.pick % known.length];
  if (found === undefined) return;
  const [orderId, order] = found;
  if (each.kind === 'release') return release(model);
  if (each.kind === 'payLate') await release(model, orderId);
  const acceptLate = each.kind === 'payLate';
  if (each.kind === 'pay' || each.kind === 'payLate') {
    const outcome = await loms.payOrder({ orderId, acceptLate }, anyCall);
    expect(resultOf(outcome)).toBe(model.pay(order, acceptLate));
  } else if (each.kind === 'extend') {
    const outcome = await loms.extendOrder({ orderId, ttlSeconds: each.ttlSeconds }, anyCall);
    expect(resultOf(outcome)).toBe(model.extend(order, each.ttlSeconds));
  } else {
    expect(resultOf(await loms.cancelOrder({ orderId }, anyCall))).toBe(model.cancel(order));
  }
}

const stateOf = (status: unknown, reason: unknown) => {
  if (status === 'awaiting payment') return 'open';
  return reason ?? status;
};

/** The stored states of all orders, and the stock. */
const stored = async () => {
  const orders = await database.query('SELECT order_id, status, cancel_reason FROM orders ORDER BY order_id');
  const stocks = await database.query('SELECT sku, total_count, reserved FROM stocks ORDER BY sku');
  return {
    states: new Map(
      orders.map((row) => [BigInt(row.order_id as string), stateOf(row.status, row.cancel_reason)]),
    ),
    stocks: stocks.map((row) => ({ total: Number(row.total_count), reserved: Number(row.reserved) })),
  };
};

const edges = Object.values(transitions).map(({ from, fromReason, to, cancelReason }) => {
  return `${stateOf(from, fromReason)} -> ${stateOf(to, cancelReason)}`;
});

test('random lives are as in the model, the books balance, and states follow the diagram', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25, size: 'max' }), async (steps) => {
      await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
      await database.query('INSERT INTO stocks SELECT unnest($1::int[]), $2, 0', [SKUS, PIECES]);
      const model = new Model();
      let before = await stored();
      for (const each of steps) {
        await run(model, each);
        const { states, stocks } = await stored();
        expect(states).toEqual(new Map([...model.orders].map(([id, { state }]) => [id, state])));
        expect(stocks).toEqual(SKUS.map((sku) => model.stockOf(sku)));
        for (const [id, state] of states) {
          const was = before.states.get(id);
          if (was !== undefined && was !== state) seen.add(`${was} -> ${state}`);
        }
        before = { states, stocks };
      }
    }),
    { numRuns: 25 },
  );
  for (const edge of seen) expect(edges).toContain(edge);
  expect(seen.size).toBeGreaterThanOrEqual(edges.length - 1);
});
