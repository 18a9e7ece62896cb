/** What a call takes from its request: its deadline, and whether its client disconnected. */
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
import { accepted } from '../../domain/outcome.ts';
import { TrustedProxies } from '../proxies.ts';
import { startHttpServer } from './server.ts';

const getStock = async (loms: MemoryLoms, timeout: string) => {
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
    ['', REQUEST_TIMEOUT_MS],
    [' ', REQUEST_TIMEOUT_MS],
    ['99999999999999999999999999', REQUEST_TIMEOUT_MS],
    ['9'.repeat(400), REQUEST_TIMEOUT_MS],
  ])('%j gives the request %i ms, and at most the limit of the service', async (timeout, expectedMs) => {
    const loms = new MemoryLoms();
    expect((await getStock(loms, timeout)).status).toBe(200);
    expect(loms.deadlines).toEqual([NOW_MS + expectedMs]);
  });

  test.each(['0', '0.0', '-1', 'x', '1s', '1e3', '.5', '5.', '+1', '1,5', '1, 2', 'NaN', 'Infinity', '0x10'])(
    '%j is refused as an invalid field, and the operation does not run',
    async (timeout) => {
      const loms = new MemoryLoms();
      expect(violations(await getStock(loms, timeout))).toEqual(['request-timeout']);
      expect(loms.deadlines).toEqual([]);
    },
  );

  test('is read from a real connection, and refused when it is sent twice', async () => {
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

test('a call reports that its client disconnected', async () => {
  const loms = new MemoryLoms();
  let started = (_call: Call) => {};
  const firstCall = new Promise<Call>((resolve) => {
    started = resolve;
  });
  loms.getStock = (_sku, call) => {
    started(call);
    return new Promise(() => {});
  };
  const server = await startHttpServer(testApp({ loms }), { host: '127.0.0.1', port: 0, logger: silent });
  const { socket, closed } = await rawConnection(server.port);
  socket.write('GET /stock/info/1625903 HTTP/1.1\r\nHost: loms\r\n\r\n');
  const call = await firstCall;
  expect(call.disconnected?.()).toBe(false);
  socket.destroy();
  await closed;
  await expect.poll(() => call.disconnected?.()).toBe(true);
  await server.stop(0);
});

test('a call comes from the client that a trusted proxy names, or from its connection', async () => {
  const clients: string[] = [];
  const loms = new MemoryLoms();
  loms.getStock = async (_sku, call) => {
    clients.push(call.client);
    return accepted({ count: 0n });
  };
  const place = { host: '127.0.0.1', port: 0, logger: silent };
  for (const proxies of [new TrustedProxies(['127.0.0.0/8']), new TrustedProxies()]) {
    const shares = { peerMax: 10, peerPerSecond: 0, proxies };
    const server = await startHttpServer(testApp({ loms }), { ...place, shares });
    const headers = { 'x-forwarded-for': '192.0.2.1, 203.0.113.1, 127.0.0.9' };
    await fetch(`http://127.0.0.1:${server.port}/stock/info/1`, { headers });
    await server.stop(0);
  }
  expect(clients).toEqual(['203.0.113.1', '127.0.0.1']);
});

describe('a request that times out before it runs is refused and never runs', () => {
  const order = '{"user":1,"items":[{"sku":1625903,"count":1}]}';
  const head =
    'POST /order/create HTTP/1.1\r\nHost: loms\r\nContent-Type: application/json\r\n' +
    `Content-Length: ${order.length}\r\n`;
  const hanging = () => new Promise<never>(() => {});

  test('during authentication', async () => {
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

  test('during an incomplete body, whose connection is closed', async () => {
    const loms = new MemoryLoms();
    const app = testApp({ loms, now: Date.now });
    const server = await startHttpServer(app, { host: '127.0.0.1', port: 0, logger: silent });
    const { socket, closed, until } = await rawConnection(server.port);
    socket.write(`${head}Request-Timeout: 0.05\r\n\r\n${order.slice(0, 20)}`);
    expect(await until(/DEADLINE_EXCEEDED/)).toMatch(/^HTTP\/1.1 504 .*\r\nconnection: close\r\n/is);
    // What comes behind the announced end is not run.
    socket.write(`${order.slice(20)}GET /stock/info/1625903 HTTP/1.1\r\nHost: loms\r\n\r\n`);
    expect(await closed).not.toContain('"count"');
    expect(loms.deadlines).toEqual([]);
    await server.stop(0);
  });

  test('a bug in the authentication is an internal error', async () => {
    const app = testApp({ authenticate: () => Promise.reject(new Error('bug')) });
    expect((await app.request('/stock/info/1625903')).status).toBe(500);
  });
});
