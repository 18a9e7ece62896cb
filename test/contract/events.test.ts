/** The event feed and the changes of stock, over REST and over gRPC: every answer, word for word. */
import { randomInt, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type EventFields, type Request, replyOf } from '../support/client.ts';
import { openClients } from '../support/clients.ts';
import { useDocumentedReplies } from '../support/documented.ts';
import { INT64_MAX } from '../support/limits.ts';
import { useService } from '../support/service.ts';
import { INT64, info, invalid } from './cases.ts';

const { database, service } = useService();
useDocumentedReplies();

const TYPES =
  'must be at most 7, each one of: order.created, order.failed, order.payed, order.cancelled, ' +
  'order.expired, order.extended, stock.adjusted';
const PAGE_TOKEN =
  'must be a text of at most 255 characters: the nextPageToken of a page with the same filters';
const FROM = 'must be one of: beginning, and absent where there is a pageToken';
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const freshSku = () => randomInt(2_000_000_000, 4_000_000_000);
const texts = {
  id: expect.any(String),
  source: 'loms',
  specversion: '1.0',
  datacontenttype: 'application/json',
};

const waiting = () => database.query('SELECT FROM event_batches WHERE position IS NULL');
const published = () => expect.poll(waiting, { timeout: 10_000 }).toEqual([]);

describe.each(['rest', 'grpc'] as const)('over %s', (transport) => {
  const client = () => service[transport];
  const list = async (request: Request<'listEvents'>) => replyOf(await client().call('listEvents', request));
  const changes = async (request: Request<'listStockChanges'>) =>
    replyOf(await client().call('listStockChanges', request));
  /** The token behind all that was written. */
  const now = async (request: Request<'listEvents'> = {}) => {
    await published();
    return (await list(request)).nextPageToken;
  };
  const adjust = async (sku: number, change: bigint, reference?: string) => {
    const all = [{ sku, change, reason: 'received', ...(reference === undefined ? {} : { reference }) }];
    return client().call('adjustStock', { changes: all }, { keys: [randomUUID()] });
  };
  const create = async (sku: number, count: number, by = client()) => {
    const answer = await by.call('createOrder', { user: 7n, items: [{ sku, count }] });
    return 'reply' in answer ? answer.reply.orderID : 0n;
  };

  /** Waits until that many events follow a token, and returns them. */
  async function following(pageToken: string, count: number, more: Request<'listEvents'> = {}) {
    const events: EventFields[] = [];
    for (let token = pageToken; events.length < count; ) {
      const page = await list({ ...more, pageToken: token, waitSeconds: 5 });
      events.push(...page.events);
      token = page.nextPageToken;
    }
    return events;
  }

  test('the life of an order, with the attributes and data of each event', async () => {
    const sku = freshSku();
    await adjust(sku, 5n);
    const token = await now();
    const orderID = await create(sku, 2);
    const extended = await client().call('extendOrder', { orderID, reservationTtlSeconds: 3_000 });
    // It leaves the end as it is, so it is no change.
    await client().call('extendOrder', { orderID, reservationTtlSeconds: 60 });
    await client().call('payOrder', { orderID });
    await client().call('payOrder', { orderID });
    const events = await following(token, 3, {});
    const order = (version: bigint, type: string, data: object) => ({
      ...texts,
      id: `order/${orderID}/${version}`,
      type: `loms.order.${type}.v1`,
      subject: `order/${orderID}`,
      partitionkey: `order/${orderID}`,
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      sequence: expect.stringMatching(/^\d{20}$/),
      data: { orderID, version, user: 7n, items: [{ sku: BigInt(sku), count: 2n }], ...data },
    });
    const open = { status: 'awaiting payment' };
    const end = 'reply' in extended ? extended.reply.expiresAt : undefined;
    expect(events).toEqual([
      order(1n, 'created', { ...open, expiresAt: expect.any(String) }),
      order(2n, 'extended', { ...open, previousStatus: 'awaiting payment', expiresAt: end }),
      order(3n, 'payed', { status: 'payed', previousStatus: 'awaiting payment' }),
    ]);
    const sequences = events.map(({ sequence }) => BigInt(sequence));
    expect(sequences[2]).toBe((sequences[0] ?? 0n) + 2n);
  });

  test('failed, cancelled, expired and late payed orders', async () => {
    const sku = freshSku();
    await adjust(sku, 5n);
    const token = await now();
    await create(sku, 6);
    const cancelled = await create(sku, 1);
    await client().call('cancelOrder', { orderID: cancelled });
    const late = await create(sku, 1);
    await database.query(
      `UPDATE orders SET created_at = now() - interval '1 h', updated_at = now() - interval '1 h',
         expires_at = now() - interval '1 s' WHERE order_id = $1`,
      [late],
    );
    // It releases the order, and is refused.
    await client().call('payOrder', { orderID: late });
    await client().call('payOrder', { orderID: late, acceptLate: true });
    const events = await following(token, 6);
    expect(events.map(({ type, data }) => [type, data.status, data.previousStatus, data.reason])).toEqual([
      ['loms.order.failed.v1', 'failed', undefined, undefined],
      ['loms.order.created.v1', 'awaiting payment', undefined, undefined],
      ['loms.order.cancelled.v1', 'cancelled', 'awaiting payment', 'requested'],
      ['loms.order.created.v1', 'awaiting payment', undefined, undefined],
      ['loms.order.expired.v1', 'cancelled', 'awaiting payment', 'expired'],
      ['loms.order.payed.v1', 'payed', 'cancelled', undefined],
    ]);
    expect(events[4]?.data.expiresAt).toBe(events[4]?.time);
  });

  test('changes of stock by hand', async () => {
    const sku = freshSku();
    const token = await now();
    await adjust(sku, 5n, 'PO-4711');
    await client().call('countStock', {
      counts: [{ sku, counted: 4n, countedAt: new Date().toISOString() }],
    });
    const events = await following(token, 2);
    const stock = { sku: BigInt(sku), reserved: 0n, actor: expect.any(String) };
    const [first, second] = events.map(({ id, type, data }) => ({ id, type, data }));
    const attributes = (version: number) => ({
      id: `stock/${sku}/${version}`,
      type: 'loms.stock.adjusted.v1',
    });
    const { actor: _, ...quiet } = stock;
    const received = {
      kind: 'received',
      totalChange: 5n,
      total: 5n,
      reason: 'received',
      reference: 'PO-4711',
    };
    expect(first).toMatchObject({ ...attributes(1), data: { ...quiet, version: 1n, ...received } });
    expect(second).toMatchObject({
      ...attributes(2),
      data: { ...quiet, version: 2n, kind: 'counted', totalChange: -1n, total: 4n },
    });
  });

  test('types and an order select events, and their tokens are for them alone', async () => {
    const sku = freshSku();
    await adjust(sku, 5n);
    const type = ['order.payed', 'order.created'];
    const token = await now({ type });
    const [first, second] = [await create(sku, 1), await create(sku, 1)];
    await client().call('payOrder', { orderID: first });
    await client().call('cancelOrder', { orderID: second });
    const kinds = (events: readonly EventFields[]) => events.map(({ id }) => id);
    expect(kinds(await following(token, 3, { type: type.toReversed() }))).toEqual([
      ...[`order/${first}/1`, `order/${second}/1`, `order/${first}/2`],
    ]);
    await published();
    const ofSecond = await list({ orderID: second, from: 'beginning' });
    expect(kinds(ofSecond.events)).toEqual([`order/${second}/1`, `order/${second}/2`]);
    const bad = refused(transport, invalid(['pageToken', PAGE_TOKEN]));
    expect(await client().call('listEvents', { pageToken: token })).toMatchObject(bad);
    expect(await client().call('listEvents', { pageToken: token, type: ['order.payed'] })).toMatchObject(bad);
    expect(await client().call('listEvents', { pageToken: token, type, orderID: first })).toMatchObject(bad);
    expect(await client().call('listStockChanges', { pageToken: token })).toMatchObject({
      error: { code: 3n },
    });
  });

  test('pages of one event lead through the same feed as one page', async () => {
    const sku = freshSku();
    const token = await now();
    for (let count = 0; count < 4; count++) await adjust(sku, 1n);
    const all = await following(token, 4);
    const single: EventFields[] = [];
    for (let pageToken = token; single.length < 4; ) {
      const page = await list({ pageToken, pageSize: 1 });
      expect(page.events).toHaveLength(1);
      single.push(...page.events);
      pageToken = page.nextPageToken;
    }
    expect(single).toEqual(all);
  });

  test('a wait ends with the next event, and at once where there is one', async () => {
    const sku = freshSku();
    const token = await now({ type: ['stock.adjusted'] });
    const waiting = list({ type: ['stock.adjusted'], pageToken: token, waitSeconds: 20 });
    // Another event does not end it.
    await create(sku, 1);
    await adjust(sku, 1n);
    expect((await waiting).events).toMatchObject([{ id: `stock/${sku}/1` }]);
    expect((await list({ type: ['stock.adjusted'], pageToken: token, waitSeconds: 20 })).events).toHaveLength(
      1,
    );
  });

  test('a wait without an event ends with an empty page and a token to go on', async () => {
    const orderID = INT64_MAX;
    const token = await now({ orderID });
    const page = await list({ orderID, pageToken: token, waitSeconds: 1 });
    expect(page).toEqual({ events: [], nextPageToken: expect.any(String) });
  });

  test('a valid traceparent is in the event, another one is not', async () => {
    const sku = freshSku();
    await adjust(sku, 5n);
    const token = await now();
    const { httpPort, grpcPort } = service.app;
    const bad = TRACEPARENT.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32));
    for (const traceparent of [TRACEPARENT, TRACEPARENT.toUpperCase(), bad]) {
      const [rest, grpc] = openClients({ REST: httpPort, gRPC: grpcPort }, { traceparent });
      await create(sku, 1, transport === 'rest' ? rest : grpc);
    }
    const traces = (await following(token, 3)).map(({ traceparent }) => traceparent);
    expect(traces).toEqual([TRACEPARENT, undefined, undefined]);
  });

  test('changed stock is listed once each, with what is there now', async () => {
    const [first, second] = [freshSku(), freshSku()].sort((a, b) => a - b) as [number, number];
    await published();
    const { nextPageToken: token, stocks } = await changes({});
    expect(stocks).toEqual([]);
    const waiting = changes({ pageToken: token, waitSeconds: 20 });
    await adjust(second, 5n);
    expect((await waiting).stocks).toMatchObject([{ sku: BigInt(second), total: 5n }]);
    await adjust(first, 3n);
    await create(first, 2);
    const feed = await now();
    await adjust(second, 1n);
    await following(feed, 1);
    const found: unknown[] = [];
    for (let pageToken = token; found.length < 2; ) {
      const page = await changes({ pageToken, pageSize: 1, waitSeconds: 5 });
      found.push(...page.stocks);
      pageToken = page.nextPageToken;
    }
    expect(found).toEqual([
      { sku: BigInt(first), total: 3n, reserved: 2n, count: 1n },
      { sku: BigInt(second), total: 6n, reserved: 0n, count: 6n },
    ]);
  });

  test('a token whose event was removed is refused, and one that begins again is not', async () => {
    const sku = freshSku();
    await adjust(sku, 1n);
    const tokens = { listEvents: await now(), listStockChanges: (await changes({})).nextPageToken };
    const feed = tokens.listEvents;
    for (let count = 1; count <= 2; count++) {
      await adjust(sku, 1n);
      await following(feed, count);
    }
    await database.query(
      'DELETE FROM event_batches WHERE position < (SELECT max(position) FROM event_batches)',
    );
    const expired = {
      error: {
        code: 11n,
        message: 'events behind this token were removed, or it comes from another database: begin again',
        details: [info('CURSOR_EXPIRED')],
      },
      ...(transport === 'rest' ? { http: 410 } : {}),
    };
    for (const name of ['listEvents', 'listStockChanges'] as const) {
      expect(await client().call(name, { pageToken: tokens[name] })).toEqual(expired);
    }
    expect((await list({ from: 'beginning', pageSize: 1 })).events).toMatchObject([{ id: `stock/${sku}/3` }]);
  });

  test.each<[string, Request<'listEvents'>, readonly [string, string]]>([
    ['a negative page size', { pageSize: -1 }, ['pageSize', 'must be a whole number from 0 to 2147483647']],
    ['a made-up token', { pageToken: 'A'.repeat(43) }, ['pageToken', PAGE_TOKEN]],
    ['an unknown type', { type: ['order.payed', 'order.paid'] }, ['type[1]', TYPES]],
    ['too many types', { type: Array.from({ length: 8 }, () => 'order.payed') }, ['type', TYPES]],
    ['a negative order', { orderID: -1n }, ['orderID', INT64.replace('1 to', '0 to')]],
    ['a wait that is too long', { waitSeconds: 21 }, ['waitSeconds', 'must be a whole number from 0 to 20']],
    ['a negative wait', { waitSeconds: -1 }, ['waitSeconds', 'must be a whole number from 0 to 20']],
    ['another beginning', { from: 'end' }, ['from', FROM]],
  ])('%s is refused', async (_title, request, violation) => {
    expect(await client().call('listEvents', request)).toEqual(refused(transport, invalid([...violation])));
  });

  test('a beginning with a token is refused', async () => {
    const answer = await client().call('listEvents', { pageToken: await now(), from: 'beginning' });
    expect(answer).toEqual(refused(transport, invalid(['from', FROM])));
  });
});

function refused(transport: string, { error, http }: ReturnType<typeof invalid>) {
  return transport === 'rest' ? { error, http } : { error };
}
