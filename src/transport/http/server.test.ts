/** The HTTP server: unknown routes, faults, limits, and the stop. */
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { silent, testApp, violations } from '../../../test/support/http-app.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { type RawConnection, rawConnection } from '../../../test/support/raw-http.ts';
import { requestInfo } from '../../../test/support/status.ts';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import type { Loms } from '../../domain/operations.ts';
import { type HttpServer, startHttpServer } from './server.ts';

const order = '{"user":9007199254740993,"items":[{"sku":1625903,"count":1}]}';
const postHead = 'POST /order/create HTTP/1.1\r\nHost: loms\r\nContent-Type: application/json\r\n';
const servers: HttpServer[] = [];

async function start(options: Parameters<typeof testApp>[0] = {}): Promise<HttpServer> {
  const logger = options.logger ?? silent;
  const server = await startHttpServer(testApp(options), { host: '127.0.0.1', port: 0, logger });
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop(0)));
});

/** What a connection has received until now. */
function receivedSoFar({ until }: RawConnection): Promise<string> {
  return until(/^/);
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

/** A logger, and the lines that it writes. */
function recorder() {
  const lines: string[] = [];
  return { lines, logger: pino({ level: 'info' }, { write: (line: string) => lines.push(line) }) };
}

describe('a request without a route', () => {
  test.each([
    '/',
    '/order',
    '/order/create/',
    '/order/info',
    '/order/info/1/2',
    '/nope',
    '/docs/package.json',
  ])('POST %s is refused as an unknown path or method', async (path) => {
    const response = await testApp().request(path, { method: 'POST' });
    const body = JSON.parse(await response.text());
    const expected = path === '/' ? [405, 12, 'METHOD_NOT_ALLOWED'] : [404, 5, 'PATH_NOT_FOUND'];
    expect([response.status, body.code, body.details[0].reason]).toEqual(expected);
  });

  test.each([
    ['GET', '/order/create', 'POST'],
    ['HEAD', '/order/create', 'POST'],
    ['PUT', '/order/pay', 'POST'],
    ['DELETE', '/order/info/1', 'GET, HEAD'],
    ['OPTIONS', '/stock/info/1', 'GET, HEAD'],
    ['POST', '/livez', 'GET, HEAD'],
  ])('%s %s is refused with the allowed methods', async (method, path, allow) => {
    const response = await testApp().request(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
  });

  test('HEAD responds like GET without a body', async () => {
    const response = await testApp().request('/stock/info/1625903', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('a fault in the service', () => {
  test.each([new Error('secret of the inside', { cause: new Error('the cause') }), 'secret of the inside'])(
    'is logged, and the response is INTERNAL without its message: %s',
    async (thrown) => {
      const { lines, logger } = recorder();
      const loms: Partial<Loms> = Object.assign(new MemoryLoms(), { getStock: () => Promise.reject(thrown) });
      const { port } = await start({ loms, logger });
      const response = await fetch(`http://127.0.0.1:${port}/stock/info/1`);
      const text = await response.text();
      expect(response.status).toBe(500);
      expect(JSON.parse(text)).toMatchObject({ code: 13, details: [{ reason: 'INTERNAL' }, requestInfo] });
      expect(text).not.toContain('secret');
      expect(lines.join()).toContain('secret of the inside');
      if (thrown instanceof Error) expect(lines.join()).toContain('the cause');
    },
  );
});

describe('bodies over a real connection', () => {
  test('a chunked body is read digit for digit', async () => {
    const { port } = await start();
    const { socket, until } = await rawConnection(port);
    socket.write(`${postHead}Transfer-Encoding: chunked\r\n\r\n${chunk(order.slice(0, 20))}`);
    socket.write(`${chunk(order.slice(20))}0\r\n\r\n`);
    await until(/"orderID":1/);
    socket.write('GET /order/info/1 HTTP/1.1\r\nHost: loms\r\n\r\n');
    expect(await until(/"items"/)).toContain('"user":9007199254740993');
  });

  test('a body beyond the limit is refused, and its rest is read before the connection ends', async () => {
    const { port } = await start();
    const { socket, until, closed } = await rawConnection(port);
    const errors: Error[] = [];
    socket.on('error', (error) => errors.push(error));
    const much = chunk('x'.repeat(REQUEST_MAX_BYTES / 2));
    socket.write(`${postHead}Transfer-Encoding: chunked\r\n\r\n${much}${much}${chunk('x')}`);
    expect(await until(/REQUEST_TOO_LARGE/)).toMatch(/^HTTP\/1.1 413 .*\r\nconnection: close\r\n/is);
    socket.write(`${much.repeat(64)}0\r\n\r\nGET /livez HTTP/1.1\r\nHost: loms\r\n\r\n`);
    expect(await closed).not.toContain('"alive":true');
    expect(errors).toEqual([]);
  });

  test('a body that has arrived as a whole keeps the connection, whatever the answer is', async () => {
    const { port } = await start();
    const { socket, until } = await rawConnection(port);
    const nope = 'POST /nope HTTP/1.1\r\nHost: loms\r\nContent-Length: 2\r\n\r\n{}';
    socket.write(`${nope}${nope.replace('/nope', '/order//pay')}GET /livez HTTP/1.1\r\nHost: loms\r\n\r\n`);
    expect(await until(/"alive":true/)).toMatch(/^HTTP\/1.1 404 .*HTTP\/1.1 400 .*HTTP\/1.1 200 /s);
  });

  test('a chunked body without an end is refused, and its connection is closed', async () => {
    const { port } = await start();
    const { socket, closed } = await rawConnection(port);
    socket.write(`${postHead}Transfer-Encoding: chunked\r\n\r\n`);
    const sending = setInterval(() => socket.write(chunk('x'.repeat(REQUEST_MAX_BYTES / 4))), 10);
    expect(await closed).toMatch(/^HTTP\/1.1 413 .*REQUEST_TOO_LARGE/s);
    clearInterval(sending);
  });

  test('a body whose Content-Length is too large is refused before it is sent', async () => {
    const { port } = await start();
    const { socket, until } = await rawConnection(port);
    socket.write(`${postHead}Content-Length: ${REQUEST_MAX_BYTES + 1}\r\n\r\n`);
    expect(await until(/REQUEST_TOO_LARGE/)).toMatch(/^HTTP\/1.1 413 .*\r\nconnection: close\r\n/is);
  });

  test('a client that sends its whole large body before it reads gets the refusal', async () => {
    const { port } = await start();
    const body = 'x'.repeat(8 * 1024 * 1024);
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`http://127.0.0.1:${port}/order/create`, { method: 'POST', headers, body });
    expect(response.status).toBe(413);
  });

  test('a client that disconnects during the body is not logged', async () => {
    const { lines, logger } = recorder();
    const server = await start({ logger });
    const { socket, closed } = await rawConnection(server.port);
    socket.write(`${postHead}Content-Length: 100\r\n\r\n{"user":1`);
    const other = await rawConnection(server.port);
    other.socket.write(`${postHead}Transfer-Encoding: chunked\r\n\r\n5\r\n{"us`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    other.socket.destroy();
    await Promise.all([closed, other.closed]);
    await server.stop(2_000);
    expect(lines).toEqual([]);
  });

  test('a request with an invalid host is refused with a normal error body', async () => {
    const { port } = await start();
    const { socket, until } = await rawConnection(port);
    socket.write('GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n');
    const received = await until(/\}\}?\]\}$/);
    expect(
      violations({ status: Number(received.slice(9, 12)), text: received.slice(received.indexOf('{')) }),
    ).toEqual(['']);
  });
});

/** Loms whose getStock waits for `open`; `started` resolves when it is called. */
function gatedLoms() {
  const loms = new MemoryLoms();
  let start = () => {};
  let open = () => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const getStock: Loms['getStock'] = async (sku, call) => {
    start();
    await gate;
    return MemoryLoms.prototype.getStock.call(loms, sku, call);
  };
  return { loms: Object.assign(loms, { getStock }), started, open };
}

describe('stop', () => {
  const request = 'GET /stock/info/1625903 HTTP/1.1\r\nHost: loms\r\n\r\n';

  test('finishes requests in flight and refuses new ones', async () => {
    const { loms, started, open } = gatedLoms();
    const server = await start({ loms });
    const kept = await rawConnection(server.port);
    const inFlight = await rawConnection(server.port);
    inFlight.socket.write(request);
    await started;
    const stopped = server.stop(10_000);

    kept.socket.write(request);
    const refused = await kept.closed;
    expect(refused).toMatch(/^HTTP\/1.1 503 .*SHUTTING_DOWN/s);
    expect(refused).toMatch(/\r\nretry-after: 1\r\n/i);
    expect(refused).toMatch(/\r\nconnection: close\r\n/i);
    await expect(rawConnection(server.port)).rejects.toThrow('ECONNREFUSED');

    expect(await receivedSoFar(inFlight)).toBe('');
    open();
    const response = await inFlight.closed;
    expect(response).toMatch(/^HTTP\/1.1 200 .*\{"count":10000\}$/s);
    expect(response).toMatch(/\r\nconnection: close\r\n/i);
    await stopped;
  });

  test('cuts off requests that do not finish in time', async () => {
    const { loms, started } = gatedLoms();
    const server = await start({ loms });
    const inFlight = await rawConnection(server.port);
    inFlight.socket.write(request);
    await started;
    const startMs = performance.now();
    await server.stop(100);
    expect(performance.now() - startMs).toBeGreaterThan(90);
    expect(await inFlight.closed).toBe('');
  });

  test('does not wait for idle connections', async () => {
    const server = await start();
    const silentOne = await rawConnection(server.port);
    const idle = await rawConnection(server.port);
    idle.socket.write(request);
    await idle.until(/"count"/);
    const startMs = performance.now();
    await Promise.all([server.stop(10_000), server.stop(10_000)]);
    expect(performance.now() - startMs).toBeLessThan(1_000);
    await Promise.all([silentOne.closed, idle.closed]);
  });
});

describe('startHttpServer', () => {
  test('throws with the address that is in use', async () => {
    const { port } = await start();
    await expect(startHttpServer(testApp(), { host: '127.0.0.1', port, logger: silent })).rejects.toThrow(
      `REST cannot listen on 127.0.0.1:${port}: the port is in use`,
    );
  });
});

describe('malformed HTTP', () => {
  const responseTo = async (bytes: string) => {
    const server = await start();
    const connection = await rawConnection(server.port);
    connection.socket.write(bytes);
    const [head = '', body = ''] = (await connection.closed).split('\r\n\r\n');
    expect(head).toMatch(/\r\ncache-control: no-store\r\n/i);
    expect(head).toMatch(/\r\nx-content-type-options: nosniff\r\n/i);
    expect(head).toMatch(/\r\ncross-origin-resource-policy: same-origin\r\n/i);
    expect(head).toMatch(/\r\nconnection: close/i);
    return { status: head.split('\r\n')[0], body: JSON.parse(body) };
  };

  test('is refused with a normal error body', async () => {
    const response = await responseTo('NONSENSE\r\n\r\n');
    expect(response.status).toBe('HTTP/1.1 400 Bad Request');
    expect(response.body).toMatchObject({
      code: 3,
      details: [{ reason: 'INVALID_REQUEST' }, {}, requestInfo],
    });
  });

  test('with headers beyond the limit is refused with a normal error body', async () => {
    const response = await responseTo(`GET /livez HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(response.status).toBe('HTTP/1.1 431 Request Header Fields Too Large');
    const message = 'the head of the request is larger than 16384 bytes';
    expect(response.body).toMatchObject({
      code: 8,
      message,
      details: [{ reason: 'REQUEST_TOO_LARGE' }, requestInfo],
    });
  });

  test('behind valid requests is refused after their responses', async () => {
    const { loms, started, open } = gatedLoms();
    const server = await start({ loms });
    const connection = await rawConnection(server.port);
    const valid = 'GET /stock/info/1625903 HTTP/1.1\r\nHost: loms\r\n\r\n';
    connection.socket.write(`${valid}${valid}NONSENSE\r\n\r\n`);
    await started;
    connection.socket.write('MORE NONSENSE\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await receivedSoFar(connection)).toBe('');
    open();
    const statuses = (await connection.closed).match(/HTTP\/1\.1 \d+/g);
    expect(statuses).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400']);
  });

  test('in the chunks of a body is refused at once', async () => {
    const response = await responseTo(`${postHead}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n`);
    expect(response.status).toBe('HTTP/1.1 400 Bad Request');
    expect(response.body).toMatchObject({
      code: 3,
      details: [{ reason: 'INVALID_REQUEST' }, {}, requestInfo],
    });
  });

  test.each([
    ['without a host in HTTP/1.1', 'GET /livez HTTP/1.1\r\n\r\n', 400],
    ['with an unknown expectation', `${postHead}Expect: more\r\nContent-Length: 0\r\n\r\n`, 417],
  ])('%s is refused with a normal error body', async (_title, bytes, status) => {
    const response = await responseTo(bytes);
    expect(response.status).toMatch(`HTTP/1.1 ${status} `);
    expect(response.body).toMatchObject({
      code: 3,
      details: [{ reason: 'INVALID_REQUEST' }, {}, requestInfo],
    });
  });

  test('a probe by HTTP/1.0 without a host is accepted', async () => {
    const server = await start();
    const connection = await rawConnection(server.port);
    connection.socket.write('GET /livez HTTP/1.0\r\n\r\n');
    expect(await connection.closed).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
