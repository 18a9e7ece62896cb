/** The gRPC server: operations, refusals, limits and faults. */
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { ask, REQUEST_TIMEOUT_MS, raw, startTestServer } from '../../../test/support/grpc-server.ts';
import { LINES_MAX } from '../../../test/support/limits.ts';
import { MemoryLoms, NOW } from '../../../test/support/memory-loms.ts';
import { timestampOf } from '../../domain/instant.ts';
import { REQUEST_MAX_BYTES } from '../../domain/limits.ts';
import { accepted, refused } from '../../domain/outcome.ts';
import { fixedRefusals, insufficientStock } from '../../domain/refusals.ts';
import { OrderServiceService as orders } from '../../generated/proto/loms/order/v1/order.ts';
import { StockServiceService as stock } from '../../generated/proto/loms/stock/v1/stock.ts';
import { monotonicMs } from '../../timing/clock.ts';

const LARGE = 9007199254740993n;
const info = 'type.googleapis.com/google.rpc.ErrorInfo';
const sku = 1625903;

describe('the five operations', () => {
  test('create, get, pay and cancel an order and get its stock, digit for digit', async () => {
    const { client } = await startTestServer({ loms: new MemoryLoms(LARGE) });
    const items = [
      { sku: 139275865, count: 1 },
      { sku, count: 2 },
    ];
    const orderId = LARGE;
    const [createdAt, updatedAt] = [timestampOf(NOW), timestampOf(NOW)];
    expect(await ask(client, orders.createOrder, { user: LARGE, items })).toEqual({ reply: { orderId } });
    expect(await ask(client, orders.getOrder, { orderId })).toEqual({
      reply: {
        ...{ status: 'awaiting payment', cancelReason: '', user: LARGE },
        ...{ items: items.toReversed(), createdAt, updatedAt },
      },
    });
    expect(await ask(client, stock.getStock, { sku })).toEqual({ reply: { count: 9_998n } });
    expect(await ask(client, orders.payOrder, { orderId })).toEqual({ reply: {} });
    expect(await ask(client, orders.cancelOrder, { orderId })).toEqual({
      refused: {
        code: 9,
        message: `order ${LARGE} is payed and cannot be cancelled`,
        details: [
          {
            type: info,
            reason: 'ORDER_NOT_CANCELLABLE',
            domain: 'loms',
            metadata: { orderID: String(LARGE), status: 'payed' },
          },
        ],
      },
    });
  });

  test('a cancelled order releases its stock', async () => {
    const { client } = await startTestServer();
    await ask(client, orders.createOrder, { user: 1n, items: [{ sku, count: 5 }] });
    expect(await ask(client, orders.cancelOrder, { orderId: 1n })).toEqual({ reply: {} });
    expect(await ask(client, stock.getStock, { sku })).toEqual({ reply: { count: 10_000n } });
  });

  test('every short line of the largest order reaches the client', async () => {
    const loms = new MemoryLoms();
    const shortages = Array.from({ length: LINES_MAX }, (_, i) => {
      return { sku: 4_294_960_000 + i, requested: 65_535, available: 65_534n, availableAt: NOW };
    });
    const sent = shortages.map((shortage) => ({ ...shortage, availableAt: timestampOf(NOW) }));
    loms.createOrder = async () => refused(insufficientStock(LARGE, shortages));
    const { client } = await startTestServer({ loms });
    expect(await ask(client, orders.createOrder, { user: 1n, items: [{ sku: 7, count: 1 }] })).toMatchObject({
      refused: {
        code: 9,
        details: [{ reason: 'INSUFFICIENT_STOCK' }, { orderId: LARGE, shortages: sent }],
      },
    });
  });
});

describe('an invalid request', () => {
  test('is refused with its invalid fields and never reaches the domain', async () => {
    const loms = new MemoryLoms();
    const { client } = await startTestServer({ loms });
    const request = { user: 1n, items: [{ sku: 1, count: 65_537 }] };
    expect(await ask(client, orders.createOrder, request)).toMatchObject({
      refused: {
        code: 3,
        message: 'invalid request: items[0].count',
        details: [
          { type: info, reason: 'INVALID_REQUEST', metadata: {} },
          {
            type: 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: 'items[0].count', description: expect.stringContaining('65535') }],
          },
        ],
      },
    });
    expect(loms.deadlines).toEqual([]);
  });

  test('is refused as malformed, not as an internal error, when its bytes are no message', async () => {
    const { client } = await startTestServer();
    expect(await ask(client, raw(orders.payOrder.path), Buffer.from('garbage'))).toMatchObject({
      refused: {
        code: 3,
        message: 'invalid request: request',
        details: [{}, { fieldViolations: [{ field: '' }] }],
      },
    });
  });

  test('is refused like over REST when it is too large', async () => {
    const { client } = await startTestServer();
    const largest = await ask(client, raw(orders.createOrder.path), Buffer.alloc(REQUEST_MAX_BYTES));
    expect(largest).toMatchObject({ refused: { code: 3 } });
    expect(
      await ask(client, raw(orders.createOrder.path), Buffer.alloc(REQUEST_MAX_BYTES + 1)),
    ).toMatchObject({
      refused: {
        code: 8,
        message: fixedRefusals.requestTooLarge.message,
        details: [{ reason: 'REQUEST_TOO_LARGE' }],
      },
    });
  });

  test('is unimplemented when its method does not exist', async () => {
    const { client } = await startTestServer();
    const method = raw('/loms.order.v1.OrderService/DeleteOrder');
    expect(await ask(client, method, Buffer.alloc(0))).toMatchObject({ refused: { code: 12 } });
  });
});

describe('a bug', () => {
  const secret = 'select * from passwords';

  test.each<[string, Partial<MemoryLoms>]>([
    ['an error', { getStock: async () => Promise.reject(new Error(secret)) }],
    ['a reply that cannot be encoded', { getStock: async () => accepted({ count: -1n }) }],
  ])('%s is logged with its cause, and the reply does not show the cause', async (_title, broken) => {
    const logged: string[] = [];
    const logger = pino({ level: 'error' }, { write: (text: string) => logged.push(text) });
    const { client } = await startTestServer({ loms: Object.assign(new MemoryLoms(), broken), logger });
    expect(await ask(client, stock.getStock, { sku })).toEqual({
      refused: {
        code: 13,
        message: 'internal error',
        details: [{ type: info, reason: 'INTERNAL', domain: 'loms', metadata: {} }],
      },
    });
    expect(logged).toHaveLength(1);
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({
      operation: 'getStock',
      err: { stack: expect.any(String) },
    });
  });
});

describe('the deadline of a call in the domain', () => {
  test.each([
    ['is the request timeout when the client sets none', Number.POSITIVE_INFINITY, REQUEST_TIMEOUT_MS],
    ['is the request timeout when the client sets a later one', 60_000, REQUEST_TIMEOUT_MS],
    ['is a little before the one of the client when that is earlier', 1_000, 950],
  ])('%s', async (_title, givenMs, expectedMs) => {
    const loms = new MemoryLoms();
    const { client } = await startTestServer({ loms });
    const before = monotonicMs();
    await ask(client, stock.getStock, { sku }, Date.now() + givenMs);
    const [deadline = 0] = loms.deadlines;
    expect(deadline - before).toBeGreaterThan(expectedMs - 50);
    expect(deadline - before).toBeLessThan(expectedMs + 500);
  });
});

test('a request whose authentication times out is refused and never runs', async () => {
  const loms = new MemoryLoms();
  const authenticate = () => new Promise<never>(() => {});
  const { client } = await startTestServer({ loms, authenticate });
  expect(await ask(client, stock.getStock, { sku }, Date.now() + 500)).toMatchObject({
    refused: {
      code: 4,
      message: fixedRefusals.deadlineExceeded.message,
      details: [{ reason: 'DEADLINE_EXCEEDED' }],
    },
  });
  expect(loms.deadlines).toEqual([]);
});
