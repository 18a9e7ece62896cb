/**
 * Pages of lists: their size, and the tokens that lead from one page to the next.
 *
 * A token holds the position after which its page begins, and a tag over that position and the filters of the
 * list. So a token is neither made up nor used with other filters, and instances with the same key read each
 * other's.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export const PAGE_SIZE_DEFAULT = 50;
export const PAGE_SIZE_MAX = 1_000;

const NUMBER_BYTES = 8;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** The key of page tokens, derived from a secret that may have other uses too. */
export function pageTokenKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'loms page tokens', KEY_BYTES));
}

/** The size of a page as it was requested; a larger one than the largest is the largest (AIP-158). */
export function pageSizeOf(requested: number): number {
  return requested === 0 ? PAGE_SIZE_DEFAULT : Math.min(requested, PAGE_SIZE_MAX);
}

/**
 * The rows of a page. One more than it holds is read: it shows whether there is a next page.
 *
 * @returns the rows to list, and the last of them where there is a next page.
 */
export function onePage<Row>(
  rows: readonly Row[],
  pageSize: number,
): { listed: Row[]; last: Row | undefined } {
  const listed = rows.slice(0, pageSize);
  return { listed, last: rows.length > pageSize ? listed.at(-1) : undefined };
}

/**
 * Makes the token of the next page.
 *
 * @param filters names the list and everything that selects its entries, as one text.
 * @param position one or more numbers from 0 to 2^64 - 1.
 */
export function pageToken(key: Uint8Array, filters: string, ...position: readonly bigint[]): string {
  const bytes = Buffer.alloc(NUMBER_BYTES * position.length);
  for (const [index, number] of position.entries()) bytes.writeBigUInt64BE(number, NUMBER_BYTES * index);
  return Buffer.concat([bytes, tagOf(key, filters, bytes)]).toString('base64url');
}

/** The position of a token of one number; undefined when it was not made with this key for these filters. */
export function positionOf(key: Uint8Array, filters: string, token: string): bigint | undefined {
  return positionsOf(key, filters, token, 1)?.[0];
}

/** The same of a token of several numbers. */
export function positionsOf(
  key: Uint8Array,
  filters: string,
  token: string,
  numbers: number,
): bigint[] | undefined {
  const bytes = Buffer.from(token, 'base64url');
  const size = NUMBER_BYTES * numbers;
  // Other texts may decode to the same bytes.
  if (bytes.length !== size + TAG_BYTES || bytes.toString('base64url') !== token) return undefined;
  const position = bytes.subarray(0, size);
  if (!timingSafeEqual(bytes.subarray(size), tagOf(key, filters, position))) return undefined;
  return Array.from({ length: numbers }, (_, index) => position.readBigUInt64BE(NUMBER_BYTES * index));
}

function tagOf(key: Uint8Array, filters: string, position: Uint8Array): Buffer {
  return createHmac('sha256', key).update(position).update(filters).digest().subarray(0, TAG_BYTES);
}
