/** A wall clock that jumps while the service runs changes no deadline. */
import { afterEach, expect, test, vi } from 'vitest';
import { rawConnection } from '../support/raw-http.ts';
import { useService } from '../support/service.ts';

const HOUR_MS = 3_600_000;

const { service } = useService();

afterEach(() => {
  vi.useRealTimers();
});

/** Sends half of a create, and returns what resolves with the answer. */
async function sendHalf(timeoutSeconds: number) {
  const { socket, until } = await rawConnection(service.app.httpPort);
  const head = 'POST /order/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  socket.write(`${head}Content-Length: 50\r\nRequest-Timeout: ${timeoutSeconds}\r\n\r\n{"user":1,`);
  return async () => {
    const answer = await until(/^HTTP\/1.1 [45].*\}/s);
    socket.destroy();
    return answer;
  };
}

test.each([
  ['back', -HOUR_MS],
  ['ahead', HOUR_MS],
])('a wall clock that steps an hour %s, and again returns, changes no deadline', async (_where, stepMs) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const startMs = Date.now();
  const before = await sendHalf(0.5);
  vi.setSystemTime(startMs + stepMs);
  const during = await sendHalf(0.5);
  expect(await before()).toMatch(/^HTTP\/1.1 504 .*DEADLINE_EXCEEDED/s);
  vi.setSystemTime(startMs);
  const after = await sendHalf(0.2);
  expect(await during()).toMatch(/^HTTP\/1.1 504 .*DEADLINE_EXCEEDED/s);
  expect(await after()).toMatch(/^HTTP\/1.1 504 .*DEADLINE_EXCEEDED/s);
  const order = { user: 1n, items: [{ sku: 1625903, count: 1 }] };
  vi.setSystemTime(startMs + stepMs);
  for (const client of [service.rest, service.grpc]) {
    expect(await client.call('createOrder', order)).toHaveProperty('reply');
  }
});
