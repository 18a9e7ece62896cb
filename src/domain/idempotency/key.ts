/**
 * Idempotency keys: what a caller may send as one, and what makes two requests under it the same. Pure.
 */
import { createHash } from 'node:crypto';
import { IDEMPOTENCY_KEY_MAX } from '../limits.ts';
import type { CreateOrderRequest } from '../loms.ts';

/** A key as one request carries it. Keys of different callers have nothing to do with each other. */
export interface IdempotencyKey {
  /** Caller and key as one text, by which the key is looked up within a batch. */
  readonly id: string;
  readonly caller: string;
  readonly key: string;
  readonly requestHash: Buffer;
}

const printable = new RegExp(`^[ -~]{1,${IDEMPOTENCY_KEY_MAX}}$`);

/**
 * Reads a key as it was sent, without the blanks around it, which transports may drop.
 *
 * @returns undefined when it is none. A comma with a space is how a header that was sent several times arrives,
 * in both transports, so it stands for more than one key.
 */
export function readIdempotencyKey(text: string): string | undefined {
  const key = text.replace(/^[ \t]+|[ \t]+$/g, '');
  return printable.test(key) && !text.includes(', ') ? key : undefined;
}

/** @param request with one line per sku, sorted by sku. */
export function idempotencyKey(caller: string, key: string, request: CreateOrderRequest): IdempotencyKey {
  return { id: keyId(caller, key), caller, key, requestHash: hashRequest(request) };
}

/** A key holds no line break, so no two pairs give the same text. */
export function keyId(caller: string, key: string): string {
  return `${key}\n${caller}`;
}

/** The same for all requests that ask for the same, whatever the transport and the order of their lines. */
function hashRequest({ user, items }: CreateOrderRequest): Buffer {
  const lines = items.map(({ sku, count }) => `${sku}x${count}`);
  return createHash('sha256').update(`${user}:${lines.join()}`).digest();
}
