/** How long what was found good is believed, and how much of it is kept. */
import { expect, test } from 'vitest';
import { ExpiringCache } from './cache.ts';

test('an entry ends when it is said to', () => {
  const cache = new ExpiringCache<string>(10);
  cache.set('a', 'A', 100);
  expect([cache.get('a', 99), cache.get('a', 100), cache.size]).toEqual(['A', undefined, 0]);
});

test('past the limit the oldest makes room, and what is set anew is the youngest', () => {
  const cache = new ExpiringCache<number>(2);
  cache.set('a', 1, 100);
  cache.set('b', 2, 100);
  cache.set('a', 3, 100);
  cache.set('c', 4, 100);
  expect([cache.get('a', 0), cache.get('b', 0), cache.get('c', 0), cache.size]).toEqual([3, undefined, 4, 2]);
});
