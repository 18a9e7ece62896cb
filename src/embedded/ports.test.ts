/** How a taken port is told of, or waited for. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { freePorts } from '../../test/support/ports.ts';
import { requireFreePort } from './ports.ts';

const logger = pino({ level: 'silent' });

test('a port that a server listens on is named together with its variable', async () => {
  const [port = 0] = await freePorts(1);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  await expect(requireFreePort(port, 'SOME_PORT', logger)).rejects.toThrow(
    `port ${port} on 127.0.0.1 is in use: set SOME_PORT to another port`,
  );
  server.close();
  await once(server, 'close');
  await requireFreePort(port, 'SOME_PORT', logger);
});

test('a port that is the near end of an outgoing connection is waited for', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const near = connect(address.port, '127.0.0.1');
  const [[far]] = await Promise.all([once(server, 'connection'), once(near, 'connect')]);

  let isFree = false;
  const waiting = requireFreePort(near.localPort ?? 0, 'SOME_PORT', logger).then(() => {
    isFree = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(isFree).toBe(false);
  // A reset leaves nothing behind that the system would keep the port for.
  near.resetAndDestroy();
  far.destroy();
  await waiting;
  server.close();
});
