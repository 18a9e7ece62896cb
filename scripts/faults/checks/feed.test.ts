/** The checker finds what is wrong with the event feed: a valid one is tampered with in one place. */
import { describe, expect, test } from 'vitest';
import { eventReadings, type SeenEvent } from '../feed/seen.ts';
import type { FinalBatch } from '../final-state.ts';
import type { Call } from '../history.ts';
import type { Evidence, FeedEvidence } from './evidence.ts';
import { HOT, kindsOf, SHELF, validEvidence, withCalls } from './tampered.ts';
import { withFeed } from './tampered-feed.ts';

const valid = withFeed(validEvidence());
const { feed, final } = valid;

/** What is found with these batches, while readers received what they did. */
const withBatches = (batches: readonly FinalBatch[], removed: readonly FinalBatch[] = []) =>
  kindsOf({ ...valid, final: { ...final, batches }, feed: { ...feed, removed } });
const withReaders = (change: Partial<FeedEvidence>) => kindsOf({ ...valid, feed: { ...feed, ...change } });

/** Changes what one reader received. */
function received(change: (events: readonly SeenEvent[]) => readonly SeenEvent[]): string[] {
  const events = feed.pages.filter(({ reader }) => reader === 'SSE').flatMap((page) => page.events);
  const others = feed.pages.filter(({ reader }) => reader !== 'SSE');
  return withReaders({
    pages: [...others, { reader: 'SSE', atMs: 100, events: change(events), token: '' }],
  });
}

/** The place of the event of an order, or of stock, of this kind. */
function placeOf(kind: string, subject: number): number {
  const place = final.batches.findIndex(
    ({ kinds, subjects }) => kinds[0] === kind && subjects[0] === subject,
  );
  if (place < 0) throw new Error('there is no event to tamper with');
  return place;
}

const renumbered = (batches: readonly FinalBatch[]) =>
  batches.map((batch, index) => ({ ...batch, position: index + 1 }));

/** The evidence whose readers received what the database has. */
function followed(batches: readonly FinalBatch[]): string[] {
  const moved = new Map(renumbered(batches).map(({ batchId, position }) => [batchId, position]));
  const idOf = (position: number) => final.batches[position - 1]?.batchId ?? 0;
  const pages = feed.pages.map((page) => ({
    ...page,
    events: page.events.map((event) => ({ ...event, position: moved.get(idOf(event.position)) ?? 0 })),
  }));
  const sorted = pages.filter(({ events }) => events.length > 0);
  const all = sorted.flatMap(({ reader, events }) => events.map((event) => ({ reader, event })));
  const inOrder = all
    .filter(({ event }) => event.position > 0)
    .sort((a, b) => a.event.position - b.event.position)
    .map(({ reader, event }) => ({ reader, atMs: 100, events: [event], token: '' }));
  return kindsOf({
    ...{ ...valid, final: { ...final, batches: renumbered(batches) } },
    feed: { ...feed, pages: inOrder, head: batches.length },
  });
}

const swapped = <T>(list: readonly T[], at: number) => {
  const [first, second] = [list[at] as T, list[at + 1] as T];
  return [...list.slice(0, at), second, first, ...list.slice(at + 2)];
};

test('a valid feed has no violations', () => {
  expect(kindsOf(valid)).toEqual([]);
  expect(followed(final.batches)).toEqual([]);
});

describe('the feed in the database', () => {
  test('a gap: a position that no batch has, or that two of them have', () => {
    const moved = final.batches.map((batch, index) => ({
      ...batch,
      position: index < 4 ? index + 1 : index + 2,
    }));
    expect(withBatches(moved)).toContain('gap in the feed');
    const same = final.batches.map((batch, index) => ({ ...batch, position: index < 4 ? index + 1 : index }));
    expect(withBatches(same)).toContain('gap in the feed');
  });

  test('a batch that is not published', () => {
    const waiting = final.batches.map((batch, index) =>
      index < 5 ? batch : { ...batch, position: undefined },
    );
    expect(withBatches(waiting)).toContain('not published');
  });

  test('an order whose events are out of order, one less, one twice, or of no order', () => {
    const payed = placeOf('payed', 11);
    expect(followed(swapped(final.batches, payed - 1))).toEqual(['event out of order']);
    expect(followed(final.batches.filter((_, index) => index !== payed))).toEqual(['lost event']);
    const batch = final.batches[payed] as FinalBatch;
    expect(withBatches([...final.batches, { ...batch, position: final.batches.length + 1 }])).toContain(
      'event twice',
    );
    const foreign = { ...batch, subjects: [99], position: final.batches.length + 1 };
    expect(withBatches([...final.batches, foreign])).toContain('wrong event');
  });

  test('a change of stock by hand that is not in it, twice, or in another order', () => {
    const first = placeOf('adjusted', SHELF);
    expect(followed(final.batches.filter((_, index) => index !== first))).toContain('lost event');
    expect(followed(swapped(final.batches, first))).toEqual(['event out of order']);
    const batch = final.batches[first] as FinalBatch;
    expect(withBatches([...final.batches, { ...batch, position: final.batches.length + 1 }])).toContain(
      'event twice',
    );
  });

  test('a copy of the stock that is another one, lacks a sku, or has one too many', () => {
    const copy = (sku: number, value?: { total: number; reserved: number }) => {
      const others = new Map([...feed.copy].filter(([each]) => each !== sku));
      return withReaders({ copy: value === undefined ? others : others.set(sku, value) });
    };
    expect(copy(HOT, { total: 0, reserved: 0 })).toEqual(['wrong copy of the stock']);
    expect(copy(SHELF)).toEqual(['wrong copy of the stock']);
    expect(copy(99, { total: 1, reserved: 0 })).toEqual(['wrong copy of the stock']);
  });

  test('a copy that was finished before the last change of a sku may have any of its states before', () => {
    const last = final.movements.findLast(({ sku }) => sku === SHELF)?.version ?? 0;
    const before = final.movements.find(({ sku, version }) => sku === SHELF && version === last - 1);
    const { total = 0, reserved = 0 } = before ?? {};
    const copied = (value: { total: number; reserved: number }, head: number) =>
      withReaders({ copy: new Map([...feed.copy, [SHELF, value]]), head });
    const place = placeOf('adjusted', SHELF) + last - 1;
    expect(copied({ total, reserved }, place)).toEqual([]);
    expect(copied({ total: 1_234, reserved }, place)).toEqual(['wrong copy of the stock']);
    expect(copied({ total, reserved }, final.batches.length)).toEqual(['wrong copy of the stock']);
  });

  test('a replica with another feed', () => {
    const replica = { ...final, batches: final.batches.slice(1) };
    expect(kindsOf({ ...valid, replica })).toEqual(['replica differs']);
  });
});

describe('a reader', () => {
  test('misses an event, at the beginning, in the middle, or at the end', () => {
    for (const place of [0, 4, final.batches.length - 1]) {
      expect(received((events) => events.filter((_, index) => index !== place))).toContain('lost event');
    }
    expect(withReaders({ pages: feed.pages.filter(({ reader }) => reader !== 'SSE') })).toEqual([
      'lost event',
    ]);
  });

  test('receives an event twice, or two in the wrong order', () => {
    const shelf = placeOf('adjusted', SHELF);
    expect(received((events) => [...events, events[shelf] as SeenEvent])).toEqual(['event twice']);
    expect(received((events) => swapped(events, shelf))).toEqual(['event out of order']);
  });

  test('receives an event of another type, id or content, or one that the database does not have', () => {
    const changed = (place: number, change: (event: SeenEvent) => object) =>
      received((events) =>
        events.map((each, index) => (index === place ? { ...each, ...change(each) } : each)),
      );
    const created = placeOf('created', 11);
    expect(changed(created, () => ({ id: 'order/12/1' }))).toEqual(['wrong event']);
    expect(changed(created, () => ({ type: 'loms.order.failed.v1' }))).toEqual(['wrong event']);
    const order = (what: object) => changed(created, (event) => ({ order: { ...event.order, ...what } }));
    expect(order({ version: 2 })).toContain('wrong event');
    expect(order({ user: 7 })).toEqual(['wrong event']);
    expect(order({ lines: [] })).toEqual(['wrong event']);
    expect(order({ endMs: 7 })).toEqual(['wrong event']);
    expect(order({ status: 'payed' })).toEqual(['wrong event']);
    const shelf = placeOf('adjusted', SHELF);
    const stock = (what: object) => changed(shelf, (event) => ({ stock: { ...event.stock, ...what } }));
    for (const what of [{ total: 1 }, { totalChange: 1 }, { kind: 'counted' }, { reference: 'x' }]) {
      expect(stock(what)).toEqual(['wrong event']);
    }
    expect(received((events) => [...events, { ...(events[0] as SeenEvent), position: 999 }])).toContain(
      'wrong event',
    );
  });

  test('receives statuses that do not follow each other, or do not lead to the order', () => {
    const payed = placeOf('payed', 11);
    const changed = (what: object) =>
      received((events) =>
        events.map((event, index) =>
          index === payed && event.order ? { ...event, order: { ...event.order, ...what } } : event,
        ),
      );
    expect(changed({ previousStatus: 'cancelled' })).toEqual(['wrong event']);
    expect(changed({ status: 'cancelled' })).toEqual(['wrong event']);
    expect(changed({ reason: 'expired' })).toEqual(['wrong event']);
  });

  test('begins again: with what was removed, and only then', () => {
    const [first, ...kept] = final.batches as [FinalBatch, ...FinalBatch[]];
    const resumes = [{ reader: 'SSE', atMs: 90, reason: 'CURSOR_EXPIRED' }] as const;
    const pages = feed.pages.map((page) =>
      page.reader === 'SSE' ? { ...page, events: page.events.filter(({ position }) => position > 1) } : page,
    );
    const removed = { ...valid, final: { ...final, batches: kept } };
    const changed = { ...feed, removed: [first], pages, resumes };
    expect(kindsOf({ ...removed, feed: changed })).toEqual([]);
    expect(kindsOf({ ...removed, feed: { ...changed, resumes: [] } })).toEqual(['lost event']);
    const more = pages.map((page) => ({
      ...page,
      events: page.events.filter(({ position }) => position > 2),
    }));
    expect(kindsOf({ ...removed, feed: { ...changed, pages: more } })).toContain('lost event');
    expect(withReaders({ resumes })).toEqual(['lost event']);
  });

  test('begins again in the middle of an order: its next event follows what was removed', () => {
    const late = { operation: 'payOrder', orderId: 11, acceptLate: true, outcome: 'ok' } as const;
    const expired = withFeed({
      ...validEvidence(),
      calls: validEvidence().calls.map((each) =>
        each.operation === 'payOrder' ? { ...each, ...late } : each,
      ),
    });
    const { batches } = expired.final;
    const place = batches.findIndex(({ kinds }) => kinds[0] === 'expired');
    const seen = (from: number) => (page: (typeof expired.feed.pages)[number]) => ({
      ...page,
      events: page.events.filter(({ position }) => position === 1 || position > from),
    });
    const away: Evidence = {
      ...{ ...expired, final: { ...expired.final, batches: batches.slice(place + 1) } },
      feed: {
        ...{ ...expired.feed, removed: batches.slice(0, place + 1) },
        pages: expired.feed.pages.map(seen(place + 1)),
        resumes: eventReadings.map((reader) => ({ reader, atMs: 90, reason: 'CURSOR_EXPIRED' })),
      },
    };
    expect(kindsOf(away).filter((kind) => kind.includes('event'))).toEqual([]);
  });

  test('is refused by a bug, or for a token of the service', () => {
    for (const reason of ['INTERNAL', 'INVALID_REQUEST']) {
      expect(withReaders({ resumes: [{ reader: 'SSE', atMs: 90, reason }] })).toEqual(['internal error']);
    }
    expect(withReaders({ resumes: [{ reader: 'SSE', atMs: 90, reason: 'SHUTTING_DOWN' }] })).toEqual([]);
  });

  test('is held up by one that does not read', () => {
    const holds = [{ reader: 'SSE', fromMs: 0, untilMs: 10_000 }] as const;
    const late = (name: string) =>
      withReaders({
        holds,
        pages: feed.pages.map((page) => (page.reader === name ? { ...page, atMs: 9_000 } : page)),
      });
    expect(late('ListEvents')).toEqual(['reader held up']);
    expect(late('SSE')).toEqual([]);
  });
});

describe('calls', () => {
  test.each<[string, (call: Call) => boolean]>([
    ['create', ({ answeredId, outcome }) => answeredId === 15 && outcome === 'ok'],
    ['failed create', ({ answeredId }) => answeredId === 13],
    ['payment', ({ operation, outcome }) => operation === 'payOrder' && outcome === 'ok'],
    ['cancellation', ({ operation, outcome }) => operation === 'cancelOrder' && outcome === 'ok'],
    ['adjustment', ({ reference, outcome }) => reference === 'first' && outcome === 'ok'],
    ['count', ({ reference, outcome }) => reference === 'shelf' && outcome === 'ok'],
  ])('an acknowledged %s without its event', (_title, isMeant) => {
    const call = valid.calls.find(isMeant) as Call;
    const references = new Map(
      final.movements.map(({ sku, version, reference }) => [`${sku}/${version}`, reference]),
    );
    const last = final.batches.findLastIndex(({ subjects: [subject], versions: [version] }, index) =>
      call.reference === undefined
        ? subject === (call.answeredId ?? call.orderId)
        : references.get(`${subject}/${version}`) === call.reference && index >= 0,
    );
    expect(last).toBeGreaterThanOrEqual(0);
    expect(followed(final.batches.filter((_, index) => index !== last))).toContain('lost event');
  });

  test('an acknowledged extension without an event of its end', () => {
    const extend: Call = {
      ...{ operation: 'extendOrder', orderId: 12, outcome: 'ok', expiresAtMs: 900 },
      ...{ lane: 0, transport: 'REST', service: 0, deadlineMs: 1_000, startMs: 60, endMs: 70 },
    };
    const extended: Evidence = { ...valid, calls: [...valid.calls, extend] };
    expect(kindsOf(extended)).toContain('lost event');
  });

  test('an event of what no call did, or only refused ones', () => {
    const refused = withCalls(({ operation, outcome }) => operation === 'payOrder' && outcome === 'ok', {
      ...{ outcome: 'refused', reason: 'DATABASE_UNAVAILABLE' },
    });
    expect(kindsOf(withFeed(refused))).toContain('done though refused');
    const next = { position: final.batches.length + 1, batchId: 999, endsMs: [7], skus: [] };
    const extended = { ...next, kinds: ['extended' as const], subjects: [15], versions: [2] };
    expect(withBatches([...final.batches, extended])).toContain('done though refused');
  });
});
