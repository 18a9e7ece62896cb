/** The checker finds wrong answers under idempotency keys. */
import { expect, test } from 'vitest';
import { both, create, found, hot, short, withCalls, withMoreCalls } from './tampered.ts';

const reused = { outcome: 'refused', reason: 'IDEMPOTENCY_KEY_REUSED' } as const;

test('a wrong replay: two answers without the mark of a replay', () => {
  expect(found(withMoreCalls(create(100, 1, hot, { answeredId: 11 })))).toEqual(['wrong replay']);
  expect(found(withMoreCalls(create(100, 1, hot, { answeredId: 11, replayed: true })))).toEqual([]);
});

test('a wrong replay: a replay without a first answer', () => {
  expect(found(withCalls(({ user }) => user === 1, { replayed: true }))).toEqual(['wrong replay']);
});

test('a wrong replay: a refusal with other shortages than the first', () => {
  const again = (available: number) =>
    create(100, 3, both, {
      ...{ ...short, answeredId: 13, replayed: true },
      shortages: short.shortages.map((each) => ({ ...each, available })),
    });
  expect(found(withMoreCalls(again(1)))).toEqual(['wrong replay']);
  expect(found(withMoreCalls(again(0)))).toEqual([]);
});

test('the key of another request is refused, and leads neither to its order nor to a new one', () => {
  const misuse = (answer: Parameters<typeof create>[3]) =>
    found(withMoreCalls({ ...create(100, 7, hot, answer), key: '1' }));
  expect(misuse(reused)).toEqual([]);
  expect(misuse({ answeredId: 11, replayed: true })).toContain('wrong replay');
  expect(misuse({ answeredId: 16 })).toContain('wrong replay');
  expect(misuse({ ...short, answeredId: 16 })).toContain('wrong replay');
});

test('a key is not refused to its own request', () => {
  expect(found(withMoreCalls(create(100, 1, hot, reused)))).toEqual(['wrong replay']);
});
