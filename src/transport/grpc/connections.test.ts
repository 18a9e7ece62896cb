/** Slow, silent and greedy clients over real connections: they are disconnected, and others are served. */
import { once } from 'node:events';
import { connect } from 'node:http2';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { rawCalls } from '../../../test/support/grpc-raw.ts';
import { ask, REQUEST_TIMEOUT_MS, raw, startTestServer } from '../../../test/support/grpc-server.ts';
import { framed } from '../../../test/support/grpc-session.ts';
import { manualClock } from '../../../test/support/manual-clock.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { rawConnection } from '../../../test/support/raw-http.ts';
import { accepted } from '../../domain/outcome.ts';
import { GetStockRequest, StockServiceService as stock } from '../../generated/proto/loms/stock/v1/stock.ts';
import { Deadlines } from '../../timing/deadlines.ts';
import { grpcLimits } from './server.ts';

const sku = 1625903;
const served = { reply: { count: 10_000n } };
const shortKeepalive = { 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_timeout_ms': 100 };

/** An HTTP/2 connection without a gRPC library, so that a test can misbehave on it. */
async function misbehave(port: number, settings = {}) {
  const socket = connectTcp(port, '127.0.0.1');
  const session = connect(`http://127.0.0.1:${port}`, { createConnection: () => socket, settings });
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  const closed = new Promise<void>((resolve) => session.once('close', resolve));
  await once(session, 'remoteSettings');
  return { session, closed };
}

const headers = (more: Record<string, string> = {}) => ({
  ':method': 'POST',
  ':path': stock.getStock.path,
  'content-type': 'application/grpc',
  te: 'trailers',
  ...more,
});

const request = framed(GetStockRequest.encode({ sku }).finish());

/** Deadlines on a clock that stands still until the test moves it. */
function stoppedClock(clock = manualClock()): Deadlines {
  return new Deadlines(clock.now, clock.setTimer);
}

test('when the port is full, the connection that is idle longest is closed for a new one', async () => {
  const { port } = await startTestServer({ limits: { connectionsMax: 2 } });
  const [idle, active] = [await rawCalls(port), await rawCalls(port)];
  const call = active.begin();
  call.stream.end(request);
  expect(await call.answer).toBe('OK');
  const idleClosed = new Promise((resolve) => idle.session.once('close', resolve));
  const late = (await rawCalls(port)).begin();
  await idleClosed;
  late.stream.end(request);
  expect(await late.answer).toBe('OK');
  expect(active.session.closed).toBe(false);
});

test('a connection with a running call is not closed; one with an incomplete call is', async () => {
  const loms = new MemoryLoms();
  const started = new Promise<void>((resolve) => {
    loms.getStock = () => {
      resolve();
      return new Promise(() => {});
    };
  });
  const { port } = await startTestServer({ loms, limits: { connectionsMax: 2 } });
  const [busy, idle] = [await rawCalls(port), await rawCalls(port)];
  busy.begin().stream.end(request);
  await started;
  idle.begin(request);
  const idleClosed = new Promise((resolve) => idle.session.once('close', resolve));
  const next = await rawCalls(port);
  await idleClosed;
  next.begin().stream.end(request);
  await new Promise((resolve) => next.session.ping(resolve));
  const refused = await rawConnection(port);
  expect(await refused.closed).toBe('');
  expect([busy.session.closed, next.session.closed]).toEqual([false, false]);
});

test('a peer has its share of the connections, and of the new ones in a second', async () => {
  const { port } = await startTestServer({
    shares: { peerMax: 2, peerPerSecond: 3 },
    deadlines: stoppedClock(),
  });
  const first = await rawCalls(port);
  const firstClosed = new Promise((resolve) => first.session.once('close', resolve));
  await rawCalls(port);
  await rawCalls(port);
  await firstClosed;
  const refused = await rawConnection(port);
  expect(await refused.closed).toBe('');
});

test('a port in use is an error with its address', async () => {
  const { port } = await startTestServer();
  await expect(startTestServer({ port })).rejects.toThrow(`gRPC cannot listen on 127.0.0.1:${port}`);
});

test('a silent client is disconnected', async () => {
  const { port } = await startTestServer({ connectionOptions: shortKeepalive });
  await (await rawConnection(port)).closed;
});

test('a client that stops reading is disconnected, and others are served meanwhile', async () => {
  const { port, client } = await startTestServer({ connectionOptions: shortKeepalive });
  // A relay between the two, because a Node.js session keeps reading even when its socket is paused.
  const toServer = connectTcp(port, '127.0.0.1');
  const relay = createServer((peer) => {
    peer
      .on('error', () => {})
      .pipe(toServer)
      .pipe(peer);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void relay.close());
  await once(relay, 'listening');
  const { session } = await misbehave((relay.address() as AddressInfo).port);
  toServer.unpipe().pause();
  for (let count = 0; count < 100; count++)
    session
      .request(headers())
      .on('error', () => {})
      .end(request);
  expect(await ask(client, stock.getStock, { sku })).toEqual(served);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const closed = once(
    toServer.on('error', () => {}),
    'close',
  );
  toServer.resume();
  await closed;
});

test('requests beyond the total size limit are refused at once, and accepted ones get a reply', async () => {
  const loms = new MemoryLoms();
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  loms.getStock = async () => {
    await gate;
    return accepted({ count: 7n });
  };
  const { client } = await startTestServer({ loms, limits: { requestsMaxBytes: 100 } });
  // An unknown field is ignored, but counts towards the size.
  const padding = Buffer.concat([Buffer.from([0x7a, 40]), Buffer.alloc(40)]);
  const large = Buffer.concat([GetStockRequest.encode({ sku }).finish(), padding]);
  const replies = [1, 2, 3].map(() => ask(client, raw(stock.getStock.path), large));
  expect(await Promise.race(replies)).toMatchObject({
    refused: { code: 8, details: [{ reason: 'QUEUE_FULL' }, { retryDelay: { seconds: 1n } }] },
  });
  open();
  const settled = await Promise.all(replies);
  expect(settled.filter((reply) => 'reply' in reply)).toHaveLength(2);
  expect(await ask(client, raw(stock.getStock.path), large)).toHaveProperty('reply');
});

test('a client with a closed flow-control window does not block others', async () => {
  const { port, client } = await startTestServer();
  const { session } = await misbehave(port, { initialWindowSize: 0 });
  for (let count = 0; count < 100; count++)
    session
      .request(headers())
      .on('error', () => {})
      .end(request);
  await once(session.request(headers()).end(request), 'response');
  expect(await ask(client, stock.getStock, { sku })).toEqual(served);
});

test('a call whose reply is not read is reset some time after its deadline', async () => {
  const clock = manualClock();
  const { port } = await startTestServer({ deadlines: stoppedClock(clock) });
  const { session } = await misbehave(port, { initialWindowSize: 0 });
  const unread = session.request(headers()).on('error', () => {});
  unread.end(request);
  await once(unread, 'response');
  clock.moveTo(REQUEST_TIMEOUT_MS + grpcLimits.unreadMs - 1);
  await new Promise((resolve) => session.ping(resolve));
  expect(unread.closed).toBe(false);
  const closed = once(unread, 'close');
  clock.moveTo(REQUEST_TIMEOUT_MS + grpcLimits.unreadMs);
  await closed;
  expect(unread.rstCode).toBe(8);
});

test('a stream whose refusal is not read is reset some time after it', async () => {
  const clock = manualClock();
  const { port } = await startTestServer({ deadlines: stoppedClock(clock) });
  const { session } = await misbehave(port, { initialWindowSize: 0 });
  const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const unread = session.request({ ...headers(), ':path': reflection }, { endStream: false });
  unread.on('error', () => {}).write(framed(Buffer.of(0x3a, 0)));
  await once(unread, 'response');
  clock.moveTo(REQUEST_TIMEOUT_MS);
  await new Promise((resolve) => session.ping(resolve));
  expect(unread.closed).toBe(false);
  const closed = once(unread, 'close');
  clock.moveTo(REQUEST_TIMEOUT_MS + grpcLimits.unreadMs);
  await closed;
});
