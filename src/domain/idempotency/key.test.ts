/** Request hashes, and which idempotency keys are valid. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyCall } from '../../../test/support/call.ts';
import { prepareOrder } from '../orders/create.ts';
import type { CreateOrderRequest, Line } from '../orders/order.ts';
import { keyId, keyOf } from './key.ts';

const hashOf = (request: CreateOrderRequest) => {
  const prepared = prepareOrder(request, { ...anyCall, idempotencyKey: 'key' });
  if (!prepared.ok) throw new Error(prepared.refusal.message);
  return prepared.value.key?.requestHash.toString('hex');
};

/** The key parsed from the value of a header, or undefined when it is refused. */
const parsedKey = (header: string) => {
  const key = keyOf('', header, '1:1x1');
  return key.ok ? key.value.key : undefined;
};

const line = fc.record({
  sku: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  count: fc.integer({ min: 2, max: 65_535 }),
});
const lines = fc.uniqueArray(line, { minLength: 1, maxLength: 8, selector: ({ sku }) => sku });
const user = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });

test('the hash of a request is independent of the order of its lines and of how counts are split', () => {
  const equivalentRequests = fc.tuple(user, lines).chain(([user, items]) => {
    const parts = items.flatMap(({ sku, count }): Line[] => [
      { sku, count: 1 },
      { sku, count: count - 1 },
    ]);
    const shuffled = fc.shuffledSubarray(parts, { minLength: parts.length });
    return fc.record({ request: fc.constant({ user, items }), other: shuffled });
  });
  fc.assert(
    fc.property(equivalentRequests, ({ request, other }) => {
      expect(hashOf({ ...request, items: other })).toBe(hashOf(request));
    }),
  );
});

test('requests that differ in user, sku, count or a line have different hashes', () => {
  fc.assert(
    fc.property(user, lines, user, lines, (user, items, otherUser, otherItems) => {
      const request = { user, items };
      const [first = { sku: 1, count: 2 }] = items;
      const others = [
        { user: otherUser, items: otherItems },
        { user: user === 1n ? 2n : user - 1n, items },
        { user, items: [...items.slice(1), { ...first, count: first.count - 1 }] },
        { user, items: [...items, { sku: freeSku(items), count: 1 }] },
      ];
      const hashes = new Set([request, ...others].map(hashOf));
      expect(hashes.size).toBe(5);
    }),
  );
});

test('requests with the same digits in other fields have different hashes', () => {
  const hashes = [
    { user: 1n, items: [{ sku: 23, count: 4 }] },
    { user: 12n, items: [{ sku: 3, count: 4 }] },
    { user: 1n, items: [{ sku: 2, count: 34 }] },
    {
      user: 1n,
      items: [
        { sku: 2, count: 3 },
        { sku: 4, count: 5 },
      ],
    },
    { user: 1n, items: [{ sku: 2, count: 345 }] },
  ].map(hashOf);
  expect(new Set(hashes).size).toBe(5);
});

test('a key is 1 to 255 printable ASCII characters', () => {
  const printable = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map(String.fromCharCode) });
  fc.assert(
    fc.property(printable, (text) => {
      const key = text.replace(/^ +| +$/g, '');
      const isValid = key !== '' && key.length <= 255 && !text.includes(', ');
      expect(parsedKey(text)).toBe(isValid ? key : undefined);
    }),
  );
  expect(parsedKey('k'.repeat(255))).toHaveLength(255);
  for (const invalid of [
    '',
    ' ',
    ' \t ',
    'k'.repeat(256),
    'a\tb',
    'a\nb',
    'a\u0000',
    '\u007f',
    'ключ',
    'é',
  ]) {
    expect(parsedKey(invalid), JSON.stringify(invalid)).toBeUndefined();
  }
});

test('whitespace around a key is trimmed, and two keys in one header are refused', () => {
  expect(parsedKey(' \ta b\t ')).toBe('a b');
  expect(parsedKey('a,b')).toBe('a,b');
  expect(parsedKey('a, b')).toBeUndefined();
});

test('key ids of different callers are different, for any names of the callers', () => {
  const ids = [keyId('', 'a'), keyId('a', ''), keyId('b', 'a'), keyId('a\nb', 'a'), keyId('b\na', 'a')];
  expect(new Set(ids).size).toBe(5);
});

function freeSku(items: readonly Line[]): number {
  for (let sku = 1; ; sku++) if (!items.some((each) => each.sku === sku)) return sku;
}
