/** How bad fields are named and described: by the rule of their message and field in the contract. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VIOLATIONS_MAX } from './limits.ts';
import { invalidFields, invalidRequest } from './violations.ts';

const violationsOf = (refusal: ReturnType<typeof invalidFields>) =>
  refusal.detail?.type === 'BadRequest' ? refusal.detail.fieldViolations : [];

const describe = (...args: Parameters<typeof invalidFields>) =>
  violationsOf(invalidFields(...args)).map(({ description }) => description);

test.each([
  ['CreateOrderRequest', 'user', 'must be a whole number from 1 to 9223372036854775807'],
  ['CreateOrderRequest', 'items', 'must be a list of 1 to 1000 lines, each with sku and count'],
  ['CreateOrderRequest', 'items[999].sku', 'must be a whole number from 1 to 4294967295'],
  [
    'CreateOrderRequest',
    'items[0].count',
    'must be a whole number from 1 to 65535, also when summed over lines with the same sku',
  ],
  ['GetOrderRequest', 'orderID', 'must be a whole number from 1 to 9223372036854775807'],
  ['GetStockRequest', 'sku', 'must be a whole number from 1 to 4294967295'],
] as const)('of %s the field %s: %s', (message, path, description) => {
  expect(describe(message, [path])).toEqual([description]);
});

test('a field is looked up in its own message, not by its last name', () => {
  expect(describe('GetStockRequest', ['count'])).toEqual(['is not valid']);
  expect(describe('CreateOrderRequest', ['user.sku'])).toEqual(['is not valid']);
  expect(describe('CreateOrderRequest', ['toString'])).toEqual(['is not valid']);
});

test('fields are named once each, sorted by their numbers, whatever order they come in', () => {
  const paths = ['items[10].sku', 'user', 'items[2].count', 'items[2].sku'];
  const expected = ['items[2].count', 'items[2].sku', 'items[10].sku', 'user'];
  fc.assert(
    fc.property(fc.shuffledSubarray([...paths, ...paths], { minLength: 8 }), (shuffled) => {
      const refusal = invalidFields('CreateOrderRequest', shuffled);
      expect(violationsOf(refusal).map(({ field }) => field)).toEqual(expected);
      expect(refusal.message).toBe(`invalid request: ${expected.join(', ')}`);
    }),
  );
});

test('past their limit violations are counted, not listed', () => {
  const paths = Array.from({ length: VIOLATIONS_MAX + 5 }, (_, index) => `items[${index}].sku`);
  const refusal = invalidFields('CreateOrderRequest', paths);
  expect(violationsOf(refusal)).toHaveLength(VIOLATIONS_MAX);
  expect(refusal.message).toMatch(/^invalid request: items\[0\].sku, .*items\[19\].sku and 5 more$/);
});

test('a violation of the request as a whole is named so', () => {
  expect(invalidRequest([{ field: '', description: 'must be readable' }]).message).toBe(
    'invalid request: request',
  );
});
