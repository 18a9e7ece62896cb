/** The audit of stock while two instances write: nothing is found without a fault, and a fault is. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, useLoms, useRouter } from '../../test/support/database.ts';
import { settle } from '../../test/support/settle.ts';
import { expireOrders, findOverdue } from '../domain/orders/expire.ts';
import { auditStock } from '../domain/stock/audit.ts';
import { AUDIT_LIMITS } from '../domain/stock/findings.ts';

const AUDITS = Number(process.env.AUDITS ?? 3);
const CALLERS = 12;
/** Each order has the hot sku or not, and one of some hundred others. Nobody orders the idle one. */
const HOT = 1;
const OTHERS = 300;
const IDLE = 1_000;

const { database, router } = useLoms();
const settings = { reservationTtlMs: 600_000, reservationTtlMaxMs: 3_600_000 };
const instances = [router, useRouter(database)].map((of) => ({
  router: of,
  loms: openService(of, { settings, writeLanes: 2 }),
}));

let running: Promise<void>[] = [];
let isStopped = false;
let done = 0;

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders');
  await database.query(
    'INSERT INTO stocks SELECT sku, 100000, 0 FROM generate_series(1, $1::integer) AS sku',
    [OTHERS],
  );
  await database.query('INSERT INTO stocks VALUES ($1, 100, 0)', [IDLE]);
  [isStopped, done] = [false, 0];
  const callers = instances.flatMap((instance) =>
    Array.from({ length: CALLERS }, (_, index) => callOn(instance, index)),
  );
  running = [...callers, ...instances.map(releaseOn)];
});

afterEach(async () => {
  isStopped = true;
  await Promise.all(running);
});

type Instance = (typeof instances)[number];

/** Creates orders, and pays, cancels, extends or forgets them, until the test ends. */
async function callOn({ loms }: Instance, caller: number): Promise<void> {
  for (let turn = caller; !isStopped; turn++) {
    const other = { sku: 2 + ((turn * 7) % (OTHERS - 1)), count: 1 + (turn % 3) };
    const items = turn % 2 === 0 ? [{ sku: HOT, count: 1 }, other] : [other];
    const created = await loms.createOrder(
      { user: 1n, items, ttlSeconds: turn % 5 === 0 ? 1 : 600 },
      anyCall,
    );
    if (!created.ok) throw new Error(created.refusal.reason);
    const { orderId } = created.value;
    if (turn % 4 === 1) await loms.payOrder({ orderId }, anyCall);
    if (turn % 4 === 2) await loms.cancelOrder({ orderId }, anyCall);
    if (turn % 4 === 3) await loms.extendOrder({ orderId, ttlSeconds: 1_200 }, anyCall);
    done++;
  }
}

/** Releases reservations that have ended, as the worker does. */
async function releaseOn({ router: of }: Instance): Promise<void> {
  while (!isStopped) {
    const { orderIds } = await of.read((db) => findOverdue(db, { ordersMax: 100, linesMax: 400 }));
    if (orderIds.length > 0) await of.write((tx) => expireOrders(tx, orderIds));
    else await settle(database);
  }
}

/** Steps so small that much is written between them. */
const LIMITS = { ...AUDIT_LIMITS, skus: 100, movements: 500, lines: 500, comparedSkus: 150, orders: 100 };
const audit = () => auditStock({ read: (work) => router.read(work), settle: () => settle(database) }, LIMITS);

/** Resolves when every caller has done more than is under way now. */
const moreDone = () => {
  const enough = done + 4 * instances.length * CALLERS;
  return vi.waitFor(() => expect(done).toBeGreaterThan(enough), { timeout: 20_000 });
};

test('nothing is found while two instances create, pay, cancel, extend and expire', async () => {
  await moreDone();
  for (let count = 0; count < AUDITS; count++) {
    const before = done;
    const report = await audit();
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ findingCount: 0, skus: OTHERS + 1 });
    expect(report.unsettledSkus).toBeLessThanOrEqual(OTHERS);
    expect(done).toBeGreaterThan(before);
  }
  isStopped = true;
  await Promise.all(running);
  expect(await audit()).toMatchObject({ findingCount: 0, unsettledSkus: 0 });
});

test('a hold without an order, and a counter changed by hand, are found meanwhile', async () => {
  await moreDone();
  await database.query('UPDATE stocks SET reserved = 3 WHERE sku = $1', [IDLE]);
  await database.query('UPDATE stocks SET total_count = total_count + 1 WHERE sku = $1', [HOT]);
  await moreDone();
  const { findings } = await audit();
  // The stock has moved on: the next movement does not begin where the one before ended.
  const found = findings.map(({ sku, finding }) => `${sku} ${finding}`);
  expect(found.sort()).toEqual([`${HOT} chain`, `${IDLE} reserved`]);
});
