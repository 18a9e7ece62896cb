/** The trail: what rows and the audit log keep of the callers, over both transports of a whole service. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, replyOf } from '../support/client.ts';
import { openClients } from '../support/clients.ts';
import { useDatabase } from '../support/database.ts';
import { AUDIENCE, createIssuer, ISSUER, type Issuer, writeKeys } from '../support/issuer.ts';
import { startService, type TestService } from '../support/service.ts';

const [SKU, OTHER] = [4_000_000_001, 4_000_000_002];
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const database = useDatabase();
let dir: string;
let issuer: Issuer;
let service: TestService;
let lines: Record<string, unknown>[];

/** The service's own log is silent: the audit log has its own level. */
const logger = pino(
  { level: 'silent', base: null, timestamp: false },
  { write: (line: string) => void lines.push(JSON.parse(line)) },
);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-trail-'));
  issuer = await createIssuer();
  const jwks = join(dir, 'jwks.json');
  await writeKeys(issuer, jwks);
  const settings = { AUTH_JWKS: jwks, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE, AUDIT_LOG: 'true' };
  service = await startService(database, settings, logger);
});

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, idempotency_keys');
  await database.query('INSERT INTO stocks VALUES ($1, 100, 0), ($2, 100, 0)', [SKU, OTHER]);
  lines = [];
});

afterAll(async () => {
  await service?.stop();
  await rm(dir, { recursive: true, force: true });
});

type Transport = 'REST' | 'gRPC';

async function clientOf(transport: Transport, sub: string): Promise<Client> {
  const { httpPort: REST, grpcPort: gRPC } = service.app;
  const headers = { authorization: `Bearer ${await issuer.sign({ sub })}`, traceparent };
  const [rest, grpc] = openClients({ REST, gRPC }, headers);
  return transport === 'REST' ? rest : grpc;
}

const items = [{ sku: SKU, count: 1 }];

async function create(client: Client, key?: string): Promise<bigint> {
  const answer = await client.call('createOrder', { user: 1n, items }, { keys: key ? [key] : [] });
  return replyOf(answer).orderID;
}

/** The SQL that the document answers questions with. */
async function documentedQueries(): Promise<string[]> {
  const [, section = ''] =
    /\n## The trail\n(.*?)\n## /s.exec(await readFile('docs/operations.md', 'utf8')) ?? [];
  return [...section.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = '']) => sql);
}

describe.each(['REST', 'gRPC'] as const)('over %s', (transport) => {
  test('each acknowledged write is a line, with its caller and what it is about', async () => {
    const [alice, bob] = [await clientOf(transport, 'alice'), await clientOf(transport, 'bob')];
    const orderID = await create(alice, 'create');
    expect(await create(alice, 'create')).toBe(orderID);
    await bob.call('extendOrder', { orderID, reservationTtlSeconds: 3_600 });
    await alice.call('payOrder', { orderID });
    const changes = [SKU, OTHER].map((sku) => ({ sku, change: 1n, reason: 'found' }));
    for (let i = 0; i < 2; i++) await bob.call('adjustStock', { changes }, { keys: ['adjust'] });
    const countedAt = new Date().toISOString();
    const counts = [{ sku: OTHER, counted: 7n, countedAt }];
    const counted = await bob.call('countStock', { counts });
    expect(counted).toHaveProperty('reply');
    const cancelledID = await create(bob);
    await alice.call('cancelOrder', { orderID: cancelledID });

    const ofOrder = (id: bigint) => ({ orderID: `${id}` });
    const ofStock = (...skus: number[]) => ({ skus, skuCount: skus.length });
    expect(lines).toEqual(
      [
        { operation: 'createOrder', caller: 'alice', ...ofOrder(orderID) },
        { operation: 'createOrder', caller: 'alice', ...ofOrder(orderID), replayed: true },
        { operation: 'extendOrder', caller: 'bob', ...ofOrder(orderID) },
        { operation: 'payOrder', caller: 'alice', ...ofOrder(orderID) },
        { operation: 'adjustStock', caller: 'bob', ...ofStock(SKU, OTHER) },
        { operation: 'adjustStock', caller: 'bob', ...ofStock(SKU, OTHER), replayed: true },
        { operation: 'countStock', caller: 'bob', ...ofStock(OTHER) },
        { operation: 'createOrder', caller: 'bob', ...ofOrder(cancelledID) },
        { operation: 'cancelOrder', caller: 'alice', ...ofOrder(cancelledID) },
      ].map((line) => ({ level: 30, ...line, traceparent, msg: 'audit' })),
    );
  });

  test('reads, refusals and what is only validated have no line', async () => {
    const alice = await clientOf(transport, 'alice');
    const unknown = { orderID: 9_223_372_036_854_775_807n };
    await alice.call('createOrder', { user: 1n, items, validateOnly: true });
    await alice.call('createOrder', { user: 1n, items: [{ sku: SKU, count: 101 }] });
    await alice.call('cancelOrder', unknown);
    await alice.call('getStock', { sku: SKU });
    expect(lines).toEqual([]);
  });

  test('the texts of a change of stock are read back, in its history and in its event', async () => {
    const alice = await clientOf(transport, 'alice');
    const type = ['stock.adjusted'];
    await expect.poll(() => database.query('SELECT FROM event_batches WHERE position IS NULL')).toEqual([]);
    let { nextPageToken: token } = replyOf(await alice.call('listEvents', { type }));
    const change = { sku: SKU, change: -1n, reason: 'lost', reference: 'R-1', note: 'a note' };
    expect(await alice.call('adjustStock', { changes: [change] }, { keys: ['adjust'] })).toHaveProperty(
      'reply',
    );
    const countedAt = new Date(Date.now() - 3_600_000).toISOString().replace('Z', '000Z');
    const count = { sku: SKU, counted: 98n, countedAt, reference: 'sheet 7', note: 'twice' };
    expect(await alice.call('countStock', { counts: [count] })).toHaveProperty('reply');

    const adjusted = { kind: 'adjusted', reason: 'lost', reference: 'R-1', note: 'a note', actor: 'alice' };
    const counted = { kind: 'counted', reference: 'sheet 7', note: 'twice', actor: 'alice' };
    const { movements } = replyOf(await alice.call('listStockMovements', { sku: SKU }));
    expect(movements).toMatchObject([{ ...counted, occurredAt: countedAt }, adjusted, { kind: 'opened' }]);
    expect(movements[0]?.createdAt).not.toBe(countedAt);
    expect(movements[1]?.occurredAt).toBe(movements[1]?.createdAt);
    const events: unknown[] = [];
    while (events.length < 2) {
      const page = replyOf(await alice.call('listEvents', { type, pageToken: token, waitSeconds: 5 }));
      events.push(...page.events.map(({ data }) => data));
      token = page.nextPageToken;
    }
    expect(events).toMatchObject([adjusted, counted]);
  });

  test('the documented queries show who cancelled an order, and what a caller did', async () => {
    const [alice, bob] = [await clientOf(transport, 'alice'), await clientOf(transport, 'bob')];
    const orderID = await create(bob);
    await alice.call('cancelOrder', { orderID });
    const changes = [{ sku: SKU, change: -1n, reason: 'lost', reference: 'R-1' }];
    await alice.call('adjustStock', { changes }, { keys: ['adjust'] });
    const [whoCancelled = '', whatAliceDid = ''] = await documentedQueries();
    expect(await database.query(whoCancelled.replace(/\b17\b/, `${orderID}`))).toMatchObject([
      { status: 'cancelled', cancel_reason: 'requested', created_by: 'bob', closed_by: 'alice' },
    ]);
    expect((await database.query(whatAliceDid)).map(({ what }) => what)).toEqual([
      `sku ${SKU}: adjusted by -1 R-1`,
      `order ${orderID}: cancelled`,
    ]);
  });
});
