/** Many streams at the end of the feed: late together while others keep the event loop busy. */
import { expect, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { useLoms } from '../../test/support/database.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { type Cursor, headOf } from '../domain/events/cursor.ts';
import { publishEvents } from '../domain/events/publish.ts';
import { Deadlines } from '../timing/deadlines.ts';
import { LoopShare, SHARE_MIN } from '../timing/loop-share.ts';
import type { EventView } from './event-ring.ts';
import { EventTail } from './event-tail.ts';
import { FeedWatch } from './feed-watch.ts';

const { router, loms } = useLoms();

/** About how long it takes to send a chunk, in milliseconds, at one GB/s. */
const SEND_MS = 10;
const chunk = Buffer.alloc(SEND_MS * 1e6);
const view: EventView = { wants: () => true, encode: () => chunk };

/** Writes an event, and returns where the feed ends behind it. */
async function write(): Promise<Cursor> {
  await loms.createOrder({ user: 1n, items: [{ sku: 1625903, count: 1 }] } as never, anyCall);
  await router.write((tx) => publishEvents(tx, 100));
  return router.read(headOf);
}

/** Counts the waits for more. */
class CountingWatch extends FeedWatch {
  waits = 0;

  override waitBehind(...place: Parameters<FeedWatch['waitBehind']>): Promise<void> {
    this.waits++;
    return super.waitBehind(...place);
  }
}

/** The tail in a loop that others keep busy, or nobody. */
function openTail(isBusy: boolean) {
  const clock = manualClock();
  const deadlines = new Deadlines(clock.now, clock.setTimer);
  let ms = 0;
  const share = new LoopShare(() => {
    ms += 1_000;
    return isBusy ? { active: ms, idle: 0 } : { active: 0, idle: ms };
  });
  const onError = (error: unknown) => expect.unreachable(String(error));
  const watch = new CountingWatch({ read: (work) => router.read(work), onError });
  watch.start();
  const tail = new EventTail({ read: (work) => router.read(work), watch, deadlines, share, onError });
  return { clock, watch, tail };
}

/** A stream that waits for the next page. */
function waitAt(tail: EventTail, cursor: Cursor) {
  expect(tail.join(cursor)).toBe(true);
  const stream = { isWoken: false };
  const wake = () => {
    stream.isWoken = true;
    tail.leave(wake);
  };
  tail.enter(wake, view);
  return stream;
}

const turns = async () => {
  for (let count = 0; count < 20; count++) await new Promise((resolve) => setImmediate(resolve));
};

test('in a busy loop the next page comes when the last one is a small share of the time', async () => {
  const { clock, watch, tail } = openTail(true);
  const first = waitAt(tail, await router.read(headOf));
  const behindFirst = await write();
  await expect.poll(() => first.isWoken, { timeout: 5_000 }).toBe(true);
  // One that begins now does not take the place of those that are late, and write their page.
  const newer = waitAt(tail, await write());
  const second = waitAt(tail, behindFirst);
  const pauseMs = SEND_MS / SHARE_MIN;
  clock.moveTo(pauseMs - 1);
  await turns();
  expect(watch.waits).toBe(1);
  clock.moveTo(pauseMs + 1);
  await turns();
  expect(watch.waits).toBe(2);
  await expect.poll(() => second.isWoken, { timeout: 5_000 }).toBe(true);
  expect(newer.isWoken).toBe(true);
  expect(tail.behind(behindFirst, view)?.chunk).toBe(chunk);
  await watch.stop();
});

test('in an idle loop it comes when the last one is sent', async () => {
  const { clock, watch, tail } = openTail(false);
  const first = waitAt(tail, await router.read(headOf));
  const behindFirst = await write();
  await expect.poll(() => first.isWoken, { timeout: 5_000 }).toBe(true);
  waitAt(tail, behindFirst);
  clock.moveTo(SEND_MS + 1);
  await turns();
  expect(watch.waits).toBe(2);
  await watch.stop();
});
