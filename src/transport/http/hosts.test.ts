/** Names under which a service with open access answers, and pages of other sites. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silent, testApp } from '../../../test/support/http-app.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { rawConnection } from '../../../test/support/raw-http.ts';
import { type HttpServer, startHttpServer } from './server.ts';

const loms = new MemoryLoms();
let open: HttpServer;
let guarded: HttpServer;

beforeAll(async () => {
  const place = { host: '127.0.0.1', port: 0, logger: silent };
  open = await startHttpServer(testApp({ loms }), { ...place, allowedHosts: ['loms.test', '192.0.2.7'] });
  guarded = await startHttpServer(testApp({ loms }), place);
});

afterAll(() => Promise.all([open.stop(0), guarded.stop(0)]));

async function get(server: HttpServer, host: string, headers = ''): Promise<string> {
  const { socket, until } = await rawConnection(server.port);
  socket.write(`GET /stock/info/1625903 HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`);
  const reply = await until(/\r\n\r\n\{.*\}$/s);
  socket.destroy();
  return `${reply.slice(9, 12)} ${/"reason":"(\w+)"/.exec(reply)?.[1] ?? 'OK'}`;
}

describe('with open access', () => {
  test.each([
    'localhost',
    'LocalHost:8080',
    'shop.localhost:8080',
    '127.0.0.1',
    '127.1.2.3:80',
    '[::1]:8080',
    'loms.test',
    'LOMS.test:443',
    '192.0.2.7:8080',
  ])('the host %s is served', async (host) => {
    expect(await get(open, host)).toBe('200 OK');
  });

  test.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    'xlocalhost',
    '127.0.0.1.evil.example',
    '192.0.2.8',
    '128.0.0.1',
    '[2001:db8::1]',
    'x.loms.test',
  ])('the host %s is refused with its name', async (host) => {
    expect(await get(open, host)).toBe('403 HOST_NOT_ALLOWED');
    expect(await get(open, host)).toBe('403 HOST_NOT_ALLOWED');
    // Whatever was allowed before.
    expect(await get(open, 'localhost')).toBe('200 OK');
    expect(await get(open, host)).toBe('403 HOST_NOT_ALLOWED');
  });

  test.each([
    ['Origin: https://evil.example', '403 ORIGIN_NOT_ALLOWED'],
    ['Origin: https://localhost.evil.example:8080', '403 ORIGIN_NOT_ALLOWED'],
    ['Origin: null', '403 ORIGIN_NOT_ALLOWED'],
    ['Origin: x', '403 ORIGIN_NOT_ALLOWED'],
    ['Sec-Fetch-Site: cross-site', '403 ORIGIN_NOT_ALLOWED'],
    ['Origin: http://localhost:3000', '200 OK'],
    ['Origin: http://[::1]:8080', '200 OK'],
    ['Origin: https://loms.test', '200 OK'],
    ['Sec-Fetch-Site: same-origin', '200 OK'],
    ['Sec-Fetch-Site: none', '200 OK'],
  ])('%s: %s', async (header, expected) => {
    expect(await get(open, 'localhost', `${header}\r\n`)).toBe(expected);
  });

  test('a probe by HTTP/1.0 without a host is served: no browser sends that', async () => {
    const { socket, closed } = await rawConnection(open.port);
    socket.write('GET /livez HTTP/1.0\r\n\r\n');
    expect(await closed).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test('a refused request runs nothing', async () => {
    const body = '{"user":1,"items":[{"sku":1625903,"count":1}]}';
    const { socket, until } = await rawConnection(open.port);
    const head = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    socket.write(`POST /order/create HTTP/1.1\r\nHost: evil.example\r\n${head}\r\n${body}`);
    await until(/"host":"evil.example"/);
    expect(loms.orders.size).toBe(0);
  });
});

test('where tokens are required every host and every site is answered', async () => {
  expect(await get(guarded, 'evil.example', 'Origin: https://evil.example\r\n')).toBe('200 OK');
});
