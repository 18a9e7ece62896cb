/** The trailer that directs the automatic retries of client libraries. */
import { expect, onTestFinished, test } from 'vitest';
import { operations } from '../../../test/support/client.ts';
import { startTestServer } from '../../../test/support/grpc-server.ts';
import { framed, GrpcSession } from '../../../test/support/grpc-session.ts';
import { MemoryLoms } from '../../../test/support/memory-loms.ts';
import type { OperationName } from '../../domain/operations.ts';
import { type Refusal, refused } from '../../domain/outcome.ts';
import { fixedRefusals, insufficientStock } from '../../domain/refusals.ts';
import { OrderServiceService as orders } from '../../generated/proto/loms/order/v1/order.ts';
import { StockServiceService as stock } from '../../generated/proto/loms/stock/v1/stock.ts';
import { RETRY_TRAILER } from './errors.ts';

function exampleOf(
  name: 'adjustStock' | 'countStock' | 'listEvents' | 'listStockChanges',
): readonly [path: string, bytes: Buffer] {
  const { grpc, example } = operations[name];
  return [grpc.path, grpc.requestSerialize(example as never)];
}

const requests: Readonly<Record<OperationName, readonly [path: string, bytes: Buffer]>> = {
  createOrder: [
    orders.createOrder.path,
    orders.createOrder.requestSerialize({ user: 1n, items: [{ sku: 7, count: 1 }] }),
  ],
  getOrder: [orders.getOrder.path, orders.getOrder.requestSerialize({ orderId: 1n })],
  listOrders: [operations.listOrders.grpc.path, operations.listOrders.grpc.requestSerialize({})],
  payOrder: [orders.payOrder.path, orders.payOrder.requestSerialize({ orderId: 1n })],
  extendOrder: [
    orders.extendOrder.path,
    orders.extendOrder.requestSerialize({ orderId: 1n, reservationTtlSeconds: 60 }),
  ],
  cancelOrder: [orders.cancelOrder.path, orders.cancelOrder.requestSerialize({ orderId: 1n })],
  getStock: [stock.getStock.path, stock.getStock.requestSerialize({ sku: 7 })],
  batchGetStock: [stock.batchGetStock.path, stock.batchGetStock.requestSerialize({ skus: [7] })],
  listStocks: [operations.listStocks.grpc.path, operations.listStocks.grpc.requestSerialize({})],
  adjustStock: exampleOf('adjustStock'),
  countStock: exampleOf('countStock'),
  explainStock: [
    operations.explainStock.grpc.path,
    operations.explainStock.grpc.requestSerialize({ sku: 7 }),
  ],
  listStockMovements: [
    operations.listStockMovements.grpc.path,
    operations.listStockMovements.grpc.requestSerialize({ sku: 7 }),
  ],
  listEvents: exampleOf('listEvents'),
  listStockChanges: exampleOf('listStockChanges'),
};

/** Calls an operation that is refused, and returns the trailer. */
async function retryTrailer(operation: OperationName, refusal: Refusal, metadata = {}) {
  const loms = Object.assign(new MemoryLoms(), { [operation]: async () => refused(refusal) });
  const { port } = await startTestServer({ loms });
  const session = await GrpcSession.open(port);
  onTestFinished(() => session.close());
  const [path, bytes] = requests[operation];
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', ...metadata };
  const reply = await session.send({ headers, writes: [framed(bytes)] });
  expect(reply?.fields['grpc-status']).not.toBe('0');
  return reply?.fields[RETRY_TRAILER];
}

const key = { 'idempotency-key': 'a' };

test.each<[OperationName, object, string | undefined]>([
  ['createOrder', {}, '-1'],
  ['createOrder', key, undefined],
  ['adjustStock', {}, '-1'],
  ['adjustStock', key, undefined],
  ['countStock', {}, undefined],
  ['payOrder', {}, undefined],
  ['cancelOrder', {}, undefined],
])('an unknown outcome of %s with %j: %s', async (operation, metadata, trailer) => {
  expect(await retryTrailer(operation, fixedRefusals.outcomeUnknown, metadata)).toBe(trailer);
});

test('a create that failed for a bug must not be repeated: it may have been done', async () => {
  expect(await retryTrailer('createOrder', fixedRefusals.internal)).toBe('-1');
});

test.each<[string, Refusal, string | undefined]>([
  ...Object.values(fixedRefusals)
    .filter((refusal: Refusal) => !['OUTCOME_UNKNOWN', 'INTERNAL'].includes(refusal.reason))
    .map((refusal: Refusal): [string, Refusal, string | undefined] => [
      refusal.reason,
      refusal,
      refusal.detail?.type === 'RetryInfo' ? '1000' : undefined,
    ]),
  ['INSUFFICIENT_STOCK', insufficientStock(1n, []), undefined],
])('%s suggests the delay of its RetryInfo, if it has one', async (_reason, refusal, trailer) => {
  expect(await retryTrailer('createOrder', refusal)).toBe(trailer);
  expect(await retryTrailer('getOrder', refusal)).toBe(trailer);
});
