/** Heads that two readers could understand in two ways, over real connections. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silent, testApp } from '../../../test/support/http-app.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { rawConnection } from '../../../test/support/raw-http.ts';
import { requestInfo } from '../../../test/support/status.ts';
import { type HttpServer, startHttpServer } from './server.ts';

const loms = new MemoryLoms();
let server: HttpServer;

beforeAll(async () => {
  server = await startHttpServer(testApp({ loms }), { host: '127.0.0.1', port: 0, logger: silent });
});

afterAll(() => server.stop(0));

/** The first reply to these bytes. */
async function send(bytes: string) {
  const { socket, until } = await rawConnection(server.port);
  socket.write(bytes);
  const text = await until(/\r\n\r\n\{.*\}$/s);
  socket.destroy();
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { status: Number(head.slice(9, 12)), head, body: JSON.parse(body) };
}

const get = (path: string, headers = '') => send(`GET ${path} HTTP/1.1\r\nHost: loms\r\n${headers}\r\n`);

const body = '{"user":1,"items":[{"sku":1625903,"count":1}]}';
const post = (headers: string, bytes: string) =>
  send(
    `POST /order/create HTTP/1.1\r\nHost: loms\r\nContent-Type: application/json\r\n${headers}\r\n${bytes}`,
  );
const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

describe('paths', () => {
  test.each([
    '/docs/../stock/info/1625903',
    '/./stock/info/1625903',
    '/stock/info/1625903/..',
    '/stock/info/1625903/.',
    '/stock/info/..?x=1',
    '/docs/%2e%2e/stock/info/1625903',
    '/docs/.%2E/stock/info/1625903',
    '/stock%2finfo/1625903',
    '/stock/info%5C1625903',
    '//stock/info/1625903',
    '/stock//info/1625903',
    '/%73tock/info/1625903',
    '/stock/info/%31625903',
    'http://loms/docs/../stock/info/1625903',
    'http://loms//stock/info/1625903',
    'http:///loms/stock/info/1625903',
    '/stock/info/1625903#',
    '/stock/info/1625903#x',
    '/stock/info/1625903#?page_size=1',
    '/stock/info/1625903?page_size=1#x',
    'http://loms/stock/info/1625903#x',
  ])('%s is refused: it is another spelling of a path', async (path) => {
    const { status, head, body } = await get(path);
    expect([status, body.message]).toEqual([400, 'invalid request: path']);
    expect(head).not.toMatch(/connection: close/i);
  });

  test.each([
    '/stock/info/1625903',
    '/stock/info/1625903?next=//a/../b%2f%2e',
    'http://loms/stock/info/1625903',
    'http://LOMS/stock/info/1625903',
  ])('%s is served', async (path) => {
    expect((await get(path)).body).toEqual({ count: 10_000 });
  });

  test.each(['other', 'loms:80', 'other@loms', 'loms@other', 'loms.', 'localhost'])(
    'the host %s in a target is refused: it is not the one that was sent',
    async (host) => {
      const { status, head, body } = await get(`http://${host}/stock/info/1625903`);
      expect([status, body.message]).toEqual([400, 'invalid request: host']);
      expect(head).not.toMatch(/connection: close/i);
    },
  );

  test('a host in a target without one that was sent is refused', async () => {
    const { status, body } = await send('GET http://loms/stock/info/1625903 HTTP/1.0\r\n\r\n');
    expect([status, body.message]).toEqual([400, 'invalid request: host']);
  });

  test.each(['/.well-known/x', '/stock/info...', '/stock/%20'])('%s is unknown', async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

describe('headers', () => {
  test('two hosts are refused, and the connection is closed', async () => {
    const { status, head, body } = await get('/livez', 'hOST: other\r\n');
    expect([status, body.message]).toEqual([400, 'invalid request: host']);
    expect(head).toMatch(/\r\nconnection: close/i);
  });

  test.each(['chunked', 'Chunked'])('the transfer encoding %s is read', async (encoding) => {
    expect((await post(`Transfer-Encoding: ${encoding}\r\n`, chunked)).status).toBe(200);
  });

  test.each(['gzip, chunked', 'chunked, chunked', 'identity, chunked', 'x, chunked'])(
    'the transfer encoding %s is refused, the connection is closed, and nothing is run',
    async (encoding) => {
      const before = loms.orders.size;
      const { status, head, body } = await post(`Transfer-Encoding: ${encoding}\r\n`, chunked);
      expect(status).toBe(400);
      expect(body.message).toMatch(/^invalid request: (transfer-encoding|request)$/);
      expect(head).toMatch(/\r\nconnection: close/i);
      expect(loms.orders.size).toBe(before);
    },
  );

  test('1,000 are read, the last one too', async () => {
    const many = 'a:b\r\n'.repeat(996);
    const headers = `${many}Content-Length: ${body.length}\r\nIdempotency-Key: last\r\n`;
    expect((await post(headers, body)).status).toBe(200);
    expect(loms.keys.at(-1)).toBe('last');
  });

  test('more are refused with the limit, and no order is made without its key', async () => {
    const before = loms.orders.size;
    const many = 'a:b\r\n'.repeat(997);
    const headers = `${many}Content-Length: ${body.length}\r\nIdempotency-Key: last\r\n`;
    const reply = await post(headers, body);
    expect(reply.status).toBe(431);
    expect(reply.body).toMatchObject({
      code: 8,
      message: 'the request has more than 1000 header lines',
      details: [{ reason: 'REQUEST_TOO_LARGE' }, requestInfo],
    });
    expect(loms.orders.size).toBe(before);
  });
});
