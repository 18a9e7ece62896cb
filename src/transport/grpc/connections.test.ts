/**
 * Slow, silent and greedy callers, over real connections: others are served meanwhile, and these are cut off.
 */
import { once } from 'node:events';
import { connect } from 'node:http2';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ask, raw, startTestServer } from '../../../test/support/grpc-server.ts';
import { framed } from '../../../test/support/grpc-session.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { rawConnection } from '../../../test/support/raw-http.ts';
import { accepted } from '../../domain/outcome.ts';
import { GetStockRequest, StockServiceService as stock } from '../../generated/proto/loms/stock/v1/stock.ts';

const sku = 1625903;
const served = { reply: { count: 10_000n } };
const impatient = { 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_timeout_ms': 100 };

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

test('connections past their number are closed at once, and those within are served', async () => {
  const { port, client } = await startTestServer({ limits: { connectionsMax: 1 } });
  expect(await ask(client, stock.getStock, { sku })).toEqual(served);
  const refused = await rawConnection(port);
  expect(await refused.closed).toBe('');
  expect(await ask(client, stock.getStock, { sku })).toEqual(served);
});

test('a port in use is an error that names it', async () => {
  const { port } = await startTestServer();
  await expect(startTestServer({ port })).rejects.toThrow(`gRPC cannot listen on 127.0.0.1:${port}`);
});

test('a caller who says nothing is cut off', async () => {
  const { port } = await startTestServer({ connectionOptions: impatient });
  await (await rawConnection(port)).closed;
});

test('a caller who stops to read is cut off, and others are served meanwhile', async () => {
  const { port, client } = await startTestServer({ connectionOptions: impatient });
  // Between the two, because a session of Node.js reads on whatever one says to its socket.
  const toServer = connectTcp(port, '127.0.0.1');
  const relay = createServer((caller) => {
    caller
      .on('error', () => {})
      .pipe(toServer)
      .pipe(caller);
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

test('requests that are too large in sum are refused at once, and what was taken is answered', async () => {
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
  // A field that the contract does not know is passed over, and weighs all the same.
  const padding = Buffer.concat([Buffer.from([0x7a, 40]), Buffer.alloc(40)]);
  const large = Buffer.concat([GetStockRequest.encode({ sku }).finish(), padding]);
  const answers = [1, 2, 3].map(() => ask(client, raw(stock.getStock.path), large));
  expect(await Promise.race(answers)).toMatchObject({
    refused: { code: 8, details: [{ reason: 'QUEUE_FULL' }, { retryDelay: { seconds: 1n } }] },
  });
  open();
  const settled = await Promise.all(answers);
  expect(settled.filter((answer) => 'reply' in answer)).toHaveLength(2);
  expect(await ask(client, raw(stock.getStock.path), large)).toHaveProperty('reply');
});

test('a caller who lets no answer through holds up nobody else', async () => {
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

test('streams that are opened and reset without end cost the caller the connection', async () => {
  const { port, client } = await startTestServer();
  const { session, closed } = await misbehave(port);
  const flood = setInterval(() => {
    for (let count = 0; count < 500 && !session.destroyed; count++) {
      session
        .request(headers())
        .on('error', () => {})
        .close(8);
    }
  }, 1);
  await closed;
  clearInterval(flood);
  expect(await ask(client, stock.getStock, { sku })).toEqual(served);
});
