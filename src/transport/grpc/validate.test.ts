/** How a message is read and checked against the rules of the contract. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INT64_MAX, LINES_MAX, UINT32_MAX } from '../../../test/support/limits.ts';
import { COUNT_MAX } from '../../domain/limits.ts';
import type { Detail, Outcome } from '../../domain/outcome.ts';
import { CreateOrderRequest, GetOrderRequest } from '../../generated/proto/loms/order/v1/order.ts';
import { GetStockRequest } from '../../generated/proto/loms/stock/v1/stock.ts';
import { requestReader } from './validate.ts';

const readCreate = requestReader<CreateOrderRequest>('/loms.order.v1.OrderService/CreateOrder');
const readGet = requestReader<GetOrderRequest>('/loms.order.v1.OrderService/GetOrder');
const readStock = requestReader<GetStockRequest>('/loms.stock.v1.StockService/GetStock');

const line = { sku: 1, count: 1 };

function create(user: bigint, items: CreateOrderRequest['items']): Outcome<CreateOrderRequest> {
  return readCreate(CreateOrderRequest.encode({ user, items }).finish());
}

/** The paths that an INVALID_REQUEST names; none when the request was accepted. */
function badFields(outcome: Outcome<unknown>): string[] {
  if (outcome.ok) return [];
  const detail: Detail | undefined = outcome.refusal.detail;
  if (detail?.type !== 'BadRequest') throw new Error(`no BadRequest: ${outcome.refusal.reason}`);
  return detail.fieldViolations.map(({ field }) => field);
}

describe('a request that keeps the rules', () => {
  test('is read with all its digits', () => {
    const items = [{ sku: UINT32_MAX, count: COUNT_MAX }, line];
    expect(create(INT64_MAX, items)).toMatchObject({ ok: true, value: { user: INT64_MAX, items } });
    const orderId = 9007199254740993n;
    expect(readGet(GetOrderRequest.encode({ orderId }).finish())).toMatchObject({
      ok: true,
      value: { orderId },
    });
  });

  test('may have as many lines as the limit says', () => {
    expect(badFields(create(1n, Array(LINES_MAX).fill(line)))).toEqual([]);
  });

  test('may hold fields that we do not know yet', () => {
    const bytes = Buffer.concat([GetStockRequest.encode({ sku: 7 }).finish(), Buffer.from([0x78, 0x01])]);
    expect(readStock(bytes)).toMatchObject({ ok: true, value: { sku: 7 } });
  });
});

describe('a bad field is named by its path in JSON', () => {
  test.each<[string, bigint, CreateOrderRequest['items'], string[]]>([
    ['no user', 0n, [line], ['user']],
    ['a negative user', -1n, [line], ['user']],
    ['no items', 1n, [], ['items']],
    ['too many items', 1n, Array(LINES_MAX + 1).fill(line), ['items']],
    ['no sku in the second line', 1n, [line, { sku: 0, count: 1 }], ['items[1].sku']],
    ['a count of 0', 1n, [{ sku: 1, count: 0 }], ['items[0].count']],
    ['a count that 16 bits would cut to 1', 1n, [line, { sku: 1, count: 65_537 }], ['items[1].count']],
    ['an empty line', 1n, [{ sku: 0, count: 0 }], ['items[0].count', 'items[0].sku']],
    ['nothing at all', 0n, [], ['items', 'user']],
  ])('%s', (_title, user, items, paths) => {
    expect(badFields(create(user, items))).toEqual(paths);
  });

  test('an order id has the name that JSON gives it', () => {
    expect(badFields(readGet(new Uint8Array()))).toEqual(['orderID']);
  });

  test('a list past its limit is named as a whole, whatever its lines hold', () => {
    expect(badFields(create(0n, Array(60_000).fill({ sku: 0, count: 0 })))).toEqual(['items', 'user']);
  });
});

test.each([
  ['bytes that are no protobuf', Buffer.from('{"user": 1}')],
  [
    'a message that is cut off',
    CreateOrderRequest.encode({ user: 1n, items: [line] })
      .finish()
      .slice(0, -1),
  ],
  ['a field of another wire type', Buffer.from([0x0a, 0x01, 0x31])],
])('%s are refused as a malformed request', (_title, bytes) => {
  expect(badFields(readCreate(bytes))).toEqual(['']);
});

test('a method that no contract has is a mistake of ours', () => {
  expect(() => requestReader('/loms.order.v1.OrderService/Nope')).toThrow('no contract has');
});

test('a request is accepted exactly when every field is in its range', () => {
  const around = (...edges: number[]) => fc.constantFrom(...edges.flatMap((edge) => [edge, edge + 1]));
  const item = fc.record({ sku: around(0, UINT32_MAX - 1), count: around(0, COUNT_MAX, 65_536) });
  const user = fc.constantFrom(-(2n ** 63n), -1n, 0n, 1n, INT64_MAX);
  fc.assert(
    fc.property(user, fc.array(item, { maxLength: 4 }), (by, items) => {
      const expected = items.flatMap(({ sku, count }, i) => [
        ...(count < 1 || count > COUNT_MAX ? [`items[${i}].count`] : []),
        ...(sku < 1 ? [`items[${i}].sku`] : []),
      ]);
      if (items.length === 0) expected.push('items');
      if (by < 1n) expected.push('user');
      expect(badFields(create(by, items))).toEqual(expected);
    }),
  );
});
