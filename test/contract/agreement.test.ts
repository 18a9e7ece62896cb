/** REST (zod) and gRPC (protovalidate) refuse the same requests, in the same words. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COUNT_MAX } from '../../src/domain/limits.ts';
import { type Outcome, refused } from '../../src/domain/outcome.ts';
import { invalidFields, type MessageName } from '../../src/domain/violations.ts';
import { OrderServiceService } from '../../src/generated/proto/loms/order/v1/order.ts';
import { StockServiceService } from '../../src/generated/proto/loms/stock/v1/stock.ts';
import { requestReader } from '../../src/transport/grpc/validate.ts';
import { violatedPaths } from '../../src/transport/http/fields.ts';
import { parseJson, stringifyJson } from '../../src/transport/http/json.ts';
import { createOrderRequest, orderIdParameter, orderIdRequest } from '../../src/transport/http/order.ts';
import { batchGetStockRequest, skuParameter } from '../../src/transport/http/stock.ts';
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
