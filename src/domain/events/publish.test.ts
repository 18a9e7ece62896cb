/**
 * Publishers, one or several at once: positions without gaps, no batch twice; and the removal of old
 * batches.
 */
import fc from 'fast-check';
import pg from 'pg';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { useDatabase, useRouter } from '../../../test/support/database.ts';
import { feedOf, publishAll, writeBatch } from '../../../test/support/feed.ts';
import { encodeValues } from '../../db/pool.ts';
import type { Queryable } from '../../db/types.ts';
import { PUBLISHER_LOCK } from '../locks.ts';
import { publishEvents, removeEvents } from './publish.ts';

const database = useDatabase();
const router = useRouter(database);
const { query } = database;

beforeEach(async () => {
  await query('TRUNCATE event_batches');
  await query('ALTER SEQUENCE event_batch_ids RESTART');
});

const publish = (max = 1_000) => router.write((tx) => publishEvents(tx, max));
const feed = () => feedOf(query);

/** A transaction on a connection of its own, which the test may end sooner. */
async function transaction() {
  const client = new pg.Client({ connectionString: database.primaryUrl });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  const run = async (text: string, values?: unknown[]) => (await client.query(text, values)).rows;
  const tx: Queryable = { query: async (text, values) => client.query(text, encodeValues(values)) as never };
  const end = async (how: 'COMMIT' | 'ROLLBACK') => {
    await client.query(how);
    await client.end();
  };
  return { client, query: run, tx, end };
}

let locks = 0n;

/** Publishes under a lock of its own, and so beside others. */
function unlocked(tx: Queryable): Queryable {
  const own = ++locks;
  const owned = (value: unknown) => (value === PUBLISHER_LOCK ? own : value);
  return { query: (text, values) => tx.query(text, values?.map(owned)) };
}

describe('one publisher', () => {
  test('numbers committed batches in the order of their ids, without gaps, and each once', async () => {
    for (const size of [3, 1, 2]) await writeBatch(query, size);
    expect(await publish()).toEqual({ batches: 3, lastPosition: 6n });
    expect(await publish()).toEqual({ batches: 0, lastPosition: undefined });
    await writeBatch(query, 2);
    expect(await publish()).toEqual({ batches: 1, lastPosition: 8n });
    expect(await feed()).toEqual(['1: 1-3', '2: 4-4', '3: 5-6', '4: 7-8']);
  });

  test('goes on where its limit has ended a run', async () => {
    for (const size of [3, 1, 2]) await writeBatch(query, size);
    expect(await publish(2)).toEqual({ batches: 2, lastPosition: 4n });
    expect(await publish(2)).toEqual({ batches: 1, lastPosition: 6n });
  });

  test('numbers a batch that is committed late behind those with higher ids', async () => {
    const late = await transaction();
    await writeBatch(late.query, 2);
    await writeBatch(query, 3);
    await publishAll(router);
    await late.end('COMMIT');
    await writeBatch(query);
    await publishAll(router);
    expect(await feed()).toEqual(['2: 1-3', '1: 4-5', '3: 6-6']);
  });

  test('that is killed between lock and commit leaves everything to the next one', async () => {
    for (const size of [3, 1]) await writeBatch(query, size);
    const killed = await transaction();
    await publishEvents(killed.tx, 1);
    expect(await publish()).toBe('busy');
    const [backend] = await killed.query('SELECT pg_backend_pid() AS pid');
    await query('SELECT pg_terminate_backend($1)', [backend?.pid]);
    await expect.poll(() => publish()).toEqual({ batches: 2, lastPosition: 4n });
    expect(await feed()).toEqual(['1: 1-3', '2: 4-4']);
  });
});

test('a publisher that gets the lock behind its refusal publishes nothing: it may miss some', async () => {
  await writeBatch(query, 3);
  const holder = await transaction();
  await publishEvents(holder.tx, 1);
  const late = await transaction();
  let refused: Promise<unknown> | undefined;
  const tx: Queryable = {
    async query(text, values) {
      if (refused !== undefined) {
        await refused;
        await holder.end('ROLLBACK');
      }
      const result = late.tx.query(text, values);
      refused ??= result;
      return result;
    },
  };
  expect(await publishEvents(tx, 1)).toEqual({ rollback: 'busy' });
  await late.end('ROLLBACK');
  expect(await publish()).toEqual({ batches: 1, lastPosition: 3n });
});

describe('two publishers at once, past the lock', () => {
  test('with the same batches: the second leaves them, and rolls back', async () => {
    for (const size of [3, 1]) await writeBatch(query, size);
    const first = await transaction();
    await publishEvents(unlocked(first.tx), 10);
    const second = router.write((tx) => publishEvents(unlocked(tx), 10));
    await first.end('COMMIT');
    expect(['busy', 'nothing']).toContain(outcomeOf(await second));
    expect(await feed()).toEqual(['1: 1-3', '2: 4-4']);
  });

  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 });
  const limit = fc.integer({ min: 1, max: 5 });

  test('with any snapshots and limits: what they commit has no gap and no overlap', async () => {
    let conflicts = 0;
    const rounds = fc.array(fc.record({ early: sizes, late: sizes, ownLimit: limit, otherLimit: limit }), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(rounds, async (all) => {
        await query('TRUNCATE event_batches');
        for (const { early, late, ownLimit, otherLimit } of all) {
          const holdUp = await transaction();
          for (const [index, size] of early.entries()) {
            await writeBatch(index % 2 === 0 ? query : holdUp.query, size);
          }
          const first = await writeBatch(query, 1);
          const lowest = await query('SELECT min(batch_id) AS id FROM event_batches WHERE position IS NULL');
          // Holds up the stale publisher at the first batch that it numbers, behind its snapshot.
          const lock = await transaction();
          const locked = [lowest[0]?.id ?? first];
          await lock.query('SELECT FROM event_batches WHERE batch_id = ANY($1) FOR NO KEY UPDATE', [locked]);
          const stale = await transaction();
          const pending = publishEvents(unlocked(stale.tx), ownLimit).catch(() => ({ rollback: 'failed' }));
          await blocked(stale.client);
          await holdUp.end('COMMIT');
          for (const size of late) await writeBatch(query, size);
          // The other one is the transaction that holds the row, so it is the first.
          const other = await publishEvents(unlocked(lock.tx), otherLimit);
          await lock.end('rollback' in other ? 'ROLLBACK' : 'COMMIT');
          const plan = await pending;
          if ('rollback' in plan) conflicts++;
          await stale.end('rollback' in plan ? 'ROLLBACK' : 'COMMIT');
          await expectDense();
        }
        await publishAll(router);
        await expectDense();
        expect(await query('SELECT FROM event_batches WHERE position IS NULL')).toEqual([]);
      }),
      { numRuns: 15 },
    );
    expect(conflicts).toBeGreaterThan(0);
  });
});

const outcomeOf = (published: Awaited<ReturnType<typeof publish>>) =>
  published === 'busy' || published.batches > 0 ? published : 'nothing';

/** Resolves when a connection waits for a lock. */
async function blocked(client: pg.Client): Promise<void> {
  const pid = (client as unknown as { processID: number }).processID;
  const wait = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'";
  await expect.poll(() => query(wait, [pid]), { interval: 5, timeout: 10_000 }).toHaveLength(1);
}

/** The positions that are published follow one another without a gap, from 1. */
async function expectDense(): Promise<void> {
  const rows = await query(
    'SELECT position, event_count FROM event_batches WHERE position IS NOT NULL ORDER BY position',
  );
  let next = 1;
  for (const row of rows) {
    expect(Number(row.position)).toBe(next);
    next += Number(row.event_count);
  }
}

describe('the removal of old batches', () => {
  const HOUR_MS = 3_600_000;
  const remove = (batchesMax = 100) =>
    router.write((tx) => removeEvents(tx, { retentionMs: HOUR_MS, batchesMax }));

  /** Publishes a batch for each age, in minutes, in this order. */
  async function publishAged(...ages: number[]) {
    for (const age of ages) {
      const id = await writeBatch(query, 2);
      await publishAll(router);
      await query(
        "UPDATE event_batches SET published_at = now() - $2 * interval '1 minute' WHERE batch_id = $1",
        [id, age],
      );
    }
  }

  test('keeps the last one that is too old: a reader may have read everything', async () => {
    await publishAged(90, 80, 70, 10, 5);
    expect(await remove()).toBe(2);
    expect(await feed()).toEqual(['3: 5-6', '4: 7-8', '5: 9-10']);
  });

  test('keeps the very last batch, from which the next position follows', async () => {
    await publishAged(90, 80, 70);
    expect(await remove()).toBe(2);
    expect(await remove()).toBe(0);
    await publishAged(1);
    expect(await feed()).toEqual(['3: 5-6', '4: 7-8']);
  });

  test('stops at the first young one, so that the feed has no hole where a clock went back', async () => {
    await publishAged(90, 80, 10, 75, 70, 5);
    expect(await remove()).toBe(1);
    expect(await feed()).toEqual(['2: 3-4', '3: 5-6', '4: 7-8', '5: 9-10', '6: 11-12']);
  });

  test('goes on where its limit has ended a run', async () => {
    await publishAged(90, 85, 80, 75, 70, 5);
    expect(await remove(2)).toBe(2);
    expect(await remove(2)).toBe(2);
    expect(await remove(2)).toBe(0);
    expect(await feed()).toEqual(['5: 9-10', '6: 11-12']);
  });

  test('leaves what is still to be published, however old', async () => {
    await publishAged(90, 80);
    const waiting = await writeBatch(query);
    await query("UPDATE event_batches SET created_at = now() - interval '1 day' WHERE batch_id = $1", [
      waiting,
    ]);
    expect(await remove()).toBe(1);
    await publishAll(router);
    expect(await remove()).toBe(0);
    expect(await feed()).toEqual(['2: 3-4', '3: 5-5']);
  });

  test('of an empty feed removes nothing', async () => {
    expect(await remove()).toBe(0);
  });
});
