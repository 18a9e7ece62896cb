import { describe, expect, test } from 'vitest';
import { NOW_MS, REQUEST_TIMEOUT_MS, silent, testApp, violations } from '../../test/http-app.ts';
import { MemoryLoms } from '../../test/memory-loms.ts';
import { rawConnection } from '../../test/raw-http.ts';
import type { Call } from '../domain/loms.ts';
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
  expect(call.gone?.()).toBe(false);
  socket.destroy();
  await closed;
  await expect.poll(() => call.gone?.()).toBe(true);
  await server.stop(0);
});
