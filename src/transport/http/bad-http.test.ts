/** The response to malformed HTTP, and the end of its connection. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { answerBadHttp } from './bad-http.ts';
import { LINGER_MS } from './reply.ts';

test('a client that gets the response and goes on sending is disconnected all the same', async () => {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const [socket] = (await once(server, 'connection')) as [Socket];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  answerBadHttp(new Error('bad'), socket);
  const [response] = (await once(client, 'data')) as [Buffer];
  expect(response.toString()).toMatch(/^HTTP\/1\.1 400 /);
  client.write('x');
  await once(socket, 'data');
  vi.advanceTimersByTime(LINGER_MS - 1);
  expect(socket.destroyed).toBe(false);
  client.write('x');
  await once(socket, 'data');
  vi.advanceTimersByTime(1);
  expect(socket.destroyed).toBe(true);
  await once(socket, 'close');
  expect(vi.getTimerCount()).toBe(0);
});
