/** Calls while the server stops. */
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

/** Loms with a slow getStock: `started` resolves when it is called, and `finish` lets it reply. */
function slowLoms() {
  const loms = new MemoryLoms();
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const started = new Promise<void>((resolve) => {
    loms.getStock = async () => {
      resolve();
      await finished;
      return accepted({ count: 7n });
    };
  });
  return { loms, started, finish };
}

test('a stop waits for accepted calls', async () => {
  const { loms, started, finish } = slowLoms();
  const { client, stop } = await startTestServer({ loms });
  const reply = ask(client, stock.getStock, { sku });
  await started;
  let stopped = false;
  const stopping = stop(GRACE_MS).then(() => {
    stopped = true;
  });
  await sleep(100);
  expect(stopped).toBe(false);
  finish();
  expect(await reply).toEqual({ reply: { count: 7n } });
  await stopping;
});

test('a stop cuts off calls that do not finish within the grace period', async () => {
  const { loms, started } = slowLoms();
  const { client, stop } = await startTestServer({ loms });
  const reply = ask(client, stock.getStock, { sku });
  await started;
  await stop(50);
  expect(await reply).toHaveProperty('refused');
});

test('a stop does not wait for idle connections', async () => {
  const { client, stop } = await startTestServer();
  await ask(client, stock.getStock, { sku });
  const before = performance.now();
  await stop(GRACE_MS);
  expect(performance.now() - before).toBeLessThan(GRACE_MS / 2);
});

test('a call after a stop is refused', async () => {
  const { client, stop } = await startTestServer();
  await stop(GRACE_MS);
  expect(await ask(client, stock.getStock, { sku })).toMatchObject({ refused: { code: 14 } });
});

test('a stop refuses incomplete calls with SHUTTING_DOWN and does not wait for them', async () => {
  const loms = new MemoryLoms();
  const { port, stop } = await startTestServer({ loms });
  const { session, begin } = await rawCalls(port);
  const [silent, halfway, unended] = [begin(), begin(request.subarray(0, 6)), begin(request)];
  await new Promise((resolve) => session.ping(resolve));
  const stopping = stop(GRACE_MS);
  for (const call of [silent, halfway, unended]) expect(await call.answer).toBe('SHUTTING_DOWN');
  // The end of the request arrives too late.
  unended.stream.end();
  await stopping;
  expect(loms.deadlines).toEqual([]);
});
