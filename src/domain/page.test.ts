/** Page tokens: opaque, authentic, and bound to the filters of their list. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pageSizeOf, pageToken, pageTokenKey, positionOf, positionsOf } from './page.ts';

const position = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const key = pageTokenKey('a secret of the shop');

test('a token leads to its position, for its filters and in every instance with its secret', () => {
  fc.assert(
    fc.property(position, fc.string(), (at, filters) => {
      const token = pageToken(key, filters, at);
      expect(token).toMatch(/^[\w-]{32}$/);
      expect(positionOf(pageTokenKey('a secret of the shop'), filters, token)).toBe(at);
    }),
  );
});

test('a position of several numbers is read back, and only as one of that many', () => {
  fc.assert(
    fc.property(fc.array(position, { minLength: 1, maxLength: 4 }), fc.nat(5), (at, numbers) => {
      const token = pageToken(key, 'orders', ...at);
      const read = positionsOf(key, 'orders', token, numbers);
      expect(read).toEqual(numbers === at.length ? at : undefined);
    }),
  );
});

test('a token is refused with other filters, another key, or any other character', () => {
  fc.assert(
    fc.property(position, fc.string(), fc.nat(31), (at, filters, index) => {
      const token = pageToken(key, filters, at);
      expect(positionOf(key, `${filters};`, token)).toBeUndefined();
      expect(positionOf(pageTokenKey('another'), filters, token)).toBeUndefined();
      const changed = token[index] === 'A' ? 'B' : 'A';
      expect(
        positionOf(key, filters, token.slice(0, index) + changed + token.slice(index + 1)),
      ).toBeUndefined();
    }),
  );
});

test('a token is written in one way only', () => {
  fc.assert(
    fc.property(position, (at) => {
      const token = pageToken(key, '', at);
      const others = [`${token}=`, `${token}\n`, ` ${token}`, `${token}AAAA`, token.slice(4)];
      const standard = token.replaceAll('-', '+').replaceAll('_', '/');
      if (standard !== token) others.push(standard);
      for (const other of others) expect(positionOf(key, '', other)).toBeUndefined();
    }),
  );
});

test('tokens stay as they are from version to version', () => {
  expect(pageToken(key, 'orders', 1n)).toBe('AAAAAAAAAAHjgJkmO5IXHS8sW132QO7Q');
});

test('any text is read without an error', () => {
  fc.assert(fc.property(fc.string(), (text) => positionOf(key, '', text) === undefined));
});

test.each([
  [0, 50],
  [1, 1],
  [1_000, 1_000],
  [1_001, 1_000],
  [2 ** 31 - 1, 1_000],
])('a page of %i has %i entries', (requested, size) => {
  expect(pageSizeOf(requested)).toBe(size);
});
