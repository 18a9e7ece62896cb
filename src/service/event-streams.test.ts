/** Streams without a transport: bookmarks, the end of credentials, outages, and what a closed one leaves. */
import { expect, onTestFinished, test } from 'vitest';
import { anyCall } from '../../test/support/call.ts';
import { testSettings, useLoms } from '../../test/support/database.ts';
import { publishAll, writeBatch } from '../../test/support/feed.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { DatabaseUnavailable } from '../db/errors.ts';
import type { Database } from '../db/types.ts';
import type { Call } from '../domain/call.ts';
import { publishEvents } from '../domain/events/publish.ts';
import { BOOKMARK_MS, type EventStream, type PageEncoding } from '../domain/events/watch.ts';
import { fixedRefusals } from '../domain/refusals.ts';
import { Deadlines } from '../timing/deadlines.ts';
import { EventStreams, PAGE_EVENTS_MAX } from './event-streams.ts';
import { FeedReaders } from './feed-readers.ts';
import { FeedWatch } from './feed-watch.ts';

const { router, loms, database } = useLoms();

const encoding: PageEncoding = (events) => Buffer.from(events.map(({ position }) => position).join());

async function create(): Promise<void> {
  await loms.createOrder({ user: 1n, items: [{ sku: 1625903, count: 1 }] } as never, anyCall);
  await router.write((tx) => publishEvents(tx, 100));
}

const turns = async () => {
  for (let count = 0; count < 20; count++) await new Promise((resolve) => setImmediate(resolve));
};

/** The streams of a process whose time the test moves, and whose reads it can hold up or make fail. */
function openStreams(readers = new FeedReaders({ readersMax: 10, readersPerClientMax: 10 })) {
  const clock = manualClock();
  const deadlines = new Deadlines(clock.now, clock.setTimer);
  const state = {
    isDown: false,
    errors: [] as unknown[],
    reads: 0,
    held: undefined as Promise<void> | undefined,
  };
  const read: Database['read'] = async (work) => {
    state.reads++;
    await state.held;
    if (state.isDown) throw new DatabaseUnavailable('down');
    return router.read(work);
  };
  const onError = (error: unknown) => void state.errors.push(error);
  const watch = new FeedWatch({ read, onError });
  watch.start();
  const settings = testSettings;
  const streams = new EventStreams({ database: { read }, watch, readers, deadlines, settings, onError });
  const open = async (call: Partial<Call> = {}, from: '' | 'beginning' = ''): Promise<EventStream> => {
    const opened = await streams.open({ type: [], pageToken: '', from, encoding }, { ...anyCall, ...call });
    if (!opened.ok) throw new Error(opened.refusal.reason);
    return opened.value;
  };
  return { clock, deadlines, state, watch, streams, open };
}

/** The positions of a chunk, or the refusal. */
async function nextOf(stream: EventStream) {
  const step = await stream.next();
  if (step === undefined) return undefined;
  return step.ok ? Buffer.from(step.value).toString() : step.refusal.reason;
}

test('it begins with a bookmark, and has the next one when nothing was sent for its interval', async () => {
  const { clock, open, watch } = openStreams();
  const stream = await open();
  expect(await nextOf(stream)).toBe('');
  let isThere = false;
  const next = nextOf(stream).finally(() => {
    isThere = true;
  });
  await turns();
  clock.moveTo(BOOKMARK_MS - 1);
  await turns();
  expect(isThere).toBe(false);
  clock.moveTo(BOOKMARK_MS);
  expect(await next).toBe('');
  stream.close();
  await watch.stop();
});

test('it ends with CREDENTIALS_INVALID when the credentials of its caller end', async () => {
  const { clock, open, watch } = openStreams();
  const stream = await open({ credentialsEndMs: 1_000 });
  expect(await nextOf(stream)).toBe('');
  const next = nextOf(stream);
  await turns();
  clock.moveTo(1_000);
  expect(await next).toBe('CREDENTIALS_INVALID');
  expect(await nextOf(stream)).toBe('CREDENTIALS_INVALID');
  stream.close();
  await watch.stop();
});

test('at the stop it has one more bookmark, then SHUTTING_DOWN', async () => {
  const { open, watch, streams } = openStreams();
  const stream = await open();
  await nextOf(stream);
  const next = nextOf(stream);
  await turns();
  await watch.stop();
  expect(await next).toBe('');
  expect(await nextOf(stream)).toBe('SHUTTING_DOWN');
  const another = await streams.open({ type: [], pageToken: '', from: '', encoding }, anyCall);
  expect(another).toEqual({ ok: false, refusal: fixedRefusals.shuttingDown });
});

test('an outage does not end it', async () => {
  const { state, open, watch, clock } = openStreams();
  const stream = await open();
  await nextOf(stream);
  state.isDown = true;
  let isThere = false;
  const next = nextOf(stream).finally(() => {
    isThere = true;
  });
  await create();
  await expect.poll(() => state.errors.length).toBeGreaterThan(0);
  expect(isThere).toBe(false);
  state.isDown = false;
  const [row] = await database.query('SELECT max(position) AS last FROM event_batches');
  // For the pause behind a failed read.
  const moved = () => {
    clock.moveTo(clock.now() + 10);
    return isThere;
  };
  await expect.poll(moved, { timeout: 10_000 }).toBe(true);
  expect(await next).toBe(row?.last);
  stream.close();
  await watch.stop();
});

test('a closed stream leaves no place, timer or wait behind', async () => {
  const readers = new FeedReaders({ readersMax: 1, readersPerClientMax: 1 });
  const { open, watch, deadlines, streams } = openStreams(readers);
  for (let count = 0; count < 3; count++) {
    const stream = await open({ credentialsEndMs: 1e12 });
    await nextOf(stream);
    const waiting = nextOf(stream);
    await turns();
    const refusal = await streams.open({ type: [], pageToken: '', from: '', encoding }, anyCall);
    expect(refusal).toEqual({ ok: false, refusal: fixedRefusals.queueFull });
    stream.close();
    expect(await waiting).toBeUndefined();
    await turns();
    expect(deadlines.size).toBe(0);
  }
  await watch.stop();
});

test('one that opens too late keeps its place until its turn, which then reads nothing', async () => {
  const readers = new FeedReaders({ readersMax: 3, readersPerClientMax: 3 });
  const { clock, state, streams, watch } = openStreams(readers);
  const reasonOf = async (deadlineMs: number) => {
    const request = { type: [], pageToken: '', from: '', encoding } as const;
    const opened = await streams.open(request, { ...anyCall, deadlineMs });
    return opened.ok ? opened.value : opened.refusal.reason;
  };
  let goOn = () => {};
  state.held = new Promise((resolve) => {
    goOn = resolve;
  });
  const opening = [9_000, 9_000, 1_000].map(reasonOf);
  await turns();
  clock.moveTo(1_000);
  expect(await opening[2]).toBe('DEADLINE_EXCEEDED');
  expect(await reasonOf(9_000)).toBe('QUEUE_FULL');
  const before = state.reads;
  goOn();
  for (const stream of await Promise.all(opening.slice(0, 2))) (stream as EventStream).close();
  await turns();
  expect(state.reads).toBe(before);
  state.held = undefined;
  const places = await Promise.all([9_000, 9_000, 9_000].map(reasonOf));
  for (const stream of places) (stream as EventStream).close();
  await watch.stop();
});

test('one that was closed while it waits for its turn reads nothing then', async () => {
  const { state, open, watch } = openStreams();
  await database.query('TRUNCATE event_batches');
  for (let page = 0; page < 3; page++) await writeBatch(database.query, PAGE_EVENTS_MAX);
  await publishAll(router);
  const streams = [await open({}, 'beginning'), await open({}, 'beginning'), await open({}, 'beginning')];
  for (const stream of streams) await nextOf(stream);
  let goOn = () => {};
  state.held = new Promise((resolve) => {
    goOn = resolve;
  });
  const next = streams.map(nextOf);
  await turns();
  const before = state.reads;
  for (const stream of streams) stream.close();
  goOn();
  expect(await Promise.all(next)).toEqual([undefined, undefined, undefined]);
  expect(state.reads).toBe(before);
  await watch.stop();
});

test('one that waits for its own page has bookmarks meanwhile, and then the page', async () => {
  const { clock, state, open, watch, deadlines } = openStreams();
  await database.query('TRUNCATE event_batches');
  for (let page = 0; page < 2; page++) await writeBatch(database.query, PAGE_EVENTS_MAX);
  await publishAll(router);
  let goOn = () => {};
  const stream = await open({ credentialsEndMs: 4 * BOOKMARK_MS }, 'beginning');
  state.held = new Promise((resolve) => {
    goOn = resolve;
  });
  const first = await nextOf(stream);
  const { reads } = state;
  for (let bookmarks = 1; bookmarks <= 3; bookmarks++) {
    const next = nextOf(stream);
    await turns();
    clock.moveTo(bookmarks * BOOKMARK_MS);
    expect(await next).toBe('');
  }
  expect(state.reads).toBe(reads + 1);
  const next = nextOf(stream);
  await turns();
  goOn();
  const positions = [first, await next].join().split(',');
  expect(positions).toEqual(Array.from({ length: 2 * PAGE_EVENTS_MAX }, (_, index) => String(index + 1)));
  stream.close();
  expect(deadlines.size).toBe(0);
  await watch.stop();
});

test('one that waits for its own page ends with the credentials of its caller', async () => {
  const { clock, state, open, watch } = openStreams();
  await database.query('TRUNCATE event_batches');
  for (let page = 0; page < 2; page++) await writeBatch(database.query, PAGE_EVENTS_MAX);
  await publishAll(router);
  const stream = await open({ credentialsEndMs: 1_000 }, 'beginning');
  let goOn = () => {};
  state.held = new Promise((resolve) => {
    goOn = resolve;
  });
  await nextOf(stream);
  const next = nextOf(stream);
  await turns();
  clock.moveTo(1_000);
  expect(await next).toBe('CREDENTIALS_INVALID');
  goOn();
  stream.close();
  await watch.stop();
});

test('the first pages count too: many streams that begin far behind get smaller ones', async () => {
  const { open, watch } = openStreams(new FeedReaders({ readersMax: 100, readersPerClientMax: 100 }));
  await database.query('TRUNCATE event_batches');
  for (let page = 0; page < 2; page++) await writeBatch(database.query, PAGE_EVENTS_MAX);
  await publishAll(router);
  const sizeOf = async (stream: EventStream) => ((await nextOf(stream)) ?? '').split(',').length;
  const streams: EventStream[] = [];
  for (let count = 0; count < 50; count++) streams.push(await open({}, 'beginning'));
  const last = await open({}, 'beginning');
  expect(await sizeOf(last)).toBe(1_000);
  for (const stream of [...streams, last]) stream.close();
  const alone = await open({}, 'beginning');
  expect(await sizeOf(alone)).toBe(PAGE_EVENTS_MAX);
  alone.close();
  await watch.stop();
});

test('one that comes from its own pages to those of others reads on behind them', async () => {
  const { open, watch, clock } = openStreams();
  await database.query('TRUNCATE event_batches');
  const write = async (pages: number) => {
    for (let page = 0; page < pages; page++) await writeBatch(database.query, PAGE_EVENTS_MAX);
    await publishAll(router);
  };
  await write(2);
  const other = await open();
  await nextOf(other);
  const waiting = nextOf(other);
  await turns();
  await write(3);
  await waiting;
  const read: string[] = [];
  const stream = await open({}, 'beginning');
  // Time goes on, for the gaps between pages.
  const time = setInterval(() => clock.moveTo(clock.now() + 100), 1);
  onTestFinished(() => clearInterval(time));
  const readTo = async (end: number) => {
    while (read.length < end) read.push(...((await nextOf(stream)) ?? '').split(',').filter(Boolean));
  };
  await readTo(5 * PAGE_EVENTS_MAX);
  await write(1);
  await readTo(6 * PAGE_EVENTS_MAX);
  expect(read).toEqual(Array.from({ length: 6 * PAGE_EVENTS_MAX }, (_, index) => String(index + 1)));
  for (const each of [stream, other]) each.close();
  await watch.stop();
});
