/** Long polls without a database: how long they wait, and what they leave. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import type { Database } from '../db/types.ts';
import type { Submit } from '../domain/operations.ts';
import { accepted } from '../domain/outcome.ts';
import { Deadlines } from '../timing/deadlines.ts';
import { FeedReaders } from './feed-readers.ts';
import { FeedWatch } from './feed-watch.ts';
import { LOOK_MS, longPoll } from './long-poll.ts';

const read = (async () => ({ position: 0n, us: 0n })) as unknown as Database['read'];
let watch: FeedWatch;
let deadlines: Deadlines;
/** Runs of the operation, whose page is always empty. */
let runs = 0;

const submit: Submit = async () => {
  runs++;
  return accepted({ nextPageToken: 'token' });
};

beforeEach(() => {
  vi.useFakeTimers();
  runs = 0;
  deadlines = new Deadlines(() => Date.now());
  watch = new FeedWatch({ read, onError: () => {} });
  watch.start();
});

afterEach(async () => {
  await watch.stop();
  vi.useRealTimers();
});

/** Polls for up to ten seconds with the only place that there is; its page is empty `emptyRuns` times. */
function openPolls(emptyRuns = Number.POSITIVE_INFINITY) {
  const readers = new FeedReaders({ readersMax: 1, readersPerClientMax: 1 });
  const poll = longPoll(submit, () => (runs <= emptyRuns ? 0n : undefined), { watch, readers, deadlines });
  const request = { pageToken: 'token', waitSeconds: 10 };
  return (disconnected: () => boolean) => {
    const call = { ...anyCall, deadlineMs: deadlines.now() + 60_000, disconnected };
    return poll(request as never, call);
  };
}

test('one whose caller has gone frees its place within a second', async () => {
  const poll = openPolls();
  let isGone = false;
  const first = poll(() => isGone);
  await vi.advanceTimersByTimeAsync(3 * LOOK_MS);
  expect(await poll(() => false)).toMatchObject({ ok: false, refusal: { reason: 'QUEUE_FULL' } });
  isGone = true;
  await vi.advanceTimersByTimeAsync(LOOK_MS);
  await first;
  const next = poll(() => false);
  await vi.advanceTimersByTimeAsync(0);
  expect(runs).toBe(4);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await next).toMatchObject({ ok: true });
});

test('one whose caller stays waits for its whole time, and is pending no more then', async () => {
  let isDone = false;
  const waiting = openPolls()(() => false).then(() => {
    isDone = true;
  });
  await vi.advanceTimersByTimeAsync(9_900);
  expect(isDone).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  await waiting;
  expect(deadlines.size).toBe(0);
});

test('one that gets its event is pending no more', async () => {
  const waiting = openPolls(1)(() => false);
  await vi.advanceTimersByTimeAsync(LOOK_MS + 100);
  watch.advance(1n);
  expect(await waiting).toMatchObject({ ok: true });
  expect(runs).toBe(2);
  expect(deadlines.size).toBe(0);
});
