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
  const watch = new FeedWatch({ read: (work) => router.read(work), onError });
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
  const start = await router.read(headOf);
  const first = waitAt(tail, start);
  const behindFirst = await write();
  await expect.poll(() => first.isWoken, { timeout: 5_000 }).toBe(true);
  const second = waitAt(tail, behindFirst);
  // One that begins now does not take the place of those that are late.
  const newer = waitAt(tail, await write());
  const pauseMs = SEND_MS / SHARE_MIN - SEND_MS;
  clock.moveTo(pauseMs - 1);
  await turns();
  expect(second.isWoken).toBe(false);
  clock.moveTo(pauseMs + 1);
  await expect.poll(() => second.isWoken, { timeout: 5_000 }).toBe(true);
  expect(newer.isWoken).toBe(true);
  expect(tail.behind(behindFirst, view)?.chunk).toBe(chunk);
  await watch.stop();
});

test('in an idle loop it comes at once', async () => {
  const { clock, watch, tail } = openTail(false);
  let cursor = await router.read(headOf);
  for (let count = 0; count < 2; count++) {
    const stream = waitAt(tail, cursor);
    cursor = await write();
    // For the pause in which events gather.
    const isWoken = () => {
      clock.moveTo(clock.now() + 0.1);
      return stream.isWoken;
    };
    await expect.poll(isWoken, { timeout: 5_000 }).toBe(true);
  }
  expect(clock.now()).toBeLessThan(SEND_MS);
  await watch.stop();
});
