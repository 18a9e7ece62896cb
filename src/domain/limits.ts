/**
 * The limits of a request. Those of fields are the contract's: `src/generated/contract.ts` is made from the
 * protos.
 */
import { contract } from '../generated/contract.ts';

/** The largest value of a signed 64-bit integer: the upper end of order ids and user ids. */
export const INT64_MAX = contract.CreateOrderRequest.user.max;

/** The largest value of an unsigned 32-bit integer: the upper end of a sku. */
export const UINT32_MAX = Number(contract.Item.sku.max);

/** The most pieces of one sku that one order may hold, also when summed over several lines. */
export const COUNT_MAX = Number(contract.Item.count.max);

/** The most lines that one order may have, before lines of the same sku are joined. */
export const LINES_MAX = contract.CreateOrderRequest.items.maxItems;

/** The most characters that an idempotency key may have. */
export const IDEMPOTENCY_KEY_MAX = 255;

/** The most bytes that one request may have, as a JSON body or as a protobuf message. */
export const REQUEST_MAX_BYTES = 128 * 1024;

/** The most field violations that one refusal lists; a client needs examples, not a thousand of them. */
export const VIOLATIONS_MAX = 20;
