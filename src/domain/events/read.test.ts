/** Pages of the feed: whatever bounds and filters them, they have every wanted event once and in order. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { useDatabase, useRouter } from '../../../test/support/database.ts';
import { publishAll } from '../../../test/support/feed.ts';
import { START } from './cursor.ts';
import { type ChangeKind, type FeedEvent, kindsOf, STOCK_CHANGE } from './event.ts';
import { type EventFilter, type EventLimits, readEventsBehind } from './read.ts';

const database = useDatabase();
const router = useRouter(database);
const { query } = database;

/** The orders with their lines as the reader counts them; what is not here was removed. */
const linesOf = new Map([1n, 2n, 3n].map((id) => [id, `${id}1 1 ${id}2 12`]));
const REMOVED_ORDER = 4n;
/** Of each movement that is there. */
const TEXTS = ['📦', 'ü', 'a'];
const MOVEMENT_BYTES = 7;

beforeAll(async () => {
  await query('TRUNCATE event_batches, orders, order_lines, stock_movements');
  await query(`INSERT INTO orders (order_id, user_id, status, created_at, updated_at, version)
    SELECT id, 10 * id, 'payed', now(), now(), 1 FROM generate_series(1, 3) AS id`);
  await query(`INSERT INTO order_lines (order_id, sku, count)
    SELECT id, 10 * id + line, 11 * line - 10
    FROM generate_series(1, 3) AS id, generate_series(1, 2) AS line`);
  await query(
    `INSERT INTO stock_movements (sku, version, total_change, reserved_change, total_after,
       reserved_after, created_at, order_count, kind, reference, note, actor)
     SELECT 7, version, 1, 0, version, 0, now(), 0, 'received', $1, $2, $3
     FROM generate_series(1, 2) AS version`,
    TEXTS,
  );
});

interface Written {
  readonly kind: ChangeKind;
  readonly subject: bigint;
  readonly version: bigint;
  readonly endUs: bigint;
}

const orderEvent = fc.record({
  kind: fc.constantFrom<ChangeKind>('created', 'payed', 'extended', 'expired'),
  subject: fc.constantFrom(1n, 2n, 3n, REMOVED_ORDER),
  version: fc.bigInt({ min: 1n, max: 2n ** 60n }),
  endUs: fc.constantFrom(0n, 1_795_694_400_000_001n),
});
// The movement of version 3 was removed.
const stockEvent = fc.record({
  kind: fc.constant<ChangeKind>(STOCK_CHANGE),
  subject: fc.constant(7n),
  version: fc.constantFrom(1n, 2n, 3n),
  endUs: fc.constant(0n),
});
const batch = fc.record({
  events: fc.array(fc.oneof({ weight: 3, arbitrary: orderEvent }, stockEvent), {
    minLength: 1,
    maxLength: 5,
  }),
  isTraced: fc.boolean(),
});
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function write({ events, isTraced }: { events: readonly Written[]; isTraced: boolean }): Promise<void> {
  const ends = events.some(({ endUs }) => endUs > 0n) ? events.map(({ endUs }) => endUs) : [];
  await query(
    `INSERT INTO event_batches (
       batch_id, created_at, event_count, types, subjects, versions, ends_us, traceparents, skus
     ) VALUES (nextval('event_batch_ids'), now(), $1, $2, $3, $4, $5, $6, '{}')`,
    [
      events.length,
      events.map(({ kind }) => kind),
      ...[events.map(({ subject }) => String(subject)), events.map(({ version }) => String(version))],
      ends.map(String),
      // Every other event has one.
      isTraced ? events.map((_, index) => (index % 2 === 0 ? TRACEPARENT : '')) : [],
    ],
  );
}

/** What a reader should see of an event, in short. */
function expectedOf({ kind, subject, version, endUs }: Written, position: bigint, traceparent: unknown) {
  const head = { position, version, traceparent };
  if (kind === STOCK_CHANGE)
    return { ...head, sku: 7, movement: version < 3n ? { total: version } : undefined };
  const lines = linesOf.get(subject);
  const user = lines === undefined ? undefined : subject * 10n;
  return {
    ...head,
    orderId: subject,
    user,
    lines: lines ?? '',
    expiresAt: endUs ? endUs * 1_000n : undefined,
  };
}

function seenOf(event: FeedEvent) {
  const { position, version, traceparent } = event;
  if ('sku' in event) {
    const movement = event.movement && { total: event.movement.total };
    return { position, version, traceparent, sku: event.sku, movement };
  }
  const { orderId, user, expiresAt } = event;
  const lines = event.items.map(({ sku, count }) => `${sku} ${count}`).join(' ');
  return { position, version, traceparent, orderId, user, lines, expiresAt };
}

/** What an event takes of the limit of text. */
function sizeOf(event: FeedEvent): number {
  if ('orderId' in event) return linesOf.get(event.orderId)?.length ?? 0;
  return event.movement ? MOVEMENT_BYTES : 0;
}

/** Reads all pages, each of which keeps to the limits. */
async function readAll(filter: EventFilter, limits: EventLimits): Promise<FeedEvent[]> {
  const all: FeedEvent[] = [];
  for (let cursor = START; ; ) {
    const { events, next, more } = await router.read((db) => readEventsBehind(db, cursor, filter, limits));
    expect(events.length).toBeLessThanOrEqual(limits.eventsMax);
    const sizes = events.map(sizeOf);
    const before = sizes.slice(
      0,
      sizes.findLastIndex((size) => size > 0),
    );
    expect(before.reduce((sum, size) => sum + size, 0)).toBeLessThan(limits.textMax);
    all.push(...events);
    if (!more) return all;
    expect(next.position).toBeGreaterThan(cursor.position);
    cursor = next;
  }
}

const filters = fc.record({
  types: fc.subarray(['order.created', 'order.payed', 'stock.adjusted'] as const),
  orderId: fc.constantFrom(0n, 0n, 2n, 7n),
});
const limits = fc.record({
  eventsMax: fc.integer({ min: 1, max: 12 }),
  scanMax: fc.integer({ min: 1, max: 12 }),
  textMax: fc.integer({ min: 1, max: 30 }),
});

test('with any bounds and filters, pages have all wanted events once, in order, and complete', async () => {
  const batchLists = fc.array(batch, { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(batchLists, filters, limits, async (batches, filter, bounds) => {
      await query('TRUNCATE event_batches');
      for (const each of batches) await write(each);
      await publishAll(router);
      const written = batches.flatMap(({ events, isTraced }) =>
        events.map((event, index) => ({ event, traced: isTraced && index % 2 === 0 })),
      );
      const { types, orderId } = filter;
      const wanted = written.flatMap(({ event, traced }, index) => {
        const isOfType = types.length === 0 || kindsOf(types).includes(event.kind);
        const isAbout = orderId === 0n || (event.subject === orderId && event.kind !== STOCK_CHANGE);
        const traceparent = traced ? TRACEPARENT : undefined;
        return isOfType && isAbout ? [expectedOf(event, BigInt(index + 1), traceparent)] : [];
      });
      expect((await readAll(filter, bounds)).map(seenOf)).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
});

test('of orders that have more lines than a page, the next page has the rest', async () => {
  const orders = 150;
  await query('TRUNCATE event_batches');
  await query(
    `INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
     SELECT id, 1, 'payed', now(), now() FROM generate_series(1001, 1000 + $1::bigint) AS id`,
    [orders],
  );
  await query(
    `INSERT INTO order_lines SELECT id, sku, 1
     FROM generate_series(1001, 1000 + $1::bigint) AS id, generate_series(1, 1000) AS sku`,
    [orders],
  );
  const event = { kind: 'created', version: 1n, endUs: 0n } as const;
  const events = Array.from({ length: orders }, (_, index) => ({ ...event, subject: BigInt(1001 + index) }));
  await write({ events, isTraced: false });
  await publishAll(router);
  const pages: number[] = [];
  for (let cursor = START; ; ) {
    const limits = { eventsMax: 1_000, scanMax: 1_000, textMax: 10_000_000 };
    const page = await router.read((db) => readEventsBehind(db, cursor, { types: [] }, limits));
    pages.push(page.events.length);
    for (const read of page.events) expect('items' in read && read.items).toHaveLength(1_000);
    if (!page.more) break;
    cursor = page.next;
  }
  expect(pages).toEqual([100, 50]);
});
