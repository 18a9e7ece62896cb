/** What the relay does to connections. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Relay, startRelay } from './relay.ts';

let server: Server;
let relay: Relay;
let accepted: Socket[] = [];

beforeEach(async () => {
  // An echo server.
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
  return { socket, received: () => text, error: () => error };
}

const long = 'abcdefghij'.repeat(2_000);

test('bytes arrive complete and in order, also sliced and delayed', async () => {
  const { socket, received } = await open();
  relay.sliced = true;
  socket.write(long);
  await expect.poll(received, { timeout: 10_000 }).toBe(long);
  relay.sliced = false;
  relay.delayMs = 40;
  const sentMs = performance.now();
  socket.write('late');
  relay.delayMs = 50;
  await expect.poll(received, { interval: 5, timeout: 10_000 }).toBe(`${long}late`);
  expect(performance.now() - sentMs).toBeGreaterThan(35);
});

test('while it is silent nothing passes, not even an end; afterwards everything does', async () => {
  const { socket, received } = await open();
  socket.write('one');
  await expect.poll(received).toBe('one');
  relay.silent = true;
  const late = await open();
  late.socket.write('three');
  socket.end('two');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect([received(), late.received(), accepted.length]).toEqual(['one', '', 1]);
  const [first] = accepted;
  let atServer = '';
  first?.on('data', (chunk) => {
    atServer += chunk;
  });
  relay.silent = false;
  await expect.poll(() => atServer).toBe('two');
  await expect.poll(late.received).toBe('three');
  await expect.poll(() => first?.closed).toBe(true);
});

test('a reset cuts both ends', async () => {
  const { socket, received, error } = await open();
  socket.write('one');
  await expect.poll(received).toBe('one');
  relay.reset();
  await expect.poll(error).toBe('ECONNRESET');
  await expect.poll(() => accepted[0]?.destroyed).toBe(true);
});

test('half open: the server end is cut and the client does not notice', async () => {
  const { socket, received, error } = await open();
  socket.write('one');
  await expect.poll(received).toBe('one');
  relay.halfOpen();
  await expect.poll(() => accepted[0]?.destroyed).toBe(true);
  socket.write('two');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect([received(), error(), socket.destroyed]).toEqual(['one', '', false]);
  socket.destroy();
});

test('while it holds new connections they wait and are counted; open ones go on', async () => {
  const { socket, received } = await open();
  socket.write('one');
  await expect.poll(received).toBe('one');
  relay.holding = true;
  const late = await open();
  late.socket.write('two');
  await expect.poll(() => relay.waiting).toBe(1);
  socket.write(' more');
  await expect.poll(received).toBe('one more');
  expect([late.received(), accepted.length]).toEqual(['', 1]);
  relay.holding = false;
  await expect.poll(late.received).toBe('two');
  expect(relay.waiting).toBe(0);
});
