/** What becomes of calls when the server is stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { rawCalls } from '../../../test/support/grpc-raw.ts';
import { ask, startTestServer } from '../../../test/support/grpc-server.ts';
import { framed } from '../../../test/support/grpc-session.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import { accepted } from '../../domain/outcome.ts';
import { GetStockRequest, StockServiceService as stock } from '../../generated/proto/loms/stock/v1/stock.ts';

const GRACE_MS = 5_000;
const sku = 1625903;
const request = framed(GetStockRequest.encode({ sku }).finish());

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

test('a call whose request is not whole yet is not waited for, and hears that we are shutting down', async () => {
  const loms = new MemoryLoms();
  const { port, stop } = await startTestServer({ loms });
  const { session, begin } = await rawCalls(port);
  const [silent, halfway, unended] = [begin(), begin(request.subarray(0, 6)), begin(request)];
  await new Promise((resolve) => session.ping(resolve));
  const stopping = stop(GRACE_MS);
  for (const call of [silent, halfway, unended]) expect(await call.answer).toBe('SHUTTING_DOWN');
  // What comes after that comes too late.
  unended.stream.end();
  await stopping;
  expect(loms.deadlines).toEqual([]);
});
