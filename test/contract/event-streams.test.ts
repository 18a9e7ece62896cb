/**
 * The stream of events over both transports of a whole service: what it has is what the list has, also over
 * reconnects, with its errors and limits.
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { EventFields, Transport } from '../support/client.ts';
import { startService, useService } from '../support/service.ts';
import { WatchError, type WatchedPage, type WatchRequest, watchEvents } from '../support/watch.ts';

const READERS_MAX = 3;

const { service, database } = useService({ EVENT_READERS_MAX_PER_CLIENT: String(READERS_MAX) });

const ORDERS = 40;

/** All events as the list has them. */
let listed: readonly EventFields[];

async function createAndPay(): Promise<void> {
  const created = await service.rest.call('createOrder', { user: 7n, items: [{ sku: 1625903, count: 1 }] });
  if (!('reply' in created)) throw new Error('not created');
  await service.rest.call('payOrder', { orderID: created.reply.orderID });
}

async function listAll(): Promise<EventFields[]> {
  const events: EventFields[] = [];
  let page: { pageToken?: string; from?: string } = { from: 'beginning' };
  for (;;) {
    const answer = await service.rest.call('listEvents', { ...page, pageSize: 7 });
    if (!('reply' in answer)) throw new Error('not listed');
    events.push(...answer.reply.events);
    if (answer.reply.events.length === 0) return events;
    page = { pageToken: answer.reply.nextPageToken };
  }
}

beforeAll(async () => {
  for (let count = 0; count < ORDERS; count++) await createAndPay();
  await vi.waitFor(
    async () => {
      listed = await listAll();
      expect(listed).toHaveLength(2 * ORDERS);
    },
    { timeout: 20_000 },
  );
});

const transports = ['REST', 'gRPC'] as const;

/** Reads of the stream over one transport. */
function reader(transport: Transport) {
  const watch = (request: WatchRequest = {}) => {
    const { httpPort, grpcPort } = service.app;
    return watchEvents(transport, transport === 'REST' ? httpPort : grpcPort, request);
  };

  /** Reads until there are `count` events, or a page is wanted. */
  async function read(request: WatchRequest, eventsMax: number) {
    const events: EventFields[] = [];
    let token = '';
    for await (const page of watch(request)) {
      events.push(...page.events);
      token = page.token;
      if (events.length >= eventsMax) break;
    }
    return { events, token };
  }

  async function first(request: WatchRequest): Promise<WatchedPage> {
    for await (const page of watch(request)) return page;
    throw new Error('the stream has no page');
  }

  /** The error of a stream that is refused. */
  async function errorOf(request: WatchRequest): Promise<WatchError> {
    const error = await first(request).catch((thrown: unknown) => thrown);
    if (!(error instanceof WatchError)) throw new Error('no error of the service', { cause: error });
    return error;
  }

  return { watch, read, first, errorOf };
}

describe.each(transports)('over %s', (transport) => {
  const { watch, read, first, errorOf } = reader(transport);

  test('from the beginning it has what the list has', async () => {
    const { events } = await read({ from: 'beginning' }, listed.length);
    expect(events.slice(0, listed.length)).toEqual(listed);
  });

  test('tokens of the list and of the stream continue in the other', async () => {
    const answer = await service.rest.call('listEvents', { from: 'beginning', pageSize: 5 });
    if (!('reply' in answer)) throw new Error('not listed');
    const { events, token } = await read({ pageToken: answer.reply.nextPageToken }, listed.length - 5);
    expect(events.slice(0, listed.length - 5)).toEqual(listed.slice(5));
    const behind = await service.rest.call('listEvents', { pageToken: token });
    expect(behind).toMatchObject({ reply: { events: [] } });
  });

  test('over reconnects while events are written, nothing is missing and nothing comes twice', async () => {
    const begin = (await first({})).token;
    const writing = (async () => {
      for (let count = 0; count < 15; count++) await createAndPay();
    })();
    const events: EventFields[] = [];
    let pageToken = begin;
    for (let round = 1; events.length < 30; round++) {
      // Rounds of different lengths end at different places.
      const part = await read({ pageToken }, Math.min(round, 30 - events.length));
      events.push(...part.events);
      pageToken = part.token;
    }
    await writing;
    const all = await listAll();
    expect(events).toEqual(all.slice(all.findIndex(({ id }) => id === events[0]?.id)));
    expect(events).toHaveLength(30);
  });

  test('with types it has these alone', async () => {
    const payed = listed.filter(({ type }) => type === 'loms.order.payed.v1');
    const { events } = await read({ from: 'beginning', type: ['order.payed'] }, payed.length);
    expect(events.slice(0, payed.length)).toEqual(payed);
  });

  test('without a token it begins now, with a bookmark', async () => {
    const { events, token } = await first({});
    expect(events).toEqual([]);
    await createAndPay();
    const next = await read({ pageToken: token }, 2);
    expect(next.events.map(({ type }) => type)).toEqual(['loms.order.created.v1', 'loms.order.payed.v1']);
  });

  test('an open stream gets what happens', async () => {
    const types: string[] = [];
    for await (const { events } of watch()) {
      if (types.length === 0 && events.length === 0) await createAndPay();
      types.push(...events.map(({ type }) => type));
      if (types.length >= 2) break;
    }
    expect(types).toEqual(['loms.order.created.v1', 'loms.order.payed.v1']);
  });

  test('requests that are not valid are refused as in lists', async () => {
    const { token } = await first({});
    const bad: WatchRequest[] = [
      { pageToken: 'none' },
      { pageToken: token, type: ['order.payed'] },
      { pageToken: token, from: 'beginning' },
      { type: ['order.lost'] },
    ];
    for (const request of bad) expect(await errorOf(request)).toMatchObject({ reason: 'INVALID_REQUEST' });
  });

  test('a client has a limited number of streams, and gets another one when it has left one', async () => {
    const streams = Array.from({ length: READERS_MAX }, () => watch());
    await Promise.all(streams.map((stream) => stream.next()));
    const error = await errorOf({});
    expect([error.reason, error.failure.code]).toEqual(['QUEUE_FULL', 8n]);
    await Promise.all(streams.map((stream) => stream.return()));
    await expect
      .poll(() =>
        first({}).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });

  test('at the stop it gets a last bookmark, and SHUTTING_DOWN', async () => {
    const other = await startService(database);
    const { httpPort, grpcPort } = other.app;
    const stream = watchEvents(transport, transport === 'REST' ? httpPort : grpcPort, {});
    await stream.next();
    const end = (async () => {
      let pages = 0;
      for await (const { events, token } of stream) pages += events.length === 0 && token !== '' ? 1 : 0;
      return pages;
    })().catch((error: unknown) => error);
    await other.stop();
    expect(await end).toMatchObject({ reason: 'SHUTTING_DOWN' });
  });
});

describe('over REST', () => {
  const { read, first, errorOf } = reader('REST');

  test('an EventSource that reconnects continues behind its last event', async () => {
    const { events, token } = await read({ from: 'beginning' }, 1);
    const count = events.length;
    const again = { from: 'beginning', lastEventId: token } as const;
    const next = await read(again, listed.length - count);
    expect(next.events.slice(0, listed.length - count)).toEqual(listed.slice(count));
  });

  test('the last event counts in place of an older token, and has to be a token', async () => {
    const { token: old } = await read({ from: 'beginning' }, 1);
    const { token } = await first({});
    const page = await first({ pageToken: old, lastEventId: token });
    expect(page).toEqual({ events: [], token });
    expect(await errorOf({ lastEventId: 'none' })).toMatchObject({ reason: 'INVALID_REQUEST' });
  });

  test('HEAD takes no place of a reader', async () => {
    const url = `http://127.0.0.1:${service.app.httpPort}/event/stream`;
    for (let count = 0; count < 3 * READERS_MAX; count++) {
      const head = await fetch(url, { method: 'HEAD' });
      const seen = [head.status, head.headers.get('content-type'), await head.text()];
      expect(seen).toEqual([200, 'text/event-stream', '']);
    }
    expect(await first({})).toMatchObject({ events: [] });
  });
});

// The last ones: they change what tokens stand for.
test.each(transports)('over %s a token whose events are others now is refused', async (transport) => {
  const { read, errorOf } = reader(transport);
  const { token } = await read({ from: 'beginning' }, 1);
  await database.query("UPDATE event_batches SET published_at = published_at - interval '1 ms'");
  const error = await errorOf({ pageToken: token });
  expect([error.reason, error.failure.code]).toEqual(['CURSOR_EXPIRED', 11n]);
});
