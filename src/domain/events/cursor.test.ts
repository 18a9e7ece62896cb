/**
 * Cursors on nodes that have their event, lack it for a moment, have lost it, or have another one in its
 * place.
 */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { anyCall } from '../../../test/support/call.ts';
import { testSettings, useDatabase, useRouter } from '../../../test/support/database.ts';
import { publishAll, writeBatch } from '../../../test/support/feed.ts';
import { listStockChanges, prepareStockChanges } from '../stock/changes.ts';
import { subjectOf } from './attributes.ts';
import { type Cursor, headOf, START, startOf, stateOf, tailOf } from './cursor.ts';
import { EVENT_SCAN_MAX, readFrom } from './list.ts';
import { readEvents } from './read.ts';

const database = useDatabase();
const router = useRouter(database);
const { query } = database;

beforeEach(async () => {
  await query('TRUNCATE event_batches');
  await query('ALTER SEQUENCE event_batch_ids RESTART');
});

const head = () => router.read(headOf);
const state = (cursor: Cursor) => router.read((db) => stateOf(db, cursor));
const publish = async (...sizes: number[]) => {
  for (const size of sizes) await writeBatch(query, size);
  await publishAll(router);
};
/** Makes the database one that is behind, by its last batches, without their loss. */
const fallBehind = (position: number) => query('DELETE FROM event_batches WHERE position >= $1', [position]);
const age = (seconds: number) =>
  query("UPDATE event_batches SET published_at = published_at - $1 * interval '1 second'", [seconds]);

test('the head and the tail of an empty feed are the start, which is known there', async () => {
  expect(await head()).toEqual(START);
  expect(await router.read(tailOf)).toBe(0n);
  expect(await state(START)).toBe('known');
  await publish(2);
  expect(await state(START)).toBe('known');
});

test('the start has expired when the first event was removed', async () => {
  await publish(2, 1);
  await query('DELETE FROM event_batches WHERE position = 1');
  expect(await router.read(tailOf)).toBe(2n);
  expect(await state(START)).toBe('expired');
});

test('a cursor is known at every event of its batch', async () => {
  await publish(3, 2);
  const { us } = await head();
  for (const position of [1n, 2n, 3n, 4n, 5n]) expect(await state({ position, us })).toBe('known');
  expect(await state({ position: 6n, us })).toBe('ahead');
});

test('a cursor whose event is another one has expired', async () => {
  await publish(3);
  const { position, us } = await head();
  expect(await state({ position, us: us + 1n })).toBe('expired');
});

test('a cursor whose event was removed has expired', async () => {
  await publish(1, 1);
  await publish(1);
  await query('DELETE FROM event_batches WHERE position < 3');
  const { us } = await head();
  expect(await state({ position: 2n, us })).toBe('expired');
});

describe.each([
  ['lacks the last batches', 4],
  ['has no batch yet', 1],
])('a node that %s', (_title, first) => {
  test('waits for a cursor that is new, however old the event is, and never passes over one', async () => {
    await publish(3);
    for (const size of [1, 2]) await writeBatch(query, size);
    await query("UPDATE event_batches SET created_at = now() - interval '1 hour'");
    await publishAll(router);
    const cursor = await head();
    await fallBehind(first);
    expect(await state(cursor)).toBe('ahead');
    const all = { eventsMax: 10, scanMax: 10, textMax: 100_000 };
    const page = await router.read((db) => readEvents(db, cursor, { types: [] }, all));
    expect(page).toMatchObject({ events: [], next: cursor });
  });

  test('refuses one that it has lacked for too long', async () => {
    await publish(3, 1, 2);
    await age(61);
    const cursor = await head();
    await fallBehind(first);
    expect(await state(cursor)).toBe('expired');
  });
});

describe('the start of an order', () => {
  const [BEFORE, ORDER] = [7_000_000n, 7_000_001n];

  beforeEach(async () => {
    await query('DELETE FROM orders WHERE order_id >= $1', [BEFORE]);
    await query(
      `INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
       VALUES ($1, 1, 'failed', now(), now())`,
      [BEFORE],
    );
  });

  const start = (orderId = ORDER) => router.read((db) => startOf(db, orderId));

  test('is behind what was published more than a minute before its creation', async () => {
    for (let count = 1; count <= 40; count++) {
      await publish(1, 3);
      await age(count % 2 === 0 ? 61 : 1);
    }
    await publish(...Array.from({ length: 30 }, () => 2));
    await age(30);
    const [row] = await query(
      `SELECT max(position + event_count - 1) AS last FROM event_batches
       WHERE published_at < (SELECT created_at FROM orders WHERE order_id = $1) - interval '1 minute'`,
      [BEFORE],
    );
    expect(await start()).toBe(BigInt(row?.last as string));
    await query('DELETE FROM event_batches WHERE position < 150');
    expect(await start()).toBe(BigInt(row?.last as string));
  });

  test('is near the creation of the order itself where that is kept', async () => {
    await query("UPDATE orders SET created_at = now() - interval '1 day' WHERE order_id = $1", [BEFORE]);
    await publish(4);
    await age(7_200);
    expect(await start()).toBe(0n);
    await query(
      `INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
       VALUES ($1, 1, 'failed', now(), now())`,
      [ORDER],
    );
    await publish(2);
    expect([await start(), await start(2n ** 63n - 1n)]).toEqual([4n, 4n]);
  });

  test('is where a list of its events begins: what was published long before takes no pages', async () => {
    for (let count = 0; count < 3; count++) await writeBatch(query, EVENT_SCAN_MAX);
    await publishAll(router);
    await age(7_200);
    await writeBatch(query, 2, [], Number(ORDER));
    await publishAll(router);
    const page = await router.read((db) => readFrom(db, 'beginning', { types: [], orderId: ORDER }, 50));
    expect(page?.events.map(({ version }) => version)).toEqual([1n, 2n]);
  });

  test('is that of the feed where all of it is younger, or empty, or the order unknown', async () => {
    expect(await start()).toBe(0n);
    await publish(3, 2);
    expect([await start(), await start(1n)]).toEqual([0n, 0n]);
    await query('DELETE FROM event_batches WHERE position = 1');
    expect([await start(), await start(1n)]).toEqual([3n, 3n]);
  });
});

const changed = async (pageToken: string, pageSize = 0) => {
  const prepared = prepareStockChanges({ pageSize, pageToken, waitSeconds: 0 }, anyCall, testSettings);
  if (!prepared.ok) throw new Error(prepared.refusal.message);
  const [outcome] = await router.read((db) => listStockChanges(db, [prepared.value], testSettings));
  if (!outcome?.ok) return outcome?.refusal.reason;
  const { stocks, nextPageToken, next } = outcome.value;
  return { skus: stocks.map(({ sku }) => sku), nextPageToken, behind: next.position };
};
const page = (skus: number[]) => ({ skus, nextPageToken: expect.any(String), behind: expect.any(BigInt) });
const tokenOf = (answer: Awaited<ReturnType<typeof changed>>) =>
  typeof answer === 'object' ? answer.nextPageToken : '';

describe('changes of stock on a node that is behind', () => {
  beforeEach(async () => {
    await query('TRUNCATE stocks');
    await query('INSERT INTO stocks SELECT generate_series(1, 9), 9, 0');
  });

  test('lack nothing of a window whose end another node has shown', async () => {
    const start = tokenOf(await changed(''));
    await writeBatch(query, 1, [1, 2, 3]);
    await publishAll(router);
    await writeBatch(query, 1, [7, 8, 9]);
    await publishAll(router);
    const first = await changed(start, 2);
    expect(first).toEqual(page([1, 2]));
    await query('CREATE TABLE ahead AS SELECT * FROM event_batches WHERE position = 2');
    await fallBehind(2);
    // Who waits for the rest does not wait for an event behind it.
    expect(await changed(tokenOf(first), 9)).toEqual({
      ...{ skus: [], nextPageToken: tokenOf(first), behind: 0n },
    });
    await query('INSERT INTO event_batches SELECT * FROM ahead');
    await query('DROP TABLE ahead');
    expect(await changed(tokenOf(first), 9)).toEqual(page([3, 7, 8, 9]));
  });

  test('have expired where the end of their window has become another one', async () => {
    const start = tokenOf(await changed(''));
    await writeBatch(query, 1, [1, 2, 3]);
    await publishAll(router);
    const first = await changed(start, 2);
    await fallBehind(1);
    await writeBatch(query, 1, [4]);
    await publishAll(router);
    expect(await changed(tokenOf(first), 9)).toBe('CURSOR_EXPIRED');
  });
});

/** Every event of the feed, in order, as `subject/version`, and the cursor behind each. */
async function wholeFeed() {
  const limits = { eventsMax: 1, scanMax: 1, textMax: 100_000 };
  const events: string[] = [];
  const cursors: Cursor[] = [];
  for (let cursor = START; ; ) {
    const read = await router.read((db) => readEvents(db, cursor, { types: [] }, limits));
    const [event] = read?.events ?? [];
    if (read === undefined || event === undefined) return { events, cursors };
    events.push(`${subjectOf(event)}/${event.version}`);
    cursors.push(read.next);
    cursor = read.next;
  }
}

test('a token that is used in a restored database goes on there without a gap, or has expired', async () => {
  const size = fc.integer({ min: 1, max: 3 });
  const batches = fc.array(size, { minLength: 1, maxLength: 4 });
  const waiting = fc.array(fc.record({ size, inDump: fc.boolean() }), { minLength: 1, maxLength: 4 });
  const seen = new Set<string>();
  let subject = 1;
  const write = (each: number) => writeBatch(query, each, [], subject++);
  await fc.assert(
    fc.asyncProperty(batches, waiting, batches, batches, async (published, waits, oldOnes, newOnes) => {
      await query('TRUNCATE event_batches');
      for (const each of published) await write(each);
      await publishAll(router);
      const missing: bigint[] = [];
      for (const { size: each, inDump } of waits) {
        const id = await write(each);
        if (!inDump) missing.push(id);
      }
      await query('CREATE TABLE dump AS SELECT * FROM event_batches WHERE batch_id <> ALL ($1)', [missing]);
      const [{ last_value: drawn } = {}] = await query('SELECT last_value FROM event_batch_ids');
      await publishAll(router);
      for (const each of oldOnes) await write(each);
      await publishAll(router);
      const before = await wholeFeed();

      await query('TRUNCATE event_batches');
      await query('INSERT INTO event_batches SELECT * FROM dump');
      await query('DROP TABLE dump');
      await query("SELECT setval('event_batch_ids', $1)", [drawn]);
      for (const each of newOnes) await write(each);
      await publishAll(router);
      const after = await wholeFeed();
      for (const [index, cursor] of before.cursors.entries()) {
        const found = await state(cursor);
        seen.add(found);
        const read = before.events.slice(0, index + 1);
        if (found === 'known') expect(after.events.slice(0, index + 1)).toEqual(read);
        const there = await router.read((db) =>
          readEvents(db, cursor, { types: [] }, { eventsMax: 9, scanMax: 9, textMax: 100_000 }),
        );
        if (found === 'ahead') expect(there?.events).toEqual([]);
      }
    }),
    { numRuns: 20, endOnFailure: true },
  );
  expect([...seen].sort()).toEqual(['ahead', 'expired', 'known']);
});
