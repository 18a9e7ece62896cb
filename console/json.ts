/** JSON whose integers keep all their digits: ids and counts have 64 bits, a double has 53. */
import { parse, stringify } from 'lossless-json';

/** Parses JSON; whole numbers become bigints. */
export function parseExact<T>(text: string): T {
  return parse(text, undefined, (digits) => (/^-?\d+$/.test(digits) ? BigInt(digits) : Number(digits))) as T;
}

export function printExact(value: unknown): string {
  return stringify(value) ?? '';
}
