/** The event feed of a test's database: batches that it writes itself, and what the service publishes. */
import type { Router } from '../../src/db/cluster/router.ts';
import { publishEvents } from '../../src/domain/events/publish.ts';
import type { TestDatabase } from './database.ts';

type Query = TestDatabase['query'];

/**
 * Writes a batch of that many events, and returns its id.
 *
 * @param subject the order that they are about; the id without it.
 */
export async function writeBatch(
  query: Query,
  size = 1,
  skus: readonly number[] = [],
  subject?: number,
): Promise<bigint> {
  const [row] = await query(
    `INSERT INTO event_batches (
       batch_id, created_at, event_count, types, subjects, versions, ends_us, traceparents, skus
     )
     SELECT id, now(), $1::int, array_fill('extended'::text, ARRAY[$1::int]),
       array_fill(coalesce($3::bigint, id), ARRAY[$1::int]),
       ARRAY(SELECT generate_series(1, $1::int)), '{}', '{}', $2::bigint[]
     FROM nextval('event_batch_ids') AS id
     RETURNING batch_id`,
    [size, skus, subject],
  );
  return BigInt(row?.batch_id as string);
}

/** Publishes all that is committed. */
export async function publishAll(router: Router, batchesMax = 1_000): Promise<void> {
  for (;;) {
    const published = await router.write((tx) => publishEvents(tx, batchesMax));
    if (published !== 'busy' && published.batches === 0) return;
  }
}

/** The batches of the feed in its order, as `id: first-last position`, and those that wait behind them. */
export async function feedOf(query: Query): Promise<string[]> {
  const rows = await query(
    `SELECT batch_id, position, position + event_count - 1 AS last
     FROM event_batches ORDER BY position NULLS LAST, batch_id`,
  );
  return rows.map((row) =>
    row.position === null ? `${row.batch_id}: waits` : `${row.batch_id}: ${row.position}-${row.last}`,
  );
}
