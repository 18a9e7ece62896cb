/** Incomplete calls: they time out, are bounded in number, and hold nothing afterwards. */
import zlib, { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { rawCalls } from '../../../test/support/grpc-raw.ts';
import { ask, startTestServer } from '../../../test/support/grpc-server.ts';
import { framed } from '../../../test/support/grpc-session.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import { refused } from '../../domain/outcome.ts';
import { fixedRefusals } from '../../domain/refusals.ts';
import { GetStockRequest, StockServiceService as stock } from '../../generated/proto/loms/stock/v1/stock.ts';

const sku = 1625903;
const request = framed(GetStockRequest.encode({ sku }).finish());
const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';

test.each<[string, Uint8Array | undefined, Record<string, string>]>([
  ['no message', undefined, {}],
  ['half a message', request.subarray(0, 6), {}],
  ['a message and no end', request, {}],
  [
    'a compressed message and no end',
    framed(gzipSync(Buffer.alloc(REQUEST_MAX_BYTES)), 1),
    { 'grpc-encoding': 'gzip' },
  ],
  ['no message to a health check', undefined, { ':path': '/grpc.health.v1.Health/Watch' }],
  ['an unended reflection stream', undefined, { ':path': reflection }],
])(
  'a client that sends %s gets DEADLINE_EXCEEDED after the request timeout',
  async (_title, bytes, headers) => {
    const authenticate = () => refused(fixedRefusals.credentialsMissing);
    const { port } = await startTestServer({ authenticate, requestTimeoutMs: 100 });
    const { begin } = await rawCalls(port);
    const { answer, closed } = begin(bytes, headers);
    expect(await answer).toBe('DEADLINE_EXCEEDED');
    await closed;
  },
);

test("a call's own deadline applies, with our details", async () => {
  const { port, client } = await startTestServer();
  const { begin } = await rawCalls(port);
  const slow = begin(request.subarray(0, 6), { 'grpc-timeout': '200m' });
  expect(await ask(client, stock.getStock, { sku })).toHaveProperty('reply');
  expect(await slow.answer).toBe('DEADLINE_EXCEEDED');
});

test('a request that ends after it was refused does not run', async () => {
  const loms = new MemoryLoms();
  const { port } = await startTestServer({ loms, requestTimeoutMs: 100 });
  const { session, begin } = await rawCalls(port);
  const late = begin(request);
  late.stream.on('response', () => late.stream.end());
  expect(await late.answer).toBe('DEADLINE_EXCEEDED');
  await new Promise((resolve) => session.ping(resolve));
  expect(loms.deadlines).toEqual([]);
});

test('beyond the limit the oldest incomplete call is refused, and complete ones are served', async () => {
  const { port, client } = await startTestServer({ limits: { pendingMax: 2 } });
  const { session, begin } = await rawCalls(port);
  const incomplete = [begin(), begin(request.subarray(0, 6))];
  await new Promise((resolve) => session.ping(resolve));
  expect(await ask(client, stock.getStock, { sku })).toHaveProperty('reply');
  expect(await incomplete[0]?.answer).toBe('QUEUE_FULL');
  await incomplete[0]?.closed;
  incomplete[1]?.stream.end(request.subarray(6));
  expect(await incomplete[1]?.answer).toBe('OK');
});

test('calls that ended, got a reply or were cancelled do not count towards the limit', async () => {
  const { port, client } = await startTestServer({ limits: { pendingMax: 2 } });
  const { session, begin } = await rawCalls(port);
  const incomplete = begin();
  for (let count = 0; count < 5; count++) {
    expect(await ask(client, stock.getStock, { sku })).toHaveProperty('reply');
    begin(request).stream.close(8);
    await begin(undefined, { ':path': '/nope' }).closed;
    await new Promise((resolve) => session.ping(resolve));
  }
  incomplete.stream.end(request);
  expect(await incomplete.answer).toBe('OK');
});

/** As many messages as fit into one frame of HTTP/2, each of which grows to the largest there may be. */
function growing(message: Uint8Array): { readonly count: number; readonly bytes: Buffer } {
  const one = framed(gzipSync(message), 1);
  const count = Math.floor(16_384 / one.length);
  return { count, bytes: Buffer.concat(Array.from({ length: count }, () => one)) };
}

/** The messages that were decompressed. */
function decompressions() {
  const spy = vi.spyOn(zlib, 'createGunzip');
  onTestFinished(() => spy.mockRestore());
  return spy;
}

test.each([stock.getStock.path, '/grpc.health.v1.Health/Watch'])(
  'of many compressed messages to %s, which takes one, one is decompressed',
  async (path) => {
    const { port } = await startTestServer();
    const { count, bytes } = growing(Buffer.alloc(REQUEST_MAX_BYTES));
    expect(count).toBeGreaterThan(50);
    const { begin } = await rawCalls(port);
    const started = decompressions();
    const call = begin(bytes, { ':path': path, 'grpc-encoding': 'gzip' });
    expect(await call.answer).toBe('INVALID_REQUEST');
    call.stream.end();
    await call.closed;
    expect(started).toHaveBeenCalledTimes(1);
  },
);

test('the compressed messages of a stream are decompressed one at a time, and all of them are', async () => {
  const { port } = await startTestServer();
  // A symbol that nothing has, as a field of ServerReflectionRequest.
  const { count, bytes } = growing(Buffer.concat([Buffer.of(0x22, 100), Buffer.alloc(100, 'x')]));
  const { begin } = await rawCalls(port);
  const started = decompressions();
  let [open, most] = [0, 0];
  started.mockImplementation((options) => {
    most = Math.max(most, ++open);
    return new zlib.Gunzip(options).once('close', () => open--);
  });
  const call = begin(bytes, { ':path': reflection, 'grpc-encoding': 'gzip' });
  call.stream.end();
  expect(await call.answer).toBe('OK');
  expect(started).toHaveBeenCalledTimes(count);
  expect(most).toBe(1);
});
