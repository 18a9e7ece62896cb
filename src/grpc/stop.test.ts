import { once } from 'node:events';
import { connect } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { ask, startTestServer } from '../../test/grpc-server.ts';
import { MemoryLoms } from '../../test/memory-loms.ts';
import { accepted, standing } from '../domain/errors.ts';
import { ErrorInfo } from '../generated/proto/google/rpc/error_details.ts';
import { Status } from '../generated/proto/google/rpc/status.ts';
import { GetStockRequest, StockServiceService as stock } from '../generated/proto/loms/stock/v1/stock.ts';
import { DETAILS_TRAILER } from './errors.ts';

const GRACE_MS = 5_000;
const sku = 1625903;

/** Loms whose stock takes a while: `begun` tells that it was asked, `finish` lets it answer. */
function slowLoms() {
  const loms = new MemoryLoms();
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const begun = new Promise<void>((resolve) => {
    loms.getStock = async () => {
      resolve();
      await finished;
      return accepted({ count: 7n });
    };
  });
  return { loms, begun, finish };
}

test('a stop waits for the calls that were accepted', async () => {
  const { loms, begun, finish } = slowLoms();
  const { client, stop } = await startTestServer({ loms });
  const answer = ask(client, stock.getStock, { sku });
  await begun;
  let stopped = false;
  const stopping = stop(GRACE_MS).then(() => {
    stopped = true;
  });
  await sleep(100);
  expect(stopped).toBe(false);
  finish();
  expect(await answer).toEqual({ reply: { count: 7n } });
  await stopping;
});

test('a stop cuts off what is not finished in time', async () => {
  const { loms, begun } = slowLoms();
  const { client, stop } = await startTestServer({ loms });
  const answer = ask(client, stock.getStock, { sku });
  await begun;
  await stop(50);
  expect(await answer).toHaveProperty('refused');
});

test('a stop with an idle connection is over at once', async () => {
  const { client, stop } = await startTestServer();
  await ask(client, stock.getStock, { sku });
  const before = performance.now();
  await stop(GRACE_MS);
  expect(performance.now() - before).toBeLessThan(GRACE_MS / 2);
});

test('nobody can call after a stop', async () => {
  const { client, stop } = await startTestServer();
  await stop(GRACE_MS);
  expect(await ask(client, stock.getStock, { sku })).toMatchObject({ refused: { code: 14 } });
});

/** Opens a call whose message is sent later, and makes sure that the server has seen it. */
async function openCall(address: string, path: string) {
  const session = connect(`http://${address}`);
  onTestFinished(() => session.destroy());
  await once(session, 'connect');
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const call = session.request(headers);
  await new Promise((resolve) => session.ping(resolve));
  return async (message: Uint8Array) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    call.end(Buffer.concat([prefix, message]));
    const [answer] = await once(call, 'response');
    return { headers: answer, body: await buffer(call) };
  };
}

test('a call that was opened before the stop and comes after it hears that we are shutting down', async () => {
  const loms = new MemoryLoms();
  const { address, stop } = await startTestServer({ loms });
  const send = await openCall(address, stock.getStock.path);
  const stopping = stop(GRACE_MS);
  const { headers } = await send(GetStockRequest.encode({ sku }).finish());
  const status = Status.decode(Buffer.from(headers[DETAILS_TRAILER], 'base64'));
  expect(status).toMatchObject({ code: 14, message: standing.shuttingDown.message });
  expect(ErrorInfo.decode(status.details[0]?.value ?? Buffer.alloc(0)).reason).toBe('SHUTTING_DOWN');
  expect(loms.deadlines).toEqual([]);
  await stopping;
});

test('a server that stops cannot be told to serve again', async () => {
  const { address, setServing, stop } = await startTestServer();
  setServing(true);
  const send = await openCall(address, '/grpc.health.v1.Health/Check');
  const stopping = stop(GRACE_MS);
  setServing(true);
  const { body } = await send(new Uint8Array());
  // HealthCheckResponse has `status` as its first field, and NOT_SERVING is 2.
  expect(body.subarray(5)).toEqual(Buffer.from([0x08, 0x02]));
  await stopping;
});
