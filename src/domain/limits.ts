/** The limits of a request. Those of fields come from the protos, by `src/generated/contract.ts`. */
import { contract } from '../generated/contract.ts';

/** The most pieces of one sku that one order may hold, also when summed over several lines. */
export const COUNT_MAX = Number(contract.Item.count.max);

/** The most pieces of one sku. */
export const STOCK_MAX = contract.StockCount.counted.max;

/** The most characters that an idempotency key may have. */
export const IDEMPOTENCY_KEY_MAX = 255;

/** The most bytes that one request may have, as a JSON body or as a protobuf message. */
export const REQUEST_MAX_BYTES = 128 * 1024;

/** The most field violations that one refusal lists; a client needs examples, not a thousand of them. */
export const VIOLATIONS_MAX = 20;
