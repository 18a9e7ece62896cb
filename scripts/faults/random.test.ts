/** Random numbers that a seed decides: reproducible, independent by name, in their bounds. */
import { expect, test } from 'vitest';
import { Random } from './random.ts';

const draw = (random: Random) => Array.from({ length: 20 }, () => random.between(0, 1_000_000));

test('sources of the same seed and names give the same numbers', () => {
  expect(draw(new Random(7, 'lane', 3))).toEqual(draw(new Random(7, 'lane', 3)));
});

test('another seed, or another name, gives other numbers', () => {
  const sources = [new Random(7), new Random(8), new Random(7, 'lane', 3), new Random(7, 'lane', 4)];
  expect(new Set(sources.map((source) => draw(source).join())).size).toBe(sources.length);
});

test('a seed gives the same numbers on every machine, until this library or its use is changed', () => {
  const random = new Random(201006, 'primary-kill');
  expect(Array.from({ length: 5 }, () => random.between(1, 100))).toEqual([94, 35, 12, 49, 69]);
});

test('numbers stay in their bounds and reach them, and a chance is as frequent as its share', () => {
  const random = new Random(1);
  const rolls = Array.from({ length: 1_000 }, () => random.between(-1, 2));
  expect([...new Set(rolls)].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
  const shares = Array.from({ length: 1_000 }, () => random.share());
  expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
  expect(Math.min(...shares)).toBeLessThan(0.1);
  expect(Math.max(...shares)).toBeLessThan(1);
  expect(Math.max(...shares)).toBeGreaterThan(0.9);
  const happened = Array.from({ length: 1_000 }, () => random.chance(0.3)).filter(Boolean);
  expect(happened.length).toBeGreaterThan(230);
  expect(happened.length).toBeLessThan(370);
});

test('every value is picked at times, and an empty list is an error', () => {
  const random = new Random(1);
  const picked = Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c']));
  expect(new Set(picked)).toEqual(new Set(['a', 'b', 'c']));
  expect(() => random.pick([])).toThrow('nothing to pick from');
});
