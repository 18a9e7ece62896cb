/** What the headers say of a call: its time, its key, its caller. */
import { describe, expect, test } from 'vitest';
import {
  incoming,
  NOW_MS,
  REQUEST_TIMEOUT_MS,
  silent,
  testApp,
  violations,
} from '../../../test/support/http-app.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { rawConnection } from '../../../test/support/raw-http.ts';
import type { Call } from '../../domain/call.ts';
import { startHttpServer } from './server.ts';

const ask = async (loms: MemoryLoms, timeout: string) => {
  const response = await testApp({ loms }).request('/stock/info/1625903', {
    headers: { 'request-timeout': timeout },
  });
  return { status: response.status, text: await response.text() };
};

describe('Request-Timeout', () => {
  test.each([
    ['1', 1_000],
    ['0.5', 500],
    ['0.001', 1],
    ['2.25', 2_250],
    ['007', REQUEST_TIMEOUT_MS],
    ['3', REQUEST_TIMEOUT_MS],
    ['3.001', REQUEST_TIMEOUT_MS],
    ['99999999999999999999999999', REQUEST_TIMEOUT_MS],
    ['9'.repeat(400), REQUEST_TIMEOUT_MS],
  ])('%s gives the request %i ms, and never more than the service allows', async (timeout, expectedMs) => {
    const loms = new MemoryLoms();
    expect((await ask(loms, timeout)).status).toBe(200);
    expect(loms.deadlines).toEqual([NOW_MS + expectedMs]);
  });

  test.each([
    '0',
    '0.0',
    '-1',
    '',
    ' ',
    'x',
    '1s',
    '1e3',
    '.5',
    '5.',
    '+1',
    '1,5',
    '1, 2',
    'NaN',
    'Infinity',
    '0x10',
  ])('%j is refused by its name, and nothing is done', async (timeout) => {
    const loms = new MemoryLoms();
    expect(violations(await ask(loms, timeout))).toEqual(['request-timeout']);
    expect(loms.deadlines).toEqual([]);
  });

  test('is read from a real connection, and twice is once too often', async () => {
    const loms = new MemoryLoms();
    const server = await startHttpServer(testApp({ loms }), { host: '127.0.0.1', port: 0, logger: silent });
    const { socket, until } = await rawConnection(server.port);
    const head = 'GET /stock/info/1625903 HTTP/1.1\r\nHost: loms\r\nRequest-Timeout: 0.25\r\n';
    socket.write(`${head}\r\n`);
    await until(/"count"/);
    expect(loms.deadlines).toEqual([NOW_MS + 250]);
    socket.write(`${head}request-timeout: 1\r\n\r\n`);
    await until(/"field":"request-timeout"/);
    await server.stop(0);
  });
});

test('the call knows when its caller went away', async () => {
  const loms = new MemoryLoms();
  let tell = (_call: Call) => {};
  const asked = new Promise<Call>((resolve) => {
    tell = resolve;
  });
  loms.getStock = (_sku, call) => {
    tell(call);
    return new Promise(() => {});
  };
  const server = await startHttpServer(testApp({ loms }), { host: '127.0.0.1', port: 0, logger: silent });
  const { socket, closed } = await rawConnection(server.port);
  socket.write('GET /stock/info/1625903 HTTP/1.1\r\nHost: loms\r\n\r\n');
  const call = await asked;
  expect(call.disconnected?.()).toBe(false);
  socket.destroy();
  await closed;
  await expect.poll(() => call.disconnected?.()).toBe(true);
  await server.stop(0);
});

describe('who cannot be answered yet hears so by the deadline, and nothing is done', () => {
  const order = '{"user":1,"items":[{"sku":1625903,"count":1}]}';
  const hanging = () => new Promise<never>(() => {});

  test('while credentials are checked', async () => {
    const loms = new MemoryLoms();
    const app = testApp({ loms, now: Date.now, authenticate: hanging });
    const headers = { 'request-timeout': '0.05', 'content-type': 'application/json' };
    const response = await app.request('/order/create', { method: 'POST', headers }, incoming(order));
    expect([response.status, await response.text()]).toEqual([
      504,
      expect.stringContaining('DEADLINE_EXCEEDED'),
    ]);
    expect(loms.deadlines).toEqual([]);
  });

  test('while the body comes, and what does not come holds the connection no longer', async () => {
    const loms = new MemoryLoms();
    const app = testApp({ loms, now: Date.now });
    const server = await startHttpServer(app, { host: '127.0.0.1', port: 0, logger: silent });
    const { socket, closed, until } = await rawConnection(server.port);
    const head = `POST /order/create HTTP/1.1\r\nHost: loms\r\nContent-Type: application/json\r\nContent-Length: ${order.length}\r\n`;
    socket.write(`${head}Request-Timeout: 0.05\r\n\r\n${order.slice(0, 20)}`);
    await until(/^HTTP\/1.1 504 .*DEADLINE_EXCEEDED/s);
    await closed;
    expect(loms.deadlines).toEqual([]);
    await server.stop(0);
  });

  test('while the body comes; the rest of it that comes later is passed over', async () => {
    const loms = new MemoryLoms();
    const app = testApp({ loms, now: Date.now });
    const server = await startHttpServer(app, { host: '127.0.0.1', port: 0, logger: silent });
    const { socket, until } = await rawConnection(server.port);
    const head = `POST /order/create HTTP/1.1\r\nHost: loms\r\nContent-Type: application/json\r\nContent-Length: ${order.length}\r\n`;
    socket.write(`${head}Request-Timeout: 0.05\r\n\r\n${order.slice(0, 20)}`);
    await until(/DEADLINE_EXCEEDED/);
    socket.write(`${order.slice(20)}GET /stock/info/1625903 HTTP/1.1\r\nHost: loms\r\n\r\n`);
    await until(/"count"/);
    expect(loms.deadlines).toHaveLength(1);
    await server.stop(0);
  });

  test('a bug in the check of credentials is still a bug', async () => {
    const app = testApp({ authenticate: () => Promise.reject(new Error('bug')) });
    expect((await app.request('/stock/info/1625903')).status).toBe(500);
  });
});
