/** The connections in use when every lane of every operation is busy. */
import { expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { testSettings } from '../../test/support/database.ts';
import { quiet } from '../../test/support/quiet.ts';
import type { Database } from '../db/types.ts';
import { type OperationName, operations } from '../domain/operations.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { Deadlines } from '../timing/deadlines.ts';
import { STREAM_READS_MAX } from './event-streams.ts';
import { FeedReaders } from './feed-readers.ts';
import { FeedWatch } from './feed-watch.ts';
import { connectionsNeeded, createService } from './service.ts';

/** A database whose transactions and reads never end. A hedged read uses two connections. */
function busyDatabase() {
  const database = {
    connections: 0,
    write: () => {
      database.connections += 1;
      return new Promise<never>(() => {});
    },
    read: () => {
      database.connections += 2;
      return new Promise<never>(() => {});
    },
  };
  return database;
}

/** Every operation finds in it what it reads before its batch. */
const request = { user: 1n, items: [], skus: [], changes: [], counts: [], type: [] };
const page = { pageSize: 0, pageToken: '', from: '' };
const keyedCall = { ...anyCall, idempotencyKey: 'key' };

test.each([
  { writeLanes: 1, readLanes: 1 },
  { writeLanes: 3, readLanes: 2 },
])('with $writeLanes write lanes and $readLanes read lanes, each batch gets a connection', async (lanes) => {
  const database = busyDatabase();
  const batching = { queueMax: 100, batchMax: 1, ...lanes };
  const loms = createService({
    slowBatchMs: 0,
    database: database as Database,
    logger: quiet,
    metrics: new Metrics(),
    batching,
    deadlines: new Deadlines(),
    settings: testSettings,
    watch: new FeedWatch({ read: database.read as Database['read'], onError: () => {} }),
    readers: new FeedReaders({ readersMax: 1, readersPerClientMax: 1 }),
  });
  for (const name of Object.keys(operations) as OperationName[]) {
    const submit = loms[name] as (request: unknown, of: typeof anyCall) => Promise<unknown>;
    for (let count = 0; count < 10; count++) void submit({ ...request, ...page }, keyedCall);
  }
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  // Streams read besides: at most STREAM_READS_MAX at once, each perhaps on two nodes.
  expect(database.connections + 2 * STREAM_READS_MAX).toBe(connectionsNeeded(batching));
});
