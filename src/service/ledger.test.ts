/**
 * Random orders, adjustments and counts in two instances at once, watched by the audit: at every moment the
 * ledger explains every counter, and open orders every reserved piece.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useLoms } from '../../test/support/database.ts';
import { settle } from '../../test/support/settle.ts';
import { expireOrders } from '../domain/orders/expire.ts';
import { auditStock } from '../domain/stock/audit.ts';

const SKUS = [1, 2, 3, 4];
const { database, router } = useLoms();
const settings = { latePaymentWindowMs: 60_000, reservationTtlMs: 600_000 };
const services = [0, 1].map(() => openService(router, { settings, writeLanes: 2 }));

const sku = fc.constantFrom(...SKUS);
const pick = fc.nat();
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('create' as const),
      skus: fc.subarray(SKUS, { minLength: 1 }),
      pick,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('pay' as const, 'cancel' as const, 'expire' as const),
      pick,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('adjust' as const),
      sku,
      change: fc.integer({ min: -9, max: 20 }),
      pick,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('count' as const), sku, counted: fc.nat(60), pick }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const ids: bigint[] = [];
let keys = 0;

async function run(each: Step): Promise<void> {
  const by = services[each.pick % 2] as (typeof services)[number];
  const texts = { reference: '', note: '' };
  if (each.kind === 'create') {
    const items = each.skus.map((sku) => ({ sku, count: 1 + (each.pick % 3) }));
    const created = await by.createOrder({ user: 1n, items }, anyCall);
    if (created.ok) ids.push(created.value.orderId);
  } else if (each.kind === 'adjust') {
    const changes = [{ sku: each.sku, change: BigInt(each.change), reason: 'other' as const, ...texts }];
    await by.adjustStock({ changes }, { ...anyCall, idempotencyKey: `key ${keys++}` });
  } else if (each.kind === 'count') {
    const countedAt = BigInt(Date.now() - (each.pick % 50)) * 1_000_000n;
    const counts = [{ sku: each.sku, counted: BigInt(each.counted), countedAt, ...texts }];
    await by.countStock({ counts }, anyCall);
  } else {
    const id = ids[each.pick % Math.max(ids.length, 1)] ?? 1n;
    if (each.kind === 'cancel') await by.cancelOrder({ orderId: id }, anyCall);
    if (each.kind === 'pay') await by.payOrder({ orderId: id, acceptLate: each.pick % 3 === 0 }, anyCall);
    if (each.kind !== 'expire') return;
    await database.query(
      `UPDATE orders SET created_at = now() - interval '1 hour', expires_at = now() - interval '1 second'
       WHERE order_id = $1`,
      [id],
    );
    await router.write((tx) => expireOrders(tx, [id]));
  }
}

const audit = () => auditStock({ read: router.read.bind(router), settle: () => settle(database) });

test('chain, counters and holds agree at every moment that is looked at', async () => {
  let looks = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
      await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
      await database.query('INSERT INTO stocks SELECT unnest($1::int[]), 30, 0', [SKUS.slice(1)]);
      ids.length = 0;
      let running = true;
      const watch = async () => {
        for (; running; looks++) expect((await audit()).findings).toEqual([]);
      };
      const rest = [...steps];
      const work = async () => {
        for (let each = rest.shift(); each !== undefined; each = rest.shift()) await run(each);
      };
      const working = Promise.all(Array.from({ length: 8 }, work)).finally(() => {
        running = false;
      });
      await Promise.all([working, watch()]);
      expect((await audit()).findings).toEqual([]);
    }),
    { numRuns: 15, endOnFailure: true },
  );
  expect(looks).toBeGreaterThan(8);
  const found = await database.query('SELECT DISTINCT kind FROM stock_movements');
  expect(found.length).toBeGreaterThan(3);
});
