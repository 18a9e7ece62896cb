/** Slow, silent and greedy clients over real connections: they are disconnected, and others are served. */
import { afterEach, expect, test } from 'vitest';
import { silent, testApp } from '../../../test/support/http-app.ts';
import { rawConnection } from '../../../test/support/raw-http.ts';
import type { ConnectionLimits } from './limits.ts';
import { type HttpServer, startHttpServer } from './server.ts';

let server: HttpServer | undefined;

async function start(limits: Partial<ConnectionLimits>): Promise<number> {
  server = await startHttpServer(testApp(), { host: '127.0.0.1', port: 0, logger: silent, limits });
  return server.port;
}

afterEach(async () => {
  await server?.stop(0);
});

const request = 'GET /stock/info/1625903 HTTP/1.1\r\nHost: loms\r\n\r\n';
const body = '{"user":1,"items":[{"sku":1625903,"count":1}]}';
const postHead =
  'POST /order/create HTTP/1.1\r\nHost: loms\r\nContent-Type: application/json\r\n' +
  `Content-Length: ${body.length}\r\n\r\n`;

/** Sends a text over and over, one character at a time, until the connection is closed. */
function drip(
  socket: { write(text: string): void; once(event: 'close', listener: () => void): void },
  text: string,
) {
  let place = 0;
  const timer = setInterval(() => socket.write(text[place++ % text.length] ?? ''), 10);
  socket.once('close', () => clearInterval(timer));
}

async function othersAreServed(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/stock/info/1625903`);
  expect(await response.text()).toBe('{"count":10000}');
}

test('a client that sends its head slowly is disconnected, and others are served meanwhile', async () => {
  const port = await start({ headMs: 200, checkIntervalMs: 20 });
  const slow = await Promise.all(Array.from({ length: 20 }, () => rawConnection(port)));
  for (const { socket } of slow)
    drip(socket, 'GET /livez HTTP/1.1\r\nHost: loms\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyyyyy');
  await othersAreServed(port);
  for (const { closed } of slow) expect(await closed).toMatch(/^HTTP\/1.1 408 .*DEADLINE_EXCEEDED/s);
});

test('a client that sends its body slowly is disconnected, and others are served meanwhile', async () => {
  const port = await start({ headMs: 100, requestMs: 200, checkIntervalMs: 20 });
  const slow = await Promise.all(Array.from({ length: 20 }, () => rawConnection(port)));
  for (const { socket } of slow) {
    socket.write(postHead);
    drip(socket, ' ');
  }
  await othersAreServed(port);
  for (const { closed } of slow) expect(await closed).toMatch(/^HTTP\/1.1 408 .*DEADLINE_EXCEEDED/s);
});

test('a silent client is disconnected', async () => {
  const port = await start({ headMs: 100, checkIntervalMs: 20 });
  await (await rawConnection(port)).closed;
});

test('a client that reads no responses is disconnected, and others are served meanwhile', async () => {
  const port = await start({ stuckMs: 200, idleMs: 200 });
  const { socket, closed, until } = await rawConnection(port);
  socket.write(request);
  await until(/"count"/);
  socket.pause();
  // More than the buffers of both ends hold: the page's script has over a megabyte.
  for (let count = 0; count < 30; count++)
    socket.write('GET /docs/swagger-ui-dist/swagger-ui-bundle.js HTTP/1.1\r\nHost: loms\r\n\r\n');
  await othersAreServed(port);
  // It is cut off while it still reads nothing.
  await expect.poll(() => server?.unanswered, { timeout: 10_000 }).toBe(0);
  socket.resume();
  expect((await closed).match(/HTTP\/1.1 200 OK/g)?.length).toBeLessThan(31);
});

test('a slow body within the stuck limit is not bound by the idle limit', async () => {
  const port = await start({ stuckMs: 2_000, idleMs: 100, firstRequestMs: 100 });
  const { socket, until } = await rawConnection(port);
  socket.write(postHead);
  await new Promise((resolve) => setTimeout(resolve, 300));
  socket.write(body);
  await until(/"orderID":1/);
});

test('beyond the limit the connection that is idle longest is closed for the new one', async () => {
  const port = await start({ connectionsMax: 3 });
  const [first, second, silentOne] = [
    await rawConnection(port),
    await rawConnection(port),
    await rawConnection(port),
  ];
  for (const { socket, until } of [first, second]) {
    socket.write(request);
    await until(/"count"/);
  }
  silentOne.socket.write('GET /livez HT');
  const third = await rawConnection(port);
  expect(await silentOne.closed).toBe('');
  // Half a body keeps a connection no more than half a head: the third is closed next, and then the second.
  second.socket.write(`${postHead}{`);
  first.socket.write(request);
  await first.until(/"count".*"count"/s);
  await rawConnection(port);
  await third.closed;
  await rawConnection(port);
  const closed = [first.closed.then(() => 'first'), second.closed.then(() => 'second')];
  expect(await Promise.race(closed)).toBe('second');
});

test('a connection without a first request is closed long before an idle one', async () => {
  const port = await start({ firstRequestMs: 100, headMs: 60_000, requestMs: 60_000, stuckMs: 60_000 });
  const used = await rawConnection(port);
  used.socket.write(request);
  await used.until(/"count"/);
  expect(await (await rawConnection(port)).closed).toBe('');
  used.socket.write(request);
  await used.until(/"count".*"count"/s);
});

test('an old connection is closed with its next response, and a young one is not', async () => {
  const port = await start({ ageMs: 200 });
  const { socket, until, closed } = await rawConnection(port);
  socket.write(request);
  expect(await until(/"count"/)).not.toMatch(/connection: close/i);
  await new Promise((resolve) => setTimeout(resolve, 250));
  socket.write(request);
  expect(await closed).toMatch(/"count".*connection: close.*"count"/is);
});
