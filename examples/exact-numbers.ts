/**
 * A `fetch` that keeps 64-bit integers. `JSON.parse` rounds integers above 2^53, so they are given as strings
 * here, digit for digit; smaller ones stay numbers. loms accepts both in requests.
 */
import { isSafeNumber, parse } from 'lossless-json';

export async function exactFetch(request: Request): Promise<Response> {
  const response = await fetch(request);
  const value = parse(await response.text(), undefined, numberOrDigits);
  return new Response(JSON.stringify(value), response);
}

function numberOrDigits(digits: string): number | string {
  return isSafeNumber(digits) ? Number(digits) : digits;
}
