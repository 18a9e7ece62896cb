/** The response to malformed HTTP, and the end of its connection. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { answerBadHttp } from './bad-http.ts';

test('a client that gets the response but keeps its connection open is disconnected', async () => {
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
  const setTimer = vi.spyOn(socket, 'setTimeout').mockReturnThis();
  answerBadHttp(new Error('bad'), socket);
  const [response] = (await once(client, 'data')) as [Buffer];
  expect(response.toString()).toMatch(/^HTTP\/1\.1 400 /);
  const [[limitMs, onTimeout] = []] = setTimer.mock.calls;
  expect(limitMs).toBeGreaterThan(0);
  onTimeout?.();
  await once(socket.resume(), 'close');
});
