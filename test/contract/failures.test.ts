/** Errors of a service that cannot do its work: real failures, over both transports. */
import { Client as Channel, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import pg from 'pg';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type CallOptions, type Client, operations } from '../support/client.ts';
import { onServer, useDatabase } from '../support/database.ts';
import { useDocumentedReplies } from '../support/documented.ts';
import { rawConnection } from '../support/raw-http.ts';
import { startService, type TestService } from '../support/service.ts';
import { reasonOf, statusOf } from '../support/status.ts';
import { createOrder } from './cases.ts';

const SKU = 1625903;

/** Makes every COMMIT of a new or changed order hang until its session is terminated. */
const LINGER = `
  CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
  CREATE CONSTRAINT TRIGGER linger AFTER INSERT OR UPDATE ON orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION linger()`;

const database = useDatabase();
useDocumentedReplies();
let service: TestService | undefined;

afterEach(async () => {
  await service?.stop();
  service = undefined;
});

const create = (client: Client, options: CallOptions = {}) =>
  client.call('createOrder', { user: 1n, items: [{ sku: SKU, count: 1 }] }, options);

const createUnder = (client: Client, key: string) =>
  client.call('createOrder', { user: 77n, items: [{ sku: SKU, count: 1 }] }, { keys: [key] });

/** The deadline of callers that do not wait for the end. */
const DEADLINE_MS = 600;

type Detail = Record<string, unknown>;

const failure =
  (code: bigint, http: number, reason: string, message: string, ...more: Detail[]) =>
  (transport: string) => ({
    error: {
      code,
      message,
      details: [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'loms', metadata: {} },
        ...more,
      ],
    },
    ...(transport === 'rest' ? { http } : {}),
  });

/** States that nothing was done and when to retry. */
const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1s' };

const queueFull = failure(8n, 429, 'QUEUE_FULL', 'too many requests are waiting, try again later', retry);
const deadline = failure(4n, 504, 'DEADLINE_EXCEEDED', 'the deadline passed, nothing was done');
const unavailable = failure(
  14n,
  503,
  'DATABASE_UNAVAILABLE',
  'the database cannot be reached, nothing was done',
  retry,
);
const unknown = failure(
  14n,
  503,
  'OUTCOME_UNKNOWN',
  'the outcome is unknown: it may or may not have been done',
);
const internal = failure(13n, 500, 'INTERNAL', 'internal error');

/** Locks the sku's stock, so that the next create waits until the lock is released. */
async function holdStock(): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: database.primaryUrl });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT * FROM stocks WHERE sku = $1 FOR UPDATE', [SKU]);
  return () => holder.end();
}

/** Terminates the session of a COMMIT that hangs. */
const endCommit = () =>
  vi.waitFor(async () => {
    const ended = await database.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query = 'COMMIT' AND wait_event = 'PgSleep'`);
    expect(ended).toHaveLength(1);
  });

const waitForLock = () =>
  vi.waitFor(async () => {
    const [row] = await database.query(
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    expect(row?.count).toBe('1');
  });

describe.each(['rest', 'grpc'] as const)('over %s', (transport) => {
  test('a full queue refuses at once, and queued requests are answered', async () => {
    service = await startService(database, { QUEUE_MAX: '2', WRITE_LANES: '1' });
    const client = service[transport];
    const release = await holdStock();
    const running = create(client);
    await waitForLock();
    const waiting = [create(client), create(client), create(client)];
    expect(await Promise.race(waiting)).toEqual(queueFull(transport));
    await release();
    const answers = await Promise.all([running, ...waiting]);
    expect(answers.filter((answer) => 'reply' in answer)).toHaveLength(3);
  });

  test('a queued request is not started after its deadline', async () => {
    service = await startService(database, { WRITE_LANES: '1' });
    const client = service[transport];
    const release = await holdStock();
    const [before] = await database.query('SELECT count(*) FROM orders');
    const running = create(client);
    await waitForLock();
    // It is answered while the batch before it still runs, not only when its turn comes.
    expect(await create(client, { timeoutMs: DEADLINE_MS })).toEqual(deadline(transport));
    await release();
    expect(await running).toHaveProperty('reply');
    const [after] = await database.query('SELECT count(*) FROM orders');
    expect(Number(after?.count) - Number(before?.count)).toBe(1);
  });

  test('a write that still runs at its deadline: the outcome is unknown, and answered in time', async () => {
    service = await startService(database);
    const client = service[transport];
    const release = await holdStock();
    const [before] = await database.query('SELECT count(*) FROM orders');
    const begin = performance.now();
    expect(await create(client, { timeoutMs: DEADLINE_MS })).toEqual(unknown(transport));
    expect(performance.now() - begin).toBeLessThan(DEADLINE_MS + 2_000);
    await release();
    // Unknown: here it is done after all.
    await vi.waitFor(async () => {
      const [after] = await database.query('SELECT count(*) FROM orders');
      expect(Number(after?.count) - Number(before?.count)).toBe(1);
    });
  });

  test('a commit that hangs at its deadline: the outcome is unknown, others are served', async () => {
    service = await startService(database, { WRITE_LANES: '1' });
    const client = service[transport];
    const orderID = await createOrder(client);
    await database.query(LINGER);
    try {
      expect(await client.call('payOrder', { orderID }, { timeoutMs: DEADLINE_MS })).toEqual(
        unknown(transport),
      );
      expect(await client.call('getOrder', { orderID })).toHaveProperty('reply');
    } finally {
      await database.query(`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query = 'COMMIT' AND wait_event = 'PgSleep'`);
      await database.query('DROP FUNCTION linger CASCADE');
    }
  });

  test('a read that still runs at its deadline: nothing was done', async () => {
    service = await startService({ ...database, replicaUrls: [] }, { READ_TIMEOUT_MS: '10000' });
    const client = service[transport];
    const locker = new pg.Client({ connectionString: database.primaryUrl });
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE stocks IN ACCESS EXCLUSIVE MODE');
    try {
      const begin = performance.now();
      expect(await client.call('getStock', { sku: SKU }, { timeoutMs: DEADLINE_MS })).toEqual(
        deadline(transport),
      );
      expect(performance.now() - begin).toBeLessThan(DEADLINE_MS + 2_000);
    } finally {
      await locker.end();
    }
    expect(await client.call('getStock', { sku: SKU })).toHaveProperty('reply');
  });

  test('a lock timeout: nothing was done and a retry is allowed', async () => {
    service = await startService(database, { WRITE_TIMEOUT_MS: '400' });
    const release = await holdStock();
    expect(await create(service[transport])).toEqual(unavailable(transport));
    await release();
    expect(await create(service[transport])).toHaveProperty('reply');
  });

  test('a connection lost during COMMIT: the outcome is unknown', async () => {
    service = await startService(database);
    const orderID = await createOrder(service[transport]);
    await database.query(LINGER);
    try {
      const answer = service[transport].call('payOrder', { orderID });
      await endCommit();
      expect(await answer).toEqual(unknown(transport));
    } finally {
      await database.query('DROP FUNCTION linger CASCADE');
    }
  });

  test('an unknown outcome is resolved by a retry with the same key: there is one order', async () => {
    service = await startService(database);
    const client = service[transport];
    const key = `lost over ${transport}`;
    await database.query('DELETE FROM order_lines; DELETE FROM orders');
    await database.query(LINGER);
    try {
      const answer = createUnder(client, key);
      await endCommit();
      expect(await answer).toEqual(unknown(transport));
    } finally {
      await database.query('DROP FUNCTION linger CASCADE');
    }
    const resolved = await createUnder(client, key);
    expect(resolved).toHaveProperty('reply');
    expect(await createUnder(client, key)).toEqual({ ...resolved, replayed: true });
    expect(await database.query('SELECT count(*) FROM orders')).toEqual([{ count: '1' }]);
  });

  test('a bug: the caller learns no internals', async () => {
    service = await startService(database);
    const orderID = await createOrder(service[transport], 2618151);
    await database.query('UPDATE stocks SET reserved = 0 WHERE sku = 2618151');
    expect(await service[transport].call('payOrder', { orderID })).toEqual(internal(transport));
  });

  test('a database that accepts no connections: nothing was done, for reads and writes', async () => {
    service = await startService(database);
    const name = new URL(database.primaryUrl).pathname.slice(1);
    await onServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await onServer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    try {
      expect(await create(service[transport])).toEqual(unavailable(transport));
      const orderID = 1n;
      expect(await service[transport].call('payOrder', { orderID })).toEqual(unavailable(transport));
    } finally {
      await onServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    }
    expect(await create(service[transport])).toHaveProperty('reply');
  });
});

test('a request that waits for others of its connection past its deadline: nothing was done', async () => {
  service = await startService(database);
  const { socket, until } = await rawConnection(service.app.httpPort);
  const poll = 'GET /event/list?wait_seconds=1 HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const order = '{"user":78,"items":[{"sku":1625903,"count":1}]}';
  const head = 'Content-Type: application/json\r\nRequest-Timeout: 0.1\r\n';
  socket.write(
    `${poll.repeat(8)}POST /order/create HTTP/1.1\r\nHost: localhost\r\n` +
      `${head}Content-Length: ${order.length}\r\n\r\n${order}`,
  );
  expect(await until(/DEADLINE_EXCEEDED|orderID/)).toMatch(/HTTP\/1\.1 504 .*DEADLINE_EXCEEDED/s);
  socket.destroy();
  expect(await database.query('SELECT 1 FROM orders WHERE user_id = 78')).toEqual([]);
});

test.each([
  ['without a key: its library does not repeat it', {}, 'OUTCOME_UNKNOWN'],
  ['with a key: its library may repeat it', { 'idempotency-key': 'repeated by the library' }, undefined],
])(
  'a create whose outcome is unknown and whose client retries by policy, %s',
  async (_title, key, reason) => {
    service = await startService(database, { REQUEST_TIMEOUT_MS: '400' });
    const name = [{ service: 'loms.order.v1.OrderService' }];
    const backoff = { initialBackoff: '0.1s', maxBackoff: '0.2s', backoffMultiplier: 2 };
    const retryPolicy = { maxAttempts: 5, ...backoff, retryableStatusCodes: ['UNAVAILABLE'] };
    const channel = new Channel(`127.0.0.1:${service.app.grpcPort}`, credentials.createInsecure(), {
      'grpc.service_config': JSON.stringify({ methodConfig: [{ name, retryPolicy }] }),
    });
    onTestFinished(() => channel.close());
    await database.query('DELETE FROM order_lines; DELETE FROM orders');
    const release = await holdStock();
    const { path, requestSerialize, responseDeserialize } = operations.createOrder.grpc;
    const request = { user: 77n, items: [{ sku: SKU, count: 1 }] };
    const error = await new Promise<ServiceError | null>((resolve) => {
      const metadata = Metadata.fromHttp2Headers(key);
      channel.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, resolve);
    });
    await release();
    const status = error === null ? undefined : statusOf(error);
    if (reason !== undefined) expect(status && reasonOf(status)).toBe(reason);
    // A stop finishes all accepted work, also what the client has given up.
    await service.stop();
    service = undefined;
    expect(await database.query('SELECT count(*) FROM orders')).toEqual([{ count: '1' }]);
  },
);
