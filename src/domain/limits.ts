/**
 * The limits of a request, as the contract states them.
 *
 * REST reads them from here (zod and, through it, OpenAPI). The `.proto` files state the same numbers as
 * `buf.validate` rules; a property test proves that both refuse the same requests.
 */

/** The largest value of a signed 64-bit integer: the upper end of order ids and user ids. */
export const INT64_MAX = 2n ** 63n - 1n;

/** The largest value of an unsigned 32-bit integer: the upper end of a sku. */
export const UINT32_MAX = 2 ** 32 - 1;

/** The most pieces of one sku that one order may hold, also when summed over several lines. */
export const COUNT_MAX = 65_535;

/** The most lines that one order may have, before lines of the same sku are joined. */
export const LINES_MAX = 1_000;

/** The most characters that an idempotency key may have. */
export const IDEMPOTENCY_KEY_MAX = 255;

/** The most bytes that one request may have, as a JSON body or as a protobuf message. */
export const REQUEST_MAX_BYTES = 128 * 1024;

/** The most field violations that one refusal lists; a caller needs examples, not a thousand of them. */
export const VIOLATIONS_MAX = 20;
