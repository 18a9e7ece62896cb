/** The early check of the ports. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { assertFree } from './ports.ts';

const host = '127.0.0.1';

test('a port in use is named with its variable, and is free again after its server has closed', async () => {
  const server = createServer().listen(0, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(assertFree('HTTP_PORT', { host, port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
    message: `port ${port} on 127.0.0.1 is in use: set HTTP_PORT to another port`,
  });
  server.close();
  await once(server, 'close');
  await assertFree('HTTP_PORT', { host, port });
  // Checked twice: the check leaves nothing behind.
  await assertFree('HTTP_PORT', { host, port });
});

test('any port is free, and another mistake is left to the server', async () => {
  await assertFree('HTTP_PORT', { host, port: 0 });
  await assertFree('HTTP_PORT', { host: '192.0.2.1', port: 0 });
});
