/**
 * Random changes of orders and stock in two instances with a publisher each: the feed has every change once,
 * without gaps and in the order of the commits, and every reader sees exactly this sequence.
 */
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { openService, testSettings, useLoms } from '../../test/support/database.ts';
import { publishAll } from '../../test/support/feed.ts';
import { type EventType, eventTypes, type FeedEvent, type OrderEvent } from '../domain/events/event.ts';
import { publishEvents } from '../domain/events/publish.ts';
import { expireOrders } from '../domain/orders/expire.ts';
import { repairStock } from '../domain/stock/repair.ts';

const SKUS = [1, 2, 3, 4];
const { database, router } = useLoms();
const { query } = database;
const settings = { ...testSettings, latePaymentWindowMs: 60_000, reservationTtlMs: 600_000 };
const services = [0, 1].map(() => openService(router, { settings, writeLanes: 2 }));

const pick = fc.nat();
const sku = fc.constantFrom(...SKUS);
const ofOrder = fc.constantFrom('pay', 'payLate', 'cancel', 'extend', 'expire', 'overdue');
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('create'), skus: fc.subarray(SKUS, { minLength: 1 }), pick }),
  },
  { weight: 6, arbitrary: fc.record({ kind: ofOrder, skus: fc.constant(SKUS), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('adjust', 'count', 'repair'), skus: fc.tuple(sku), pick }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('publish', 'read'), skus: fc.constant(SKUS), pick }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
let keys = 0;
const ids: bigint[] = [];

async function run({ kind, skus, pick: seed }: Step, readers: readonly Reader[]): Promise<void> {
  const by = services[seed % 2] as (typeof services)[number];
  const call = { ...anyCall, traceparent: seed % 3 === 0 ? traceparent : undefined };
  const texts = { reference: '', note: '' };
  const one = skus[0] as number;
  const id = ids[seed % Math.max(ids.length, 1)] ?? 1n;
  if (kind === 'create') {
    const items = skus.map((each) => ({ sku: each, count: 1 + (seed % 4) }));
    const created = await by.createOrder({ user: 1n, items, validateOnly: seed % 11 === 0 }, call);
    const detail = created.ok ? undefined : created.refusal.detail;
    const orderId = created.ok
      ? created.value.orderId
      : detail?.type === 'InsufficientStock' && detail.orderId;
    if (orderId) ids.push(orderId);
  } else if (kind === 'adjust') {
    const changes = [{ sku: one, change: BigInt((seed % 30) - 9), reason: 'other' as const, ...texts }];
    await by.adjustStock({ changes }, { ...call, idempotencyKey: `key ${keys++}` });
  } else if (kind === 'count') {
    const countedAt = BigInt(Date.now() - (seed % 50)) * 1_000_000n;
    await by.countStock({ counts: [{ sku: one, counted: BigInt(seed % 60), countedAt, ...texts }] }, call);
  } else if (kind === 'repair') {
    // Somebody finds a piece and enters it past the ledger.
    await query('UPDATE stocks SET total_count = total_count + 1 WHERE sku = $1', [one]);
    await router.write((tx) => repairStock(tx, one));
  } else if (kind === 'publish') {
    await router.write((tx) => publishEvents(tx, 1 + (seed % 5)));
  } else if (kind === 'read') {
    await readers[seed % readers.length]?.read();
  } else await change(kind, by, id, call, seed);
}

async function change(
  kind: string,
  by: (typeof services)[number],
  orderId: bigint,
  call: typeof anyCall,
  seed: number,
): Promise<void> {
  if (kind === 'pay') await by.payOrder({ orderId }, call);
  if (kind === 'payLate') await by.payOrder({ orderId, acceptLate: true }, call);
  if (kind === 'cancel') await by.cancelOrder({ orderId }, call);
  if (kind === 'extend') await by.extendOrder({ orderId, ttlSeconds: 600 + (seed % 3) * 600 }, call);
  if (kind !== 'overdue' && kind !== 'expire') return;
  await query(
    `UPDATE orders SET created_at = created_at - interval '1 hour',
       updated_at = created_at - interval '1 hour', expires_at = now() - interval '1 second'
     WHERE order_id = $1 AND status = 'awaiting payment'`,
    [orderId],
  );
  if (kind === 'expire') await router.write((tx) => expireOrders(tx, [orderId]));
}

/** Follows the feed by its tokens, through either instance. */
class Reader {
  readonly events: FeedEvent[] = [];
  readonly #request: {
    readonly type: readonly EventType[];
    readonly pageSize: number;
    readonly orderId: bigint;
  };
  #pageToken = '';
  #reading: Promise<boolean> = Promise.resolve(true);

  constructor(type: readonly EventType[], pageSize: number, orderId = 0n) {
    this.#request = { type, pageSize, orderId };
  }

  wants(event: FeedEvent): boolean {
    const { type, orderId } = this.#request;
    if (type.length > 0 && !type.includes(event.type)) return false;
    return orderId === 0n || ('orderId' in event && event.orderId === orderId);
  }

  /** Reads a page, behind the one that it reads. Returns whether it came further. */
  read(): Promise<boolean> {
    this.#reading = this.#reading.then(() => this.#readPage());
    return this.#reading;
  }

  async #readPage(): Promise<boolean> {
    const pageToken = this.#pageToken;
    const from = pageToken === '' ? ('beginning' as const) : ('' as const);
    const by = services[this.events.length % 2] as (typeof services)[number];
    const page = await by.listEvents({ ...this.#request, pageToken, from, waitSeconds: 0 }, anyCall);
    if (!page.ok) throw new Error(page.refusal.message);
    this.events.push(...page.value.events);
    this.#pageToken = page.value.nextPageToken;
    return this.#pageToken !== pageToken;
  }
}

/** What a cache has that follows the changes of stock. */
class Cache {
  readonly stocks = new Map<number, string>();
  #pageToken = '';
  #following: Promise<boolean> = Promise.resolve(true);

  follow(pageSize: number): Promise<boolean> {
    this.#following = this.#following.then(() => this.#readPage(pageSize));
    return this.#following;
  }

  async #readPage(pageSize: number): Promise<boolean> {
    const pageToken = this.#pageToken;
    const page = await services[0]?.listStockChanges({ pageSize, pageToken, waitSeconds: 0 }, anyCall);
    if (!page?.ok) throw new Error(page?.refusal.message);
    for (const { sku: each, total, reserved } of page.value.stocks)
      this.stocks.set(each, `${total} ${reserved}`);
    this.#pageToken = page.value.nextPageToken;
    return this.#pageToken !== pageToken;
  }
}

/** By order: the statuses and ends that its events tell, one behind the other. */
function checkOrders(events: readonly OrderEvent[], stored: Record<string, unknown>[]) {
  const last = new Map<bigint, OrderEvent>();
  const ends = new Map<bigint, bigint | undefined>();
  for (const event of events) {
    const before = last.get(event.orderId);
    expect(event.version).toBe((before?.version ?? 0n) + 1n);
    expect(event.previousStatus).toBe(before?.status);
    expect(event.traceparent ?? traceparent).toBe(traceparent);
    if (event.expiresAt !== undefined || before === undefined) ends.set(event.orderId, event.expiresAt);
    last.set(event.orderId, event);
  }
  const told = [...last.values()].map(({ orderId, status, version, items, user }) => {
    return { orderId, status, version, user, lines: items.length };
  });
  const expected = stored.map((row) => ({
    orderId: BigInt(row.order_id as string),
    status: row.status,
    version: BigInt(row.version as number),
    user: BigInt(row.user_id as string),
    lines: Number(row.lines),
  }));
  const byId = (a: { orderId: bigint }, b: { orderId: bigint }) => Number(a.orderId - b.orderId);
  expect(told.sort(byId)).toEqual(expected.sort(byId));
  const lastEnds = stored.map((row) => ends.get(BigInt(row.order_id as string)));
  expect(lastEnds.every((end, index) => end !== undefined || stored[index]?.status === 'failed')).toBe(true);
}

/** By sku: batches that changed it, and events of changes by hand, come in the order of its movements. */
async function checkStock() {
  const rows = await query(`
    SELECT entry.sku, count(*)::int AS batches,
      array_agg(batch.position ORDER BY batch.position) AS positions
    FROM event_batches AS batch CROSS JOIN LATERAL unnest(batch.skus) AS entry (sku) GROUP BY entry.sku`);
  for (const row of rows) {
    const movements = await query(
      `SELECT version, order_id FROM stock_movements WHERE sku = $1 AND version > 0 ORDER BY version`,
      [row.sku],
    );
    expect(movements.length).toBeGreaterThanOrEqual(row.batches as number);
    expect(movements.map(({ version }) => Number(version))).toEqual(movements.map((_, index) => index + 1));
    // A movement of one order names it: the orders of one sku's batches come as in its ledger.
    const inFeed = await query(
      `SELECT entry.subject FROM event_batches AS batch
       CROSS JOIN LATERAL unnest(batch.types, batch.subjects) WITH ORDINALITY AS entry (type, subject, place)
       WHERE $1 = ANY(batch.skus) AND batch.event_count = 1 AND entry.type <> 'adjusted'
       ORDER BY batch.position, entry.place`,
      [row.sku],
    );
    const single = inFeed.map(({ subject }) => String(subject));
    const named = movements.flatMap(({ order_id: id }) => (id === null ? [] : [String(id)]));
    expect(isSubsequence(single, named)).toBe(true);
  }
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let found = 0;
  for (const each of whole) if (each === part[found]) found++;
  return found === part.length;
}

/** Every change by hand is an event, in the order of the versions of its sku. */
async function checkByHand(events: readonly FeedEvent[]): Promise<void> {
  const byHand = events.flatMap((each) => ('sku' in each ? [`${each.sku} ${each.version}`] : []));
  const movements = await query(`
    SELECT sku, version FROM stock_movements
    WHERE version > 0 AND kind IN ('received', 'adjusted', 'counted', 'opened') ORDER BY sku, version`);
  expect([...byHand].sort()).toEqual(movements.map((row) => `${row.sku} ${row.version}`).sort());
  for (const each of SKUS) {
    const versions = byHand
      .filter((text) => text.startsWith(`${each} `))
      .map((text) => Number(text.slice(2)));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
  }
}

test('every change is in the feed once and in order, for each reader', async () => {
  const seen = new Set<string>();
  const filter = fc.subarray([...eventTypes]);
  const size = fc.integer({ min: 1, max: 7 });
  const steps = fc.array(step, { minLength: 40, maxLength: 90, size: 'max' });
  await fc.assert(
    fc.asyncProperty(steps, filter, size, async (all, types, pageSize) => {
      await query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys, event_batches');
      await query('INSERT INTO stocks SELECT unnest($1::int[]), 20, 0', [SKUS.slice(1)]);
      ids.length = 0;
      const readers = [new Reader([], pageSize), new Reader(types, 3), new Reader(['stock.adjusted'], 1)];
      const cache = new Cache();
      await cache.follow(2);
      const rest = [...all];
      const work = async () => {
        for (let each = rest.shift(); each !== undefined; each = rest.shift()) await run(each, readers);
      };
      let running = true;
      const publishing = async () => {
        while (running) {
          await router.write((tx) => publishEvents(tx, 3));
          await cache.follow(2);
          await turn();
        }
      };
      const publishers = [publishing(), publishing()];
      await Promise.all(Array.from({ length: 6 }, work)).finally(() => {
        running = false;
      });
      await Promise.all(publishers);
      await publishAll(router);

      const whole = new Reader([], 1_000);
      readers.push(new Reader([], 4, ids[0] ?? 1n));
      for (const reader of [whole, ...readers]) while (await reader.read());
      const { events } = whole;
      expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => BigInt(index + 1)));
      for (const reader of readers)
        expect(reader.events).toEqual(events.filter((each) => reader.wants(each)));
      for (const { type } of events) seen.add(type);

      const stored = await query(`
        SELECT orders.*,
          (SELECT count(*) FROM order_lines WHERE order_lines.order_id = orders.order_id) AS lines
        FROM orders`);
      checkOrders(
        events.filter((each): each is OrderEvent => 'orderId' in each),
        stored,
      );
      await checkByHand(events);
      await checkStock();

      while (await cache.follow(3));
      const stocks = await query('SELECT * FROM stocks WHERE version > 0');
      const now = stocks.map((row) => [Number(row.sku), `${row.total_count} ${row.reserved}`] as const);
      expect(new Map([...cache.stocks].sort())).toEqual(new Map([...now].sort()));
    }),
    { numRuns: 12, endOnFailure: true },
  );
  expect([...seen].sort()).toEqual([...eventTypes].sort());
}, 120_000);
