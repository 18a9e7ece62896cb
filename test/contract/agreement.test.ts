/** REST (zod) and gRPC (protovalidate) refuse the same requests, in the same words. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatInstant,
  type Instant,
  instantOf,
  type Timestamp,
  timestampOf,
} from '../../src/domain/instant.ts';
import { COUNT_MAX } from '../../src/domain/limits.ts';
import { orderStatuses } from '../../src/domain/orders/order.ts';
import { type Outcome, refused } from '../../src/domain/outcome.ts';
import { PAGE_SIZE_MAX } from '../../src/domain/page.ts';
import { invalidFields, type MessageName } from '../../src/domain/violations.ts';
import { contract } from '../../src/generated/contract.ts';
import {
  type ListOrdersRequest,
  OrderServiceService,
} from '../../src/generated/proto/loms/order/v1/order.ts';
import { StockServiceService } from '../../src/generated/proto/loms/stock/v1/stock.ts';
import { requestReader } from '../../src/transport/grpc/validate.ts';
import { violatedPaths } from '../../src/transport/http/fields.ts';
import { parseJson, stringifyJson } from '../../src/transport/http/json.ts';
import {
  createOrderRequest,
  extendOrderRequest,
  listOrdersRequest,
  orderIdParameter,
  orderIdRequest,
  payOrderRequest,
} from '../../src/transport/http/order-documents.ts';
import { batchGetStockRequest, listStocksRequest, skuParameter } from '../../src/transport/http/stock.ts';
import { explainStockRequest, listStockMovementsRequest } from '../../src/transport/http/stock-history.ts';
import { INT64_MAX, LINES_MAX, UINT32_MAX } from '../support/limits.ts';

/** Values around every limit and any others, within the range of the wire type. */
const near = (limits: bigint[], min: bigint, max: bigint) =>
  fc
    .oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(...limits).chain((at) => fc.bigInt({ min: at - 2n, max: at + 2n })),
      },
      { weight: 1, arbitrary: fc.bigInt({ min, max }) },
    )
    .filter((value) => value >= min && value <= max);

const int64 = near([0n, 1n, 2n ** 53n, INT64_MAX, -INT64_MAX], -INT64_MAX - 1n, INT64_MAX);
const uint32 = (limit: number) => near([0n, 1n, BigInt(limit)], 0n, BigInt(UINT32_MAX)).map(Number);
const line = fc.record({ sku: uint32(UINT32_MAX), count: uint32(COUNT_MAX) });
const goodLine = fc.record({
  sku: fc.integer({ min: 1, max: UINT32_MAX }),
  count: fc.integer({ min: 1, max: COUNT_MAX }),
});
const items = fc.oneof(
  fc.array(line, { maxLength: 5 }),
  fc.array(goodLine, { maxLength: 5 }),
  fc
    .tuple(fc.constantFrom(LINES_MAX - 1, LINES_MAX, LINES_MAX + 1), fc.oneof(goodLine, line))
    .map(([length, each]) => Array.from({ length }, () => each)),
);

interface Schema {
  safeParse(
    value: unknown,
  ): { success: true; data: unknown } | { success: false; error: { issues: { path: PropertyKey[] }[] } };
}

/** Reads a body as REST does: from JSON without loss, checked by zod. */
function overRest(message: MessageName, schema: Schema, request: unknown): Outcome<unknown> {
  const parsed = schema.safeParse(parseJson(stringifyJson(request)));
  return parsed.success
    ? { ok: true, value: parsed.data }
    : refused(invalidFields(message, violatedPaths(parsed.error.issues)));
}

/** Reads a message as gRPC does: decoded and checked by protovalidate. */
function overGrpc(path: string, bytes: Uint8Array): Outcome<unknown> {
  return requestReader<unknown>(path)(bytes);
}

/** Makes both alike: gRPC's requests have `orderId` for `orderID`, and the name of their type. */
function comparable(outcome: Outcome<unknown>): unknown {
  if (!outcome.ok) return outcome;
  return JSON.parse(
    JSON.stringify(outcome.value, (key, value) =>
      key === '$typeName' ? undefined : typeof value === 'bigint' ? `${value}` : value,
    ).replaceAll('orderId', 'orderID'),
  );
}

test('both accept or refuse a new order, for the same fields', () => {
  const { path, requestSerialize } = OrderServiceService.createOrder;
  let accepted = 0;
  fc.assert(
    fc.property(int64, items, fc.option(fc.boolean(), { nil: undefined }), (user, lines, validateOnly) => {
      const order = { user, items: lines, validateOnly };
      const rest = overRest('CreateOrderRequest', createOrderRequest, order);
      const grpc = overGrpc(path, requestSerialize(order));
      if (rest.ok) accepted++;
      expect(comparable(rest)).toEqual(comparable(grpc));
    }),
    { numRuns: 500 },
  );
  expect(accepted).toBeGreaterThan(20);
});

test.each([null, 0, 1, 'true', '', [], {}])('validateOnly: %j is refused over REST', (validateOnly) => {
  const order = { user: 1n, items: [{ sku: 1, count: 1 }], validateOnly };
  expect(overRest('CreateOrderRequest', createOrderRequest, order)).toMatchObject({
    refusal: {
      detail: { fieldViolations: [{ field: 'validateOnly', description: 'must be true or false' }] },
    },
  });
});

test.each(['getOrder', 'payOrder', 'cancelOrder'] as const)(
  '%s accepts and refuses the same ids in both',
  (operation) => {
    const { path, requestSerialize } = OrderServiceService[operation];
    fc.assert(
      fc.property(int64, (orderId) => {
        const grpc = overGrpc(path, requestSerialize({ orderId }));
        const asParameter = overRest('GetOrderRequest', orderIdParameter, String(orderId));
        expect(comparable(overRest('GetOrderRequest', orderIdRequest, { orderID: orderId }))).toEqual(
          comparable(grpc),
        );
        expect(comparable(overRest('GetOrderRequest', orderIdRequest, { orderID: String(orderId) }))).toEqual(
          comparable(grpc),
        );
        expect(asParameter.ok).toBe(grpc.ok);
      }),
    );
  },
);

const TTL_MAX = Number(contract.ExtendOrderRequest.reservationTtlSeconds.max);

test('extendOrder accepts and refuses the same in both', () => {
  const { path, requestSerialize } = OrderServiceService.extendOrder;
  fc.assert(
    fc.property(int64, uint32(TTL_MAX), (orderId, reservationTtlSeconds) => {
      const request = { orderID: orderId, reservationTtlSeconds };
      const grpc = overGrpc(path, requestSerialize({ orderId, reservationTtlSeconds }));
      expect(comparable(overRest('ExtendOrderRequest', extendOrderRequest, request))).toEqual(
        comparable(grpc),
      );
    }),
  );
});

/** A time as the text of a parameter and as a message. Some are none. */
const time = fc.oneof(
  fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }).map((micros) => {
    const instant = micros * 1_000n;
    return { text: formatInstant(instant), timestamp: timestampOf(instant) };
  }),
  fc.constantFrom(
    { text: '', timestamp: { seconds: 0n, nanos: -1 } },
    { text: '2026-11-26', timestamp: { seconds: 0n, nanos: 1_000_000_000 } },
    { text: '10000-01-01T00:00:00Z', timestamp: { seconds: 253_402_300_800n, nanos: 0 } },
    { text: '0000-12-31T23:59:59Z', timestamp: { seconds: -62_135_596_801n, nanos: 0 } },
  ),
);

const pages = {
  pageSize: near([0n, 1n, BigInt(PAGE_SIZE_MAX), 2n ** 31n - 1n], -(2n ** 31n), 2n ** 31n - 1n).map(Number),
  pageToken: fc.constantFrom(0, 1, 32, 254, 255, 256).map((length) => 'A'.repeat(length)),
};

const lists = fc.record({
  user: fc.option(int64, { nil: undefined }),
  status: fc.array(fc.constantFrom(...orderStatuses, ...orderStatuses, 'paid', ''), { maxLength: 6 }),
  createdAfter: fc.option(time, { nil: undefined }),
  createdBefore: fc.option(time, { nil: undefined }),
  ...pages,
});

/** The message with times as both transports hand them on. */
function listOf({ createdAfter, createdBefore, ...rest }: ListOrdersRequest): object {
  const instant = (timestamp: Timestamp | undefined): Instant | undefined =>
    timestamp && instantOf(timestamp);
  return { ...rest, createdAfter: instant(createdAfter), createdBefore: instant(createdBefore) };
}

test('listOrders accepts and refuses the same filters and pages in both', () => {
  const { path, requestSerialize } = OrderServiceService.listOrders;
  let accepted = 0;
  fc.assert(
    fc.property(lists, ({ createdAfter, createdBefore, ...same }) => {
      const { user, status, pageSize, pageToken } = same;
      const rest = overRest('ListOrdersRequest', listOrdersRequest, {
        user: user?.toString(),
        // A parameter that is sent once is no list.
        status: status.length === 1 ? status[0] : status,
        createdAfter: createdAfter?.text,
        createdBefore: createdBefore?.text,
        pageSize: pageSize.toString(),
        pageToken,
      });
      const times = { createdAfter: createdAfter?.timestamp, createdBefore: createdBefore?.timestamp };
      const grpc = overGrpc(path, requestSerialize({ ...same, ...times }));
      if (rest.ok) accepted++;
      expect(comparable(rest)).toEqual(
        comparable(grpc.ok ? { ok: true, value: listOf(grpc.value as ListOrdersRequest) } : grpc),
      );
    }),
    { numRuns: 1_000 },
  );
  expect(accepted).toBeGreaterThan(20);
});

test('both accept or refuse a payment, with the same answer to whether it may be late', () => {
  const { path, requestSerialize } = OrderServiceService.payOrder;
  fc.assert(
    fc.property(int64, fc.option(fc.boolean(), { nil: undefined }), (orderId, acceptLate) => {
      const rest = overRest('PayOrderRequest', payOrderRequest, { orderID: orderId, acceptLate });
      expect(comparable(rest)).toEqual(comparable(overGrpc(path, requestSerialize({ orderId, acceptLate }))));
    }),
  );
});

test.each([null, 0, 1, 'true', '', [], {}])('acceptLate: %j is refused over REST', (acceptLate) => {
  const rest = overRest('PayOrderRequest', payOrderRequest, { orderID: 1n, acceptLate });
  expect(rest).toMatchObject({
    refusal: { detail: { fieldViolations: [{ field: 'acceptLate', description: 'must be true or false' }] } },
  });
});

test('getStock accepts and refuses the same skus in both', () => {
  const { path, requestSerialize } = StockServiceService.getStock;
  fc.assert(
    fc.property(uint32(UINT32_MAX), (sku) => {
      expect(overRest('GetStockRequest', skuParameter, String(sku)).ok).toBe(
        overGrpc(path, requestSerialize({ sku })).ok,
      );
    }),
  );
});

test('batchGetStock accepts and refuses the same skus in both, for the same fields', () => {
  const { path, requestSerialize } = StockServiceService.batchGetStock;
  const sku = fc.oneof(uint32(UINT32_MAX), fc.integer({ min: 1, max: UINT32_MAX }));
  const skus = fc.oneof(
    fc.array(sku, { maxLength: 5 }),
    fc
      .tuple(fc.constantFrom(LINES_MAX - 1, LINES_MAX, LINES_MAX + 1), sku)
      .map(([length, each]) => Array.from({ length }, () => each)),
  );
  fc.assert(
    fc.property(skus, (all) => {
      const rest = overRest('BatchGetStockRequest', batchGetStockRequest, { skus: all });
      expect(comparable(rest)).toEqual(comparable(overGrpc(path, requestSerialize({ skus: all }))));
    }),
  );
});

const skuPages = fc.record({
  sku: fc.oneof(uint32(UINT32_MAX), fc.integer({ min: 1, max: UINT32_MAX })),
  ...pages,
});

test.each([
  ['explainStock', 'ExplainStockRequest', explainStockRequest],
  ['listStockMovements', 'ListStockMovementsRequest', listStockMovementsRequest],
] as const)('%s accepts and refuses the same skus and pages in both', (operation, message, schema) => {
  const { path, requestSerialize } = StockServiceService[operation];
  let accepted = 0;
  fc.assert(
    fc.property(skuPages, (request) => {
      const { sku, pageSize, pageToken } = request;
      const rest = overRest(message, schema, { sku: `${sku}`, pageSize: `${pageSize}`, pageToken });
      if (rest.ok) accepted++;
      expect(comparable(rest)).toEqual(comparable(overGrpc(path, requestSerialize(request))));
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(20);
});

test('listStocks accepts and refuses the same pages in both', () => {
  const { path, requestSerialize } = StockServiceService.listStocks;
  let accepted = 0;
  fc.assert(
    fc.property(fc.record(pages), ({ pageSize, pageToken }) => {
      const rest = overRest('ListStocksRequest', listStocksRequest, { pageSize: `${pageSize}`, pageToken });
      if (rest.ok) accepted++;
      expect(comparable(rest)).toEqual(comparable(overGrpc(path, requestSerialize({ pageSize, pageToken }))));
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(20);
});
