/** Calls that are begun and not ended: they are answered in time, are few, and hold nothing after that. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
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
  ['no end of its questions about the contracts', undefined, { ':path': reflection }],
])('a caller who sends %s is answered when we give requests up', async (_title, bytes, headers) => {
  const authenticate = () => refused(fixedRefusals.credentialsMissing);
  const { port } = await startTestServer({ authenticate, requestTimeoutMs: 100 });
  const { begin } = await rawCalls(port);
  const { answer, closed } = begin(bytes, headers);
  expect(await answer).toBe('DEADLINE_EXCEEDED');
  await closed;
});

test('a deadline of its own is kept, with our details', async () => {
  const { port, client } = await startTestServer();
  const { begin } = await rawCalls(port);
  const slow = begin(request.subarray(0, 6), { 'grpc-timeout': '200m' });
  expect(await ask(client, stock.getStock, { sku })).toHaveProperty('reply');
  expect(await slow.answer).toBe('DEADLINE_EXCEEDED');
});

test('a request that ends after its refusal is not run', async () => {
  const loms = new MemoryLoms();
  const { port } = await startTestServer({ loms, requestTimeoutMs: 100 });
  const { session, begin } = await rawCalls(port);
  const late = begin(request);
  late.stream.on('response', () => late.stream.end());
  expect(await late.answer).toBe('DEADLINE_EXCEEDED');
  await new Promise((resolve) => session.ping(resolve));
  expect(loms.deadlines).toEqual([]);
});

test('past their number the one that lingers longest is refused, and whoever sends all is served', async () => {
  const { port, client } = await startTestServer({ limits: { pendingMax: 2 } });
  const { session, begin } = await rawCalls(port);
  const lingering = [begin(), begin(request.subarray(0, 6))];
  await new Promise((resolve) => session.ping(resolve));
  expect(await ask(client, stock.getStock, { sku })).toHaveProperty('reply');
  expect(await lingering[0]?.answer).toBe('QUEUE_FULL');
  await lingering[0]?.closed;
  lingering[1]?.stream.end(request.subarray(6));
  expect(await lingering[1]?.answer).toBe('OK');
});

test('calls that were ended, answered or given up by their callers are not counted', async () => {
  const { port, client } = await startTestServer({ limits: { pendingMax: 2 } });
  const { session, begin } = await rawCalls(port);
  const lingering = begin();
  for (let count = 0; count < 5; count++) {
    expect(await ask(client, stock.getStock, { sku })).toHaveProperty('reply');
    begin(request).stream.close(8);
    await begin(undefined, { ':path': '/nope' }).closed;
    await new Promise((resolve) => session.ping(resolve));
  }
  lingering.stream.end(request);
  expect(await lingering.answer).toBe('OK');
});
