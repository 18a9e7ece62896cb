/** Decoding of messages, and their validation against the rules of the contract. */
import { createFileRegistry, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INT64_MAX, LINES_MAX, UINT32_MAX } from '../../../test/support/limits.ts';
import { bytesField, numberField } from '../../../test/support/protobuf.ts';
import { COUNT_MAX } from '../../domain/limits.ts';
import type { Detail, Outcome } from '../../domain/outcome.ts';
import { CreateOrderRequest, GetOrderRequest } from '../../generated/proto/loms/order/v1/order.ts';
import { GetStockRequest } from '../../generated/proto/loms/stock/v1/stock.ts';
import { descriptors, requestReader } from './validate.ts';

const readCreate = requestReader<CreateOrderRequest>('/loms.order.v1.OrderService/CreateOrder');
const readGet = requestReader<GetOrderRequest>('/loms.order.v1.OrderService/GetOrder');
const readStock = requestReader<GetStockRequest>('/loms.stock.v1.StockService/GetStock');

const line = { sku: 1, count: 1 };

function create(user: bigint, items: CreateOrderRequest['items']): Outcome<CreateOrderRequest> {
  return readCreate(CreateOrderRequest.encode({ user, items }).finish());
}

/** The paths in an INVALID_REQUEST; none when the request was accepted. */
function invalidFields(outcome: Outcome<unknown>): string[] {
  if (outcome.ok) return [];
  const detail: Detail | undefined = outcome.refusal.detail;
  if (detail?.type !== 'BadRequest') throw new Error(`no BadRequest: ${outcome.refusal.reason}`);
  return detail.fieldViolations.map(({ field }) => field);
}

describe('a valid request', () => {
  test('is decoded digit for digit', () => {
    const items = [{ sku: UINT32_MAX, count: COUNT_MAX }, line];
    expect(create(INT64_MAX, items)).toMatchObject({ ok: true, value: { user: INT64_MAX, items } });
    const orderId = 9007199254740993n;
    expect(readGet(GetOrderRequest.encode({ orderId }).finish())).toMatchObject({
      ok: true,
      value: { orderId },
    });
  });

  test('may have as many lines as the limit allows', () => {
    expect(invalidFields(create(1n, Array(LINES_MAX).fill(line)))).toEqual([]);
  });

  test('may hold unknown fields', () => {
    const bytes = Buffer.concat([GetStockRequest.encode({ sku: 7 }).finish(), Buffer.from([0x78, 0x01])]);
    expect(readStock(bytes)).toMatchObject({ ok: true, value: { sku: 7 } });
  });
});

describe('an invalid field is reported by its JSON path', () => {
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
    expect(invalidFields(create(user, items))).toEqual(paths);
  });

  test('an order id has its JSON name', () => {
    expect(invalidFields(readGet(new Uint8Array()))).toEqual(['orderID']);
  });

  test('a list beyond its limit is reported as a whole, whatever its lines hold', () => {
    expect(invalidFields(create(0n, Array(60_000).fill({ sku: 0, count: 0 })))).toEqual(['items', 'user']);
  });
});

describe('an integer that is wider than its field', () => {
  /** For each integer field its JSON path, and a message that has this value there. */
  function wideFields(message: DescMessage, value: bigint): (readonly [path: string, bytes: Buffer])[] {
    return message.fields.flatMap((field): (readonly [string, Buffer])[] => {
      const { jsonName, number } = field;
      if (field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING) return [];
      if (field.fieldKind === 'scalar') return [[jsonName, numberField(number, value)]];
      const inner = field.message === undefined ? [] : wideFields(field.message, value);
      // A time is named as a whole, as over REST.
      const place = (path: string) => (field.fieldKind === 'list' ? `${jsonName}[0].${path}` : jsonName);
      return inner.map(([path, bytes]) => [place(path), bytesField(number, bytes)]);
    });
  }

  const methods = [...createFileRegistry(descriptors).files]
    .filter(({ proto }) => proto.package.startsWith('loms.'))
    .flatMap(({ services }) => services.flatMap(({ methods: each }) => each));
  const fields = methods.flatMap(({ name, parent, input }) => {
    const paths = wideFields(input, 0n).map(([path]) => path);
    return paths.map((path, index) => [name, path, `/${parent.typeName}/${name}`, input, index] as const);
  });

  test.each(fields)('is refused in %s, and named: %s', (_name, field, path, input, index) => {
    const read = requestReader<unknown>(path);
    const low = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
    fc.assert(
      fc.property(low, fc.integer({ min: 64, max: 69 }), (value, bit) => {
        const [, bytes] = wideFields(input, (1n << BigInt(bit)) + value)[index] ?? ['', Buffer.alloc(0)];
        expect(invalidFields(read(bytes))).toContain(field);
      }),
    );
  });

  const wide = (number: number) => numberField(number, 2n ** 64n + 1n);

  test('is named together with the other invalid fields, each once', () => {
    const lines = [numberField(1, 7n), Buffer.concat([wide(1), wide(1), numberField(2, 0n)])];
    const bytes = Buffer.concat([numberField(1, 0n), ...lines.map((line) => bytesField(2, line))]);
    expect(invalidFields(readCreate(bytes))).toEqual([
      'items[0].count',
      'items[1].count',
      'items[1].sku',
      'user',
    ]);
  });

  test('in a list beyond its limit is not described by itself', () => {
    const bytes = Buffer.concat([wide(1), ...Array(10_000).fill(bytesField(2, wide(2)))]);
    expect(invalidFields(readCreate(bytes))).toEqual(['items', 'user']);
  });

  test('of an unknown field is ignored with it', () => {
    expect(readStock(Buffer.concat([numberField(1, 7n), wide(15)]))).toMatchObject({ ok: true });
  });
});

test.each([
  ['JSON instead of protobuf', Buffer.from('{"user": 1}')],
  [
    'a truncated message',
    CreateOrderRequest.encode({ user: 1n, items: [line] })
      .finish()
      .slice(0, -1),
  ],
  ['a field of another wire type', Buffer.from([0x0a, 0x01, 0x31])],
])('%s is refused as a malformed request', (_title, bytes) => {
  expect(invalidFields(readCreate(bytes))).toEqual(['']);
});

test('a method without a contract throws', () => {
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
      expect(invalidFields(create(by, items))).toEqual(expected);
    }),
  );
});
