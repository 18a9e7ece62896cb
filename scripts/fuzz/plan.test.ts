/** The command line of the fuzz run. */
import { describe, expect, test } from 'vitest';
import { readPlan } from './plan.ts';

describe('the command line of the fuzz run', () => {
  test('sets the number of cases, the seed, and a single case', () => {
    expect(readPlan(['--cases', '7', '--seed', '0'])).toEqual({ cases: 7, seed: 0, only: undefined });
    expect(readPlan(['--seed', '7', '--only', '60000'])).toMatchObject({ seed: 7, only: 60_000 });
  });

  test('has defaults', () => {
    expect(readPlan([])).toEqual({ cases: 50_000, seed: expect.any(Number), only: undefined });
  });

  test.each([
    ['a seed that names a set of stock', ['--seed', 'large'], '--seed must be a whole number from 0 on'],
    ['a count that is not a number', ['--cases', 'x'], '--cases must be a whole number from 1 on, not "x"'],
    ['no cases', ['--cases', '0'], '--cases must be a whole number from 1 on'],
    ['a count in another notation', ['--cases', '1e3'], '--cases must be a whole number'],
    ['a number that would be rounded', ['--seed', '9007199254740993'], '--seed must be a whole number'],
    ['an index that is not a number', ['--seed', '1', '--only', 'x'], '--only must be a whole number'],
    ['an index without a seed', ['--only', '7'], '--only needs --seed'],
  ])('refuses %s', (_title, args, message) => {
    expect(() => readPlan(args)).toThrow(message);
  });
});
