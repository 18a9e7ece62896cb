/** The relay does to connections what it says. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Relay, startRelay } from './relay.ts';

let server: Server;
let relay: Relay;
let accepted: Socket[] = [];

beforeEach(async () => {
  // It sends back what it hears.
  server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  relay = await startRelay((server.address() as AddressInfo).port);
});

afterEach(() => {
  relay.close();
  server.close();
  for (const socket of accepted) socket.destroy();
  accepted = [];
});

async function open() {
  const socket = connect({ port: relay.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  let text = '';
  let error = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    error = cause.code ?? '';
  });
  return { socket, heard: () => text, error: () => error };
}

const long = 'abcdefghij'.repeat(2_000);

test('what is sent arrives, also in single bytes and late, complete and in its order', async () => {
  const { socket, heard } = await open();
  relay.sliced = true;
  socket.write(long);
  await expect.poll(heard).toBe(long);
  relay.sliced = false;
  relay.delayMs = 40;
  const sentMs = performance.now();
  socket.write('late');
  relay.delayMs = 50;
  await expect.poll(heard, { interval: 5 }).toBe(`${long}late`);
  expect(performance.now() - sentMs).toBeGreaterThan(35);
});

test('while it is silent nothing passes, not even an end; afterwards everything does', async () => {
  const { socket, heard } = await open();
  socket.write('one');
  await expect.poll(heard).toBe('one');
  relay.silent = true;
  const late = await open();
  late.socket.write('three');
  socket.end('two');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect([heard(), late.heard(), accepted.length]).toEqual(['one', '', 1]);
  const [first] = accepted;
  let received = '';
  first?.on('data', (chunk) => {
    received += chunk;
  });
  relay.silent = false;
  await expect.poll(() => received).toBe('two');
  await expect.poll(late.heard).toBe('three');
  await expect.poll(() => first?.closed).toBe(true);
});

test('a reset cuts both ends', async () => {
  const { socket, heard, error } = await open();
  socket.write('one');
  await expect.poll(heard).toBe('one');
  relay.reset();
  await expect.poll(error).toBe('ECONNRESET');
  await expect.poll(() => accepted[0]?.destroyed).toBe(true);
});

test('half open: the server is gone and the client is not told', async () => {
  const { socket, heard, error } = await open();
  socket.write('one');
  await expect.poll(heard).toBe('one');
  relay.halfOpen();
  await expect.poll(() => accepted[0]?.destroyed).toBe(true);
  socket.write('two');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect([heard(), error(), socket.destroyed]).toEqual(['one', '', false]);
  socket.destroy();
});
