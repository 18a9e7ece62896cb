/** Names and descriptions of invalid fields, by the rules of their message in the contract. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contract } from '../generated/contract.ts';
import { VIOLATIONS_MAX } from './limits.ts';
import { invalidFields, invalidRequest, type MessageName } from './violations.ts';

const violationsOf = (refusal: ReturnType<typeof invalidFields>) =>
  refusal.detail?.type === 'BadRequest' ? refusal.detail.fieldViolations : [];

const descriptionsOf = (...args: Parameters<typeof invalidFields>) =>
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
] as const)('%s, field %s: %s', (message, path, description) => {
  expect(descriptionsOf(message, [path])).toEqual([description]);
});

/** The messages that have a field of this name. */
const messagesWith = (field: string) =>
  (Object.keys(contract) as MessageName[]).filter((message) => field in contract[message]);

test.each([
  ...messagesWith('pageToken').map(
    (message) => [message, 'pageToken', /^must be .*: (the|a) \w*token /i] as const,
  ),
  ...messagesWith('from').map(
    (message) => [message, 'from', /^must be .*, and absent where there is/] as const,
  ),
])('%s describes of %s what its rule does not express', (message, field, description) => {
  expect(descriptionsOf(message, [field])).toEqual([expect.stringMatching(description)]);
});

test('a field is looked up in its own message by its whole path', () => {
  expect(descriptionsOf('GetStockRequest', ['count'])).toEqual(['is not valid']);
  expect(descriptionsOf('CreateOrderRequest', ['user.sku'])).toEqual(['is not valid']);
  expect(descriptionsOf('CreateOrderRequest', ['toString'])).toEqual(['is not valid']);
});

test('fields are listed once each and sorted by index, for any input order', () => {
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

test('violations beyond the limit are counted, not listed', () => {
  const paths = Array.from({ length: VIOLATIONS_MAX + 5 }, (_, index) => `items[${index}].sku`);
  const refusal = invalidFields('CreateOrderRequest', paths);
  expect(violationsOf(refusal)).toHaveLength(VIOLATIONS_MAX);
  expect(refusal.message).toMatch(/^invalid request: items\[0\].sku, .*items\[19\].sku and 5 more$/);
});

test('a violation of the whole request is named request', () => {
  expect(invalidRequest([{ field: '', description: 'must be readable' }]).message).toBe(
    'invalid request: request',
  );
});
