/** What is refused or ended before grpc-js spends anything on it: over real HTTP/2 connections. */
import { createServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { block, flags, frame, PREFACE, readFrames, types } from '../../../test/support/frames.ts';
import { rawCalls } from '../../../test/support/grpc-raw.ts';
import { ask, REQUEST_TIMEOUT_MS, startTestServer } from '../../../test/support/grpc-server.ts';
import { framed, GrpcSession } from '../../../test/support/grpc-session.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { GetStockRequest, StockServiceService as stock } from '../../generated/proto/loms/stock/v1/stock.ts';
import { monotonicMs } from '../../timing/clock.ts';
import { Deadlines, type Pending } from '../../timing/deadlines.ts';
import { grpcLimits } from './server.ts';
import { streamFilter } from './streams.ts';

const sku = 1625903;
const path = stock.getStock.path;
const request = framed(GetStockRequest.encode({ sku }).finish());

/** Counts the calls that grpc-js has got: each waits for the rest of its request. */
class CountingDeadlines extends Deadlines {
  calls = 0;
  readonly #known = new WeakSet<Pending>();

  override add(pending: Pending): void {
    // A call is added once more when its request is complete.
    if ('isStream' in pending && !this.#known.has(pending)) this.calls++;
    this.#known.add(pending);
    super.add(pending);
  }
}

test.each([
  ['application/grpc', '200'],
  ['application/grpc+proto', '200'],
  ['application/grpc; charset=utf-8', '200'],
  ['Application/gRPC', '415'],
  ['application/grpc-web', '415'],
  ['application/grpc-web+proto', '415'],
  ['application/grpc-web-text', '415'],
  ['application/grpc+json', '415'],
  ['application/grpcx', '415'],
  ['application/connect+proto', '415'],
  ['application/json', '415'],
  ['', '415'],
  [undefined, '415'],
])('the content type %s gets the HTTP status %s, and runs only with 200', async (type, status) => {
  const loms = new MemoryLoms();
  const { port } = await startTestServer({ loms });
  const session = await GrpcSession.open(port);
  onTestFinished(() => session.close());
  const named = type === undefined ? {} : { 'content-type': type };
  const reply = await session.send({
    headers: { ':method': 'POST', ':path': path, ...named },
    writes: [request],
  });
  expect(String(reply?.fields[':status'])).toBe(status);
  expect(loms.deadlines).toHaveLength(status === '200' ? 1 : 0);
});

test.each(['GET', 'HEAD', 'PUT', 'OPTIONS'])(
  '%s gets the HTTP status 405 and does not run',
  async (method) => {
    const loms = new MemoryLoms();
    const { port } = await startTestServer({ loms });
    const session = await GrpcSession.open(port);
    onTestFinished(() => session.close());
    const headers = { ':method': method, ':path': path, 'content-type': 'application/grpc' };
    const reply = await session.send({ headers, writes: method === 'HEAD' ? [] : [request] });
    expect(reply?.fields).toMatchObject({ ':status': 405, allow: 'POST' });
    expect(loms.deadlines).toEqual([]);
  },
);

test.each(['99999999H', '597H', '1194H', '71583M', '2147484S', '4294968S'])(
  'a timeout of %s is longer than a timer can be, and is not cut',
  async (timeout) => {
    const loms = new MemoryLoms();
    const { port } = await startTestServer({ loms });
    const { begin } = await rawCalls(port);
    const beforeMs = monotonicMs();
    const call = begin(request, { 'grpc-timeout': timeout });
    call.stream.end();
    expect(await call.answer).toBe('OK');
    expect(loms.deadlines[0]).toBeGreaterThanOrEqual(beforeMs + REQUEST_TIMEOUT_MS);
  },
);

test.each(['100000000H', '1.5S', '1S1S', '1 S', 'S', ''])(
  'a timeout of "%s" is malformed',
  async (timeout) => {
    const { port } = await startTestServer();
    const { begin } = await rawCalls(port);
    expect(await begin(request, { 'grpc-timeout': timeout }).answer).toBe('INVALID_REQUEST');
  },
);

const CANCEL = Buffer.of(0, 0, 0, 8);
const ENHANCE_YOUR_CALM = Buffer.of(0, 0, 0, 11);
const fields = block([
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', path],
  [':authority', 'loms'],
  ['content-type', 'application/grpc'],
]);

/** Complete calls of GetStock, and the reset of each if `isReset`, in the bytes of one write. */
function burst(calls: number, isReset: boolean): Buffer {
  const streams = Array.from({ length: calls }, (_, index) => 2 * index + 1);
  const frames = streams.flatMap((stream) => [
    frame(types.headers, flags.endHeaders, stream, fields),
    frame(types.data, flags.endStream, stream, request),
    ...(isReset ? [frame(types.reset, 0, stream, CANCEL)] : []),
  ]);
  return Buffer.concat([PREFACE, ...frames]);
}

/** Writes bytes on a connection of its own. Returns the codes of its GOAWAY frames at its end. */
function codesOfEnd(port: number, bytes: Buffer): Promise<Buffer[]> {
  const codes: Buffer[] = [];
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  const onFrame = (type: number, _flag: number, _stream: number, payload: Buffer) => {
    if (type === types.goAway) codes.push(payload.subarray(4, 8));
  };
  socket.on('data', readFrames({ onFrame })).on('error', () => socket.destroy());
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve) => socket.once('close', () => resolve(codes)));
}

test('bursts of resets end their connections, and few of their calls are handled', async () => {
  const deadlines = new CountingDeadlines();
  const { port, client } = await startTestServer({ deadlines, limits: { resetsMax: 10 } });
  const ends = await Promise.all(Array.from({ length: 5 }, () => codesOfEnd(port, burst(900, true))));
  for (const codes of ends) expect(codes).toContainEqual(ENHANCE_YOUR_CALM);
  expect(deadlines.calls).toBeLessThanOrEqual(5 * 11);
  expect(await ask(client, stock.getStock, { sku })).toHaveProperty('reply');
});

test('resets with the code of success count too', async () => {
  const deadlines = new CountingDeadlines();
  const { port } = await startTestServer({ deadlines, limits: { resetsMax: 10 } });
  const { session, begin } = await rawCalls(port);
  const closed = new Promise((resolve) => session.once('close', resolve));
  for (let count = 0; count < 11; count++) begin(request).stream.close(0);
  await closed;
  expect(deadlines.calls).toBeLessThanOrEqual(11);
});

test('a connection that opens more calls at once than it may have open is ended', async () => {
  const deadlines = new CountingDeadlines();
  const { port } = await startTestServer({
    deadlines,
    limits: { turnPerConnectionMax: 20, resetsMax: 1_000 },
  });
  expect(await codesOfEnd(port, burst(400, true))).toContainEqual(ENHANCE_YOUR_CALM);
  expect(deadlines.calls).toBeLessThanOrEqual(20);
});

test('calls beyond those of a turn of the event loop never reach grpc-js, and later ones run', async () => {
  const deadlines = new CountingDeadlines();
  const { port, client } = await startTestServer({ deadlines, limits: { turnMax: 10 } });
  const { session, begin } = await rawCalls(port);
  const calls = Array.from({ length: 100 }, () => begin(request));
  for (const { stream } of calls) stream.end();
  const answers = await Promise.all(calls.map(({ answer }) => answer));
  const served = answers.filter((answer) => answer === 'OK').length;
  expect(served).toBe(deadlines.calls);
  expect(answers.filter((answer) => answer === 'QUEUE_FULL')).toHaveLength(100 - served);
  expect(served).toBeLessThan(100);
  expect(session.closed).toBe(false);
  expect(await ask(client, stock.getStock, { sku })).toHaveProperty('reply');
});

test('a connection that gets as many replies as it resets stays open', async () => {
  const { port } = await startTestServer({ limits: { resetsMax: 5 } });
  const { session, begin } = await rawCalls(port);
  for (let round = 0; round < 20; round++) {
    const cancelled = begin(request);
    await new Promise((resolve) => session.ping(resolve));
    cancelled.stream.close(8);
    await cancelled.closed;
    const call = begin();
    call.stream.end(request);
    expect(await call.answer).toBe('OK');
  }
  expect(session.closed).toBe(false);
});

test('replies are not saved up for later resets', async () => {
  const { port } = await startTestServer({ limits: { resetsMax: 5 } });
  const { session, begin } = await rawCalls(port);
  for (let round = 0; round < 20; round++) {
    const call = begin();
    call.stream.end(request);
    expect(await call.answer).toBe('OK');
  }
  const closed = new Promise((resolve) => session.once('close', resolve));
  for (let round = 0; round < 6; round++) begin(request).stream.close(8);
  await closed;
});

test('while too many calls are pending, a connection with its share is refused before grpc-js', async () => {
  const deadlines = new CountingDeadlines();
  const limits = { pendingMax: 3, pendingShareMax: 2 };
  const { port, client } = await startTestServer({ deadlines, limits, requestTimeoutMs: 60_000 });
  const [greedy, modest] = [await rawCalls(port), await rawCalls(port)];
  const held = [greedy.begin(), greedy.begin()];
  await new Promise((resolve) => greedy.session.ping(resolve));
  modest.begin();
  await new Promise((resolve) => modest.session.ping(resolve));
  expect(deadlines.calls).toBe(3);
  for (let count = 0; count < 10; count++) expect(await greedy.begin().answer).toBe('QUEUE_FULL');
  expect(deadlines.calls).toBe(3);
  // Others are served, in place of the oldest call.
  expect(await ask(client, stock.getStock, { sku })).toHaveProperty('reply');
  expect(await held[0]?.answer).toBe('QUEUE_FULL');
  held[1]?.stream.end(request);
  expect(await held[1]?.answer).toBe('OK');
});

test('a closed stream refers to nothing of its call, and calls every listener of its end', async () => {
  const server = createServer();
  const accept = streamFilter({ limits: grpcLimits, isFull: () => false, connectionOf: () => undefined });
  const called: string[] = [];
  const closed = new Promise<ServerHttp2Stream>((resolve) => {
    server.on('session', (accepted) => accepted.on('stream', accept(accepted)));
    server.on('stream', (stream) => {
      stream.once('close', () => called.push('once'));
      stream.on('close', () => called.push('on'));
      stream.on('close', () => setImmediate(resolve, stream));
      stream.respond({ ':status': 200 }, { endStream: true });
      stream.close();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const session = await GrpcSession.open(port);
  onTestFinished(() => session.close());
  await session.send({ headers: { ':method': 'POST', 'content-type': 'application/grpc' }, writes: [] });
  const stream = await closed;
  expect(called).toEqual(['once', 'on']);
  expect(stream.eventNames()).toEqual(['error']);
});
