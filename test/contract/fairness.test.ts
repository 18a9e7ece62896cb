/** Two callers of one service: the one with many requests does not lock the other out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { Answer, Client } from '../support/client.ts';
import { openClients } from '../support/clients.ts';
import { useDatabase } from '../support/database.ts';
import { AUDIENCE, createIssuer, ISSUER, type Issuer, writeKeys } from '../support/issuer.ts';
import { startService, type TestService } from '../support/service.ts';

const SKU = 1625903;
const WAIT_LIMIT = { timeout: 15_000 };

const database = useDatabase();
let dir: string;
let issuer: Issuer;
let service: TestService;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loms-fairness-'));
  issuer = await createIssuer();
  await writeKeys(issuer, join(dir, 'jwks.json'));
  service = await startService(database, {
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
    AUTH_JWKS: join(dir, 'jwks.json'),
    QUEUE_MAX: '20',
    BATCH_MAX: '5',
    WRITE_LANES: '1',
  });
});

afterAll(async () => {
  await service?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Clients of one caller over both transports. */
async function clientsOf(sub: string): Promise<Record<'rest' | 'grpc', Client>> {
  const headers = { authorization: `Bearer ${await issuer.sign({ sub })}` };
  const { httpPort: REST, grpcPort: gRPC } = service.app;
  const [rest, grpc] = openClients({ REST, gRPC }, headers);
  return { rest, grpc };
}

/** One line that is in stock, and others of skus that have none: the order fails when its turn has come. */
const largeOrder = {
  user: 1n,
  items: [SKU, ...Array.from({ length: 59 }, (_, i) => i + 1)].map((sku) => ({ sku, count: 1 })),
};
const smallOrder = { user: 2n, items: [{ sku: SKU, count: 1 }] };

/** Of the most lines that an order may have. */
const largestOrder = {
  user: 3n,
  items: [SKU, ...Array.from({ length: 999 }, (_, i) => i + 1)].map((sku) => ({ sku, count: 1 })),
};

/** Locks the sku's stock until the returned function is called. */
async function holdStock(): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: database.primaryUrl });
  onTestFinished(() => holder.end());
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM stocks WHERE sku = $1 FOR UPDATE', [SKU]);
  return async () => void (await holder.query('COMMIT'));
}

const waitForLock = () =>
  vi.waitFor(async () => {
    const waiting = await database.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    expect(waiting).toHaveLength(1);
  }, WAIT_LIMIT);

const reasonOf = (answer: Answer) => ('error' in answer ? answer.error.details[0]?.reason : 'OK');

test.each(['rest', 'grpc'] as const)(
  "over %s a small order is accepted, and runs before most of another caller's large ones",
  async (transport) => {
    const [greedy, modest] = await Promise.all([clientsOf('greedy'), clientsOf('modest')]);
    const release = await holdStock();
    const large = () => greedy[transport].call('createOrder', largeOrder);
    const running = large();
    await waitForLock();
    const reasons: unknown[] = [];
    const waiting = Array.from({ length: 30 }, async () => reasons.push(reasonOf(await large())));
    // Nine tenths of the queue are its share.
    await vi.waitFor(() => expect(reasons).toEqual(Array(12).fill('QUEUE_FULL')), WAIT_LIMIT);
    const small = modest[transport].call('createOrder', smallOrder);
    await large().then((answer) => expect(reasonOf(answer)).toBe('QUEUE_FULL'));
    await release();
    const answer = (await small) as { reply: { orderID: bigint } };
    await Promise.all([running, ...waiting]);
    expect(reasons.filter((reason) => reason === 'INSUFFICIENT_STOCK')).toHaveLength(18);
    const later = await database.query('SELECT FROM orders WHERE order_id > $1', [answer.reply.orderID]);
    expect(later.length).toBeGreaterThan(10);
  },
);

test('of the largest orders a transaction writes two, so that small ones wait for no more', async () => {
  const { grpc } = await clientsOf('greedy');
  const release = await holdStock();
  const largest = () => grpc.call('createOrder', largestOrder);
  const running = largest();
  await waitForLock();
  let refused = 0;
  const waiting = Array.from({ length: 20 }, async () => {
    if (reasonOf(await largest()) === 'QUEUE_FULL') refused++;
  });
  await vi.waitFor(() => expect(refused).toBe(2), { timeout: 10_000 });
  await release();
  await Promise.all([running, ...waiting]);
  const transactions = await database.query(
    'SELECT count(*)::int AS orders FROM orders WHERE user_id = $1 GROUP BY xmin',
    [largestOrder.user],
  );
  const sizes = transactions.map(({ orders }) => Number(orders));
  expect(sizes.reduce((sum, size) => sum + size)).toBe(19);
  expect(Math.max(...sizes)).toBe(2);
});
