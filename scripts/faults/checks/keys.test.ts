/** The checker finds answers under idempotency keys that are not what they say. */
import { expect, test } from 'vitest';
import { both, create, found, hot, short, withCalls, withMoreCalls } from './doctored.ts';

const reused = { outcome: 'refused', reason: 'IDEMPOTENCY_KEY_REUSED' } as const;

test('a wrong replay: two answers that both say that they were run', () => {
  expect(found(withMoreCalls(create(100, 1, hot, { answeredId: 11 })))).toEqual(['wrong replay']);
  expect(found(withMoreCalls(create(100, 1, hot, { answeredId: 11, replayed: true })))).toEqual([]);
});

test('a wrong replay: an answer that was given before, and nobody had asked', () => {
  expect(found(withCalls(({ user }) => user === 1, { replayed: true }))).toEqual(['wrong replay']);
});

test('a wrong replay: a refusal that tells of another shortage than the first', () => {
  const again = (available: number) =>
    create(100, 3, both, {
      ...{ ...short, answeredId: 13, replayed: true },
      shortages: short.shortages.map((each) => ({ ...each, available })),
    });
  expect(found(withMoreCalls(again(1)))).toEqual(['wrong replay']);
  expect(found(withMoreCalls(again(0)))).toEqual([]);
});

test('a key that stands for another request is refused, and never leads to its order or to a new one', () => {
  const misuse = (answer: Parameters<typeof create>[3]) =>
    found(withMoreCalls({ ...create(100, 7, hot, answer), key: '1' }));
  expect(misuse(reused)).toEqual([]);
  expect(misuse({ answeredId: 11, replayed: true })).toContain('wrong replay');
  expect(misuse({ answeredId: 16 })).toContain('wrong replay');
  expect(misuse({ ...short, answeredId: 16 })).toContain('wrong replay');
});

test('a key is not refused to the request that it stands for', () => {
  expect(found(withMoreCalls(create(100, 1, hot, reused)))).toEqual(['wrong replay']);
});
