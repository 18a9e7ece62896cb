/**
 * JSON whose 64-bit integers are never rounded, in and out.
 *
 * `JSON.parse` turns every number into a double and so changes integers above 2^53. Here an integer literal
 * becomes a bigint, digit for digit, and a bigint is printed as its digits.
 */
import { parse, stringify } from 'lossless-json';

/** The most characters that a 64-bit integer can have: twenty digits, or nineteen and a sign. */
const INTEGER_CHARACTERS_MAX = 20;

const integerLiteral = /^-?\d+$/;

/**
 * Reads a number literal. What is written with a point or an exponent (`1.0`, `1e3`), or is longer than any
 * 64-bit integer, is no number that a request can hold: it becomes NaN, which no schema accepts.
 */
function readNumber(literal: string): bigint | number {
  if (literal.length > INTEGER_CHARACTERS_MAX || !integerLiteral.test(literal)) return Number.NaN;
  return BigInt(literal);
}

/**
 * Parses JSON text; numbers become bigints, or NaN where they are not whole.
 *
 * @throws SyntaxError when the text is no JSON or an object has two different values under one key, and
 * RangeError when it is nested so deeply that the parser's stack does not suffice.
 */
export function parseJson(text: string): unknown {
  return parse(text, undefined, readNumber);
}

/** Prints a value as JSON, bigints as their digits. `space` indents it for human readers. */
export function stringifyJson(value: unknown, space?: number): string {
  const text = stringify(value, undefined, space);
  if (text === undefined) throw new TypeError('this value has no JSON form');
  return text;
}
