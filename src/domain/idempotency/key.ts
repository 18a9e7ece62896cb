/** Idempotency keys: what a client may send as one, and which requests under one key are the same. Pure. */
import { createHash } from 'node:crypto';
import { IDEMPOTENCY_KEY_MAX } from '../limits.ts';
import { accepted, type Outcome, refused } from '../outcome.ts';
import { invalidRequest } from '../violations.ts';

/** The name of the key in violations: it is a header in REST and metadata in gRPC. */
export const IDEMPOTENCY_KEY_FIELD = 'idempotency-key';

/** A key as one request carries it. Keys of different callers are independent. */
export interface IdempotencyKey {
  /** Caller and key as one text, by which the key is looked up within a batch. */
  readonly id: string;
  readonly caller: string;
  readonly key: string;
  readonly requestHash: Buffer;
}

const printable = new RegExp(`^[ -~]{1,${IDEMPOTENCY_KEY_MAX}}$`);

const badKey = invalidRequest([
  {
    field: IDEMPOTENCY_KEY_FIELD,
    description: `must be 1 to ${IDEMPOTENCY_KEY_MAX} printable ASCII characters, sent once`,
  },
]);

/**
 * Reads the key of a request as it was sent. Blanks around it are dropped, as transports may do.
 *
 * @param content what the request is about, as one text: the same for requests that are the same.
 * @returns the key, or INVALID_REQUEST. A comma with a space is how a header that was sent several times
 * arrives, in both transports, so it stands for more than one key.
 */
export function keyOf(caller: string, sent: string, content: string): Outcome<IdempotencyKey> {
  const key = sent.replace(/^[ \t]+|[ \t]+$/g, '');
  if (!printable.test(key) || sent.includes(', ')) return refused(badKey);
  return accepted({
    id: keyId(caller, key),
    caller,
    key,
    requestHash: createHash('sha256').update(content).digest(),
  });
}

/** A key holds no line break, so no two pairs have the same id. */
export function keyId(caller: string, key: string): string {
  return `${key}\n${caller}`;
}
