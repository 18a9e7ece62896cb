/** Pipelined requests: their order, how many run at a time, and what is left when the client is gone. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import { NOW_MS, silent, testApp } from '../../../test/support/http-app.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { type RawConnection, rawConnection } from '../../../test/support/raw-http.ts';
import type { Call } from '../../domain/call.ts';
import type { ConnectionLimits } from './limits.ts';
import { type HttpServer, startHttpServer } from './server.ts';

let server: HttpServer | undefined;

afterEach(async () => {
  await server?.stop(0);
});

async function start(
  loms = new MemoryLoms(),
  limits: Partial<ConnectionLimits> = {},
  now = () => NOW_MS,
): Promise<HttpServer> {
  const place = { host: '127.0.0.1', port: 0, logger: silent };
  server = await startHttpServer(testApp({ loms, now }), { ...place, limits, now });
  return server;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: loms\r\n\r\n`;
const body = '{"user":1,"items":[{"sku":1625903,"count":1}]}';
const create = (headers = '') =>
  'POST /order/create HTTP/1.1\r\nHost: loms\r\nContent-Type: application/json\r\n' +
  `${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
const order = create();

/** Loms whose reads of stock wait until they are released, one by one. */
class SlowLoms extends MemoryLoms {
  readonly calls: { readonly sku: number; readonly call: Call; readonly release: () => void }[] = [];

  override async getStock(sku: number, call: Call) {
    await new Promise<void>((release) => this.calls.push({ sku, call, release }));
    return { ok: true as const, value: { count: BigInt(sku) } };
  }
}

const counts = (text: string) => [...text.matchAll(/"count":(\d+)/g)].map(([, count]) => Number(count));
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Sends reads of the stock of skus 1 to `count` at once. */
async function pipeline(port: number, count: number): Promise<RawConnection> {
  const connection = await rawConnection(port);
  connection.socket.write(
    numbers(1, count)
      .map((sku) => get(`/stock/info/${sku}`))
      .join(''),
  );
  return connection;
}

test('3,001 pipelined requests are all answered, in order', async () => {
  const loms = new MemoryLoms();
  const { port } = await start(loms);
  const { socket, until } = await rawConnection(port);
  socket.write(`${order}${get('/livez')}${get('/stock/info/7')}`.repeat(1_000) + get('/nope'));
  const replies = await until(/PATH_NOT_FOUND/);
  const ids = [...replies.matchAll(/\{"orderID":(\d+)\}/g)].map(([, id]) => Number(id));
  expect(ids).toEqual(numbers(1, 1_000));
  const kinds = [...replies.matchAll(/\{"orderID|"alive|STOCK_NOT_FOUND/g)].map(([kind]) => kind);
  expect(kinds).toEqual(Array(1_000).fill(['{"orderID', '"alive', 'STOCK_NOT_FOUND']).flat());
});

test('of one connection eight requests run at a time, and the next starts with each reply', async () => {
  const loms = new SlowLoms();
  const { port } = await start(loms);
  const { until } = await pipeline(port, 20);
  await expect.poll(() => loms.calls.length).toBe(8);
  expect(loms.calls.map(({ sku }) => sku)).toEqual(numbers(1, 8));
  // A reply out of its turn makes no room.
  loms.calls[7]?.release();
  loms.calls[0]?.release();
  await expect.poll(() => loms.calls.length).toBe(9);
  for (let index = 1; index < 20; index++) {
    await expect.poll(() => loms.calls.length).toBeGreaterThan(index);
    loms.calls[index]?.release();
  }
  expect(counts(await until(/"count":20\}/))).toEqual(numbers(1, 20));
});

test('the deadline of a request that waits counts from its arrival', async () => {
  const loms = new SlowLoms();
  let nowMs = NOW_MS;
  const started = await start(loms, {}, () => nowMs);
  const { socket, until } = await pipeline(started.port, 8);
  await expect.poll(() => loms.calls.length).toBe(8);
  socket.write(create('Request-Timeout: 1\r\n'));
  await expect.poll(() => started.unanswered).toBe(9);
  nowMs += 900;
  for (const { release } of loms.calls) release();
  await until(/"orderID"/);
  expect(loms.deadlines).toEqual([NOW_MS + 1_000]);
});

test('while a request waits nothing more is read from its connection', async () => {
  const loms = new SlowLoms();
  const started = await start(loms);
  // More than one read of the socket.
  await pipeline(started.port, 20_000);
  await expect.poll(() => started.unanswered).toBeGreaterThan(8);
  loms.calls[0]?.release();
  await expect.poll(() => loms.calls.length).toBe(9);
  const { unanswered } = started;
  await othersAreServed(started.port);
  expect(started.unanswered).toBe(unanswered);
  expect(unanswered).toBeLessThan(5_000);
});

async function othersAreServed(port: number): Promise<void> {
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
}

test('requests that wait are forgotten with their connection, and never run', async () => {
  const loms = new SlowLoms();
  const started = await start(loms);
  const { socket } = await pipeline(started.port, 1_000);
  await expect.poll(() => loms.calls.length).toBe(8);
  expect(started.unanswered).toBeGreaterThan(8);
  socket.resetAndDestroy();
  // The connection is not read meanwhile: the first reply finds that the client is gone.
  loms.calls[0]?.release();
  await expect.poll(() => started.unanswered).toBe(0);
  expect(loms.calls[1]?.call.disconnected?.()).toBe(true);
  for (const { release } of loms.calls) release();
  await othersAreServed(started.port);
  expect(loms.calls.length).toBeLessThanOrEqual(9);
});

test('a connection that passes the limit of waiting requests is closed, and others are served', async () => {
  const loms = new SlowLoms();
  const started = await start(loms, { waitingMax: 100 });
  const waiting = await pipeline(started.port, 90);
  await expect.poll(() => started.unanswered).toBe(90);
  const greedy = await pipeline(started.port, 200);
  expect(await greedy.closed).toBe('');
  await expect.poll(() => started.unanswered).toBe(90);
  await othersAreServed(started.port);
  for (let index = 0; index < 98; index++) {
    await expect.poll(() => loms.calls.length).toBeGreaterThan(index);
    loms.calls[index]?.release();
  }
  expect(counts(await waiting.until(/"count":90\}/))).toEqual(numbers(1, 90));
});

test('what waits on a connection that is cut off is dropped without an error for each request', async () => {
  const requests: IncomingMessage[] = [];
  const onStart = (message: unknown) => requests.push((message as { request: IncomingMessage }).request);
  subscribe('http.server.request.start', onStart);
  const started = await start(new SlowLoms(), { waitingMax: 100 });
  const { closed } = await pipeline(started.port, 500);
  expect(await closed).toBe('');
  await expect.poll(() => started.unanswered).toBe(0);
  unsubscribe('http.server.request.start', onStart);
  expect(requests).toHaveLength(500);
  expect(requests.every(({ destroyed }) => destroyed)).toBe(true);
  // Those that ran.
  expect(requests.filter(({ errored }) => errored !== null).length).toBeLessThanOrEqual(8);
});

test('a stop answers what runs and refuses what waits, in order, and closes the connection', async () => {
  const loms = new SlowLoms();
  const started = await start(loms);
  const { closed } = await pipeline(started.port, 10);
  await expect.poll(() => loms.calls.length).toBe(8);
  const stopped = started.stop(10_000);
  for (const { release } of loms.calls) release();
  const replies = (await closed).split('HTTP/1.1 ').slice(1);
  expect(replies.map((reply) => reply.slice(0, 3))).toEqual([...Array(8).fill('200'), '503', '503']);
  const ends = replies.map((reply) => /connection: close/i.test(reply));
  expect(ends).toEqual([...Array(9).fill(false), true]);
  await stopped;
});

test('behind a reply that closes the connection nothing is run', async () => {
  const loms = new MemoryLoms();
  const { port } = await start(loms);
  const { socket, closed } = await rawConnection(port);
  const twoHosts = 'GET /livez HTTP/1.1\r\nHost: loms\r\nHost: loms\r\n\r\n';
  socket.write(`${order}${twoHosts}${order}`);
  expect((await closed).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  expect(loms.orders.size).toBe(1);
});

/** Loms whose reads of stock take a turn of the event loop, so that a reset meets requests that wait. */
class UnhurriedLoms extends MemoryLoms {
  override async getStock(sku: number, call: Call) {
    await new Promise((resolve) => setImmediate(resolve));
    return super.getStock(sku, call);
  }
}

test('60,000 pipelined requests whose connections are reset leave nothing behind', async () => {
  const started = await start(new UnhurriedLoms());
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heapBytes = async () => {
    await expect.poll(() => started.unanswered).toBe(0);
    collect();
    return process.memoryUsage().heapUsed;
  };
  const attack = async (connections: number) => {
    for (let count = 0; count < connections; count++) {
      const { socket, closed } = await rawConnection(started.port);
      socket.write(get('/stock/info/1625903').repeat(1_500));
      await new Promise((resolve) => setTimeout(resolve, 10));
      socket.resetAndDestroy();
      await closed;
    }
  };
  await attack(4);
  const before = await heapBytes();
  await attack(40);
  expect((await heapBytes()) - before).toBeLessThan(5 * 1024 * 1024);
}, 60_000);
