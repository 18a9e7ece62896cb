/** The limits of a request. Those of fields come from the protos, by `src/generated/contract.ts`. */
import { contract } from '../generated/contract.ts';

/** The most pieces of one sku that one order may hold, also when summed over several lines. */
export const COUNT_MAX = Number(contract.Item.count.max);

/** The largest id, version or position: what PostgreSQL's bigint holds. */
export const INT64_MAX = 2n ** 63n - 1n;

/** How far the clocks of the servers may be apart, in milliseconds: much more than what is reported. */
export const CLOCK_DISORDER_MAX_MS = 60_000;

/** The most pieces of one sku. */
export const STOCK_MAX = contract.StockCount.counted.max;

/** The most characters that an idempotency key may have. */
export const IDEMPOTENCY_KEY_MAX = 255;

/** The most bytes that one request may have, as a JSON body or as a protobuf message. */
export const REQUEST_MAX_BYTES = 128 * 1024;

/** The most field violations that one refusal lists; a client needs examples, not a thousand of them. */
export const VIOLATIONS_MAX = 20;
