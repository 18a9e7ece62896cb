/** Parsing and printing of JSON with 64-bit integers, digit for digit. */
import { describe, expect, test } from 'vitest';
import { parseJson, stringifyJson } from './json.ts';

describe('parseJson', () => {
  test('keeps an integer above 2^53 digit for digit', () => {
    expect(parseJson('{"user":9007199254740993}')).toEqual({ user: 9_007_199_254_740_993n });
  });

  test('keeps the ends of the signed 64-bit range', () => {
    expect(parseJson('[9223372036854775807,-9223372036854775808]')).toEqual([2n ** 63n - 1n, -(2n ** 63n)]);
  });

  test.each(['1.0', '1e3', '1E0', '0.5', '184467440737095516150'])(
    'does not accept %s as an integer',
    (literal) => {
      expect(parseJson(literal)).toBeNaN();
    },
  );

  test.each(['', ' ', '{', '{"a":1,}', "{'a':1}", '01', '+1', '.5', 'NaN', '{"a":1}x', 'undefined'])(
    'rejects %j',
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );

  test('rejects two different values under one key', () => {
    expect(() => parseJson('{"user":1,"user":2}')).toThrow(SyntaxError);
  });

  test('reads __proto__ as a key like any other', () => {
    const value = parseJson('{"__proto__":{"user":1}}') as { user?: unknown };
    expect(value.user).toBeUndefined();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('throws, and does not crash, on nesting that exceeds the stack', () => {
    expect(() => parseJson('['.repeat(120_000))).toThrow();
  });
});

describe('stringifyJson', () => {
  test('prints a bigint as its digits', () => {
    expect(stringifyJson({ orderID: 9_007_199_254_740_993n, none: undefined })).toBe(
      '{"orderID":9007199254740993}',
    );
  });

  test('rejects a value without a JSON form', () => {
    expect(() => stringifyJson(undefined)).toThrow(TypeError);
  });
});
