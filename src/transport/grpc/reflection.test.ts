/** Server reflection, for clients without the contracts. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ReflectionV1Implementation } from '@grpc/reflection/build/src/implementations/reflection-v1.js';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { rawCalls } from '../../../test/support/grpc-raw.ts';
import { startTestServer } from '../../../test/support/grpc-server.ts';
import { framed } from '../../../test/support/grpc-session.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';

const buf = join(import.meta.dirname, '../../../node_modules/.bin/buf');

/** Runs `buf curl` in a folder without contracts, so that it has to get them from the server. */
async function bufCurl(...args: string[]): Promise<string> {
  const options = ['curl', '--http2-prior-knowledge', '--protocol', 'grpc'];
  const { stdout } = await promisify(execFile)(buf, [...options, ...args], { cwd: tmpdir() });
  return stdout;
}

describe.each(['grpc-v1', 'grpc-v1alpha'])('a client without the contracts, by %s', (version) => {
  const reflect = ['--reflect-protocol', version];

  test('lists the methods', async () => {
    const { address } = await startTestServer();
    const methods = await bufCurl(...reflect, '--list-methods', `http://${address}`);
    expect(methods.trim().split('\n')).toEqual([
      'grpc.health.v1.Health/Check',
      'grpc.health.v1.Health/List',
      'grpc.health.v1.Health/Watch',
      'loms.event.v1.EventService/ListEvents',
      'loms.event.v1.EventService/WatchEvents',
      'loms.order.v1.OrderService/CancelOrder',
      'loms.order.v1.OrderService/CreateOrder',
      'loms.order.v1.OrderService/ExtendOrder',
      'loms.order.v1.OrderService/GetOrder',
      'loms.order.v1.OrderService/ListOrders',
      'loms.order.v1.OrderService/PayOrder',
      'loms.stock.v1.StockService/AdjustStock',
      'loms.stock.v1.StockService/BatchGetStock',
      'loms.stock.v1.StockService/CountStock',
      'loms.stock.v1.StockService/ExplainStock',
      'loms.stock.v1.StockService/GetStock',
      'loms.stock.v1.StockService/ListStockChanges',
      'loms.stock.v1.StockService/ListStockMovements',
      'loms.stock.v1.StockService/ListStocks',
    ]);
  });

  test('calls a method with the JSON field names', async () => {
    const { address } = await startTestServer({ loms: new MemoryLoms(9007199254740993n) });
    const url = `http://${address}/loms.order.v1.OrderService`;
    const order = '{"user":"9007199254740993","items":[{"sku":1625903,"count":2}]}';
    const created = JSON.parse(await bufCurl(...reflect, '--data', order, `${url}/CreateOrder`));
    expect(created).toEqual({ orderID: '9007199254740993' });
    const request = JSON.stringify(created);
    expect(JSON.parse(await bufCurl(...reflect, '--data', request, `${url}/GetOrder`))).toEqual({
      status: 'awaiting payment',
      user: '9007199254740993',
      items: [{ sku: 1625903, count: 2 }],
      createdAt: '2026-11-26T12:00:00Z',
      updatedAt: '2026-11-26T12:00:00Z',
    });
  });
});

test.each([
  ['google.rpc.ErrorInfo', 'google/rpc/error_details.proto'],
  ['google.rpc.BadRequest', 'google/rpc/error_details.proto'],
  ['loms.order.v1.InsufficientStock', 'loms/order/v1/order.proto'],
  ['loms.stock.v1.StockChanged', 'loms/stock/v1/errors.proto'],
])('%s can be looked up, to decode error details', async (symbol, file) => {
  const { client } = await startTestServer();
  const identity = (bytes: Buffer) => bytes;
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const stream = client.makeBidiStreamRequest(path, identity, identity);
  // ServerReflectionRequest has `file_containing_symbol` as its fourth field.
  stream.write(Buffer.concat([Buffer.from([0x22, symbol.length]), Buffer.from(symbol)]));
  const [reply] = await once(stream, 'data');
  stream.end();
  expect(reply.toString('latin1')).toContain(file);
});

test('an open reflection stream does not delay the stop', async () => {
  const { client, stop } = await startTestServer();
  const identity = (bytes: Buffer) => bytes;
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const stream = client.makeBidiStreamRequest(path, identity, identity);
  stream.write(Buffer.from([0x3a, 0x00]));
  await once(stream, 'data');
  stream.resume();
  const before = performance.now();
  await stop(5_000);
  expect(performance.now() - before).toBeLessThan(2_500);
});

test('a client that reads no replies gets no more of them made, and all of them when it reads', async () => {
  const answer = vi.spyOn(ReflectionV1Implementation.prototype, 'handleServerReflectionRequest');
  onTestFinished(() => answer.mockRestore());
  const { port } = await startTestServer();
  const { session, begin } = await rawCalls(port);
  const symbol = 'loms.order.v1.OrderService';
  const request = framed(Buffer.concat([Buffer.of(0x22, symbol.length), Buffer.from(symbol)]));
  const asked = 400;
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const call = begin(Buffer.concat(Array.from({ length: asked }, () => request)), { ':path': path });
  call.stream.pause();
  call.stream.end();
  await expect.poll(() => answer.mock.calls.length).toBeGreaterThan(0);
  for (let count = 0; count < 5; count++) await new Promise((resolve) => session.ping(resolve));
  expect(answer.mock.calls.length).toBeLessThan(asked / 2);
  call.stream.resume();
  expect(await call.answer).toBe('OK');
  expect(answer).toHaveBeenCalledTimes(asked);
});

test('reflection can be switched off', async () => {
  const { address } = await startTestServer({ reflection: false });
  await expect(bufCurl('--list-methods', `http://${address}`)).rejects.toThrow('no such method');
});
