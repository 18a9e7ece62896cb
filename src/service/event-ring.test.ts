/** The ring of pages: what it returns behind a cursor, and its bounds. */
import { expect, test } from 'vitest';
import type { FeedEvent } from '../domain/events/event.ts';
import { EventRing, type EventView } from './event-ring.ts';

const LIMITS = { eventsMax: 10, bytesMax: 1_000_000 };

/** The events of some positions; each second is of its own batch. */
function eventsOf(first: number, last: number): FeedEvent[] {
  const positions = Array.from({ length: last - first + 1 }, (_, index) => BigInt(first + index));
  return positions.map((position) => ({
    ...{ position, us: position * 10n, version: 1n, time: 0n, traceparent: undefined },
    ...{ type: 'stock.adjusted' as const, sku: 1, movement: undefined },
  }));
}

const cursor = (position: number) => ({ position: BigInt(position), us: BigInt(position) * 10n });

function viewOf(wants: EventView['wants'] = () => true, chunkBytes = 0) {
  const view = {
    encoded: 0,
    wants,
    encode(events: readonly FeedEvent[]) {
      view.encoded++;
      const text = events.map(({ position }) => position).join();
      return Buffer.concat([Buffer.from(text), Buffer.alloc(chunkBytes)]);
    },
  };
  return view;
}

/** A ring that begins behind position 0, with pages that end at these positions. */
function ringOf(ends: readonly number[], limits = LIMITS): EventRing {
  const ring = new EventRing(limits);
  ring.reset(cursor(0));
  let first = 1;
  for (const last of ends) {
    ring.append({ events: eventsOf(first, last), next: cursor(last), more: false });
    first = last + 1;
  }
  return ring;
}

const textOf = (chunk: Uint8Array | undefined) => chunk && Buffer.from(chunk).toString();

test('a view gets the page behind its cursor, written once for all of its streams', () => {
  const ring = ringOf([3, 5]);
  const view = viewOf();
  for (let streams = 0; streams < 3; streams++) {
    const page = ring.behind(cursor(3), view);
    expect([textOf(page?.chunk), page?.next]).toEqual(['4,5', cursor(5)]);
  }
  expect(view.encoded).toBe(1);
  expect(ring.behind(cursor(5), view)).toBeUndefined();
});

test('a cursor within a page gets the rest of it', () => {
  expect(textOf(ringOf([3, 5]).behind(cursor(1), viewOf())?.chunk)).toBe('2,3');
});

test('a page without a wanted event has no chunk, and leads on', () => {
  const page = ringOf([3]).behind(
    cursor(0),
    viewOf(() => false),
  );
  expect(page).toEqual({ chunk: undefined, next: cursor(3) });
});

test.each([0, 1, 3])('a cursor of another history at position %d gets nothing', (position) => {
  const other = { ...cursor(position), us: 7n };
  expect(ringOf([3, 5]).behind(other, viewOf())).toBeUndefined();
});

test('it keeps no more events than its limit, the newest ones', () => {
  const ring = ringOf([4, 8, 12]);
  expect(ring.events).toBe(8);
  expect(ring.behind(cursor(0), viewOf())).toBeUndefined();
  expect(textOf(ring.behind(cursor(4), viewOf())?.chunk)).toBe('5,6,7,8');
});

test('what is written for many views stays within its bytes', () => {
  const bytesMax = 20_000;
  const ring = ringOf([2, 4, 6], { eventsMax: 100, bytesMax });
  for (let count = 0; count < 50; count++) {
    const view = viewOf(() => true, 3_000);
    for (const position of [0, 2, 4]) ring.behind(cursor(position), view);
    expect(ring.bytes).toBeLessThanOrEqual(bytesMax);
  }
  // The last page stays readable, also where nothing more that is written of it can be kept.
  expect(textOf(ring.behind(cursor(4), viewOf())?.chunk)).toBe('5,6');
});

test('a view that nobody has any more leaves no bytes behind', () => {
  const ring = ringOf([3, 5]);
  const before = ring.bytes;
  const view = viewOf();
  ring.behind(cursor(0), view);
  ring.behind(cursor(3), view);
  expect(ring.bytes).toBeGreaterThan(before);
  ring.forget(view);
  expect(ring.bytes).toBe(before);
});
