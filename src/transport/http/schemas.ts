/**
 * The requests and replies of REST as zod schemas, with the limits of `domain/limits.ts`. They check what
 * comes in, and the OpenAPI document is printed from them.
 *
 * They read values as `parseJson` gives them: an integer literal is a bigint.
 */
import { z } from '@hono/zod-openapi';
import { COUNT_MAX, IDEMPOTENCY_KEY_MAX, INT64_MAX, LINES_MAX, UINT32_MAX } from '../../domain/limits.ts';
import { orderStatuses } from '../../domain/orders/order.ts';

const decimal = /^(0|[1-9]\d{0,18})$/;

/** Reads an integer that was sent as text; whatever is no plain decimal stays as it is and is refused. */
function readDecimal(value: unknown): unknown {
  return typeof value === 'string' && decimal.test(value) ? BigInt(value) : value;
}

/**
 * OpenAPI's types know no bigint, but the document is printed by `stringifyJson`, which prints all digits.
 */
const int64Max = INT64_MAX as unknown as number;

function int64(what: string, example: number) {
  return z.preprocess(readDecimal, z.bigint().min(1n).max(INT64_MAX)).openapi({
    type: 'integer',
    format: 'int64',
    minimum: 1,
    maximum: int64Max,
    description: what,
    example,
  });
}

/** The largest number that 32 bits or fewer hold is far below 2^53, so it goes on as a plain number. */
function smallInteger(max: number, what: string, example: number) {
  return z
    .bigint()
    .min(1n)
    .max(BigInt(max))
    .transform(Number)
    .openapi({ type: 'integer', format: 'int64', minimum: 1, maximum: max, description: what, example });
}

const sku = smallInteger(UINT32_MAX, 'What is ordered or stored.', 1625903);

const line = z
  .object({
    sku,
    count: smallInteger(COUNT_MAX, 'So many pieces, also when summed over lines with the same sku.', 2),
  })
  .openapi('Item');

function isJsonObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is no object has neither sku nor count. gRPC says the same of an empty message, so both are named. */
const readLine = z.preprocess((value) => (isJsonObject(value) ? value : {}), line);

/**
 * A list past its limit is refused as a whole, just as an empty one is: what is wrong with each of thousands
 * of lines helps nobody, and looking would hold up all other callers. gRPC does the same.
 */
const readLines = (value: unknown) => (Array.isArray(value) && value.length > LINES_MAX ? [] : value);

const lines = z
  .preprocess(readLines, z.array(readLine).min(1))
  .openapi({ minItems: 1, maxItems: LINES_MAX, description: 'Lines with the same sku count as one line.' });

const orString = 'A decimal string is accepted too, for clients that round large numbers.';

export const createOrderRequest = z
  .object({ user: int64(`Who orders. ${orString}`, 42), items: lines })
  .openapi('CreateOrderRequest');

const orderId = 'The id that creating the order gave.';

export const orderIdRequest = z
  .object({ orderID: int64(`${orderId} ${orString}`, 1) })
  .openapi('OrderIDRequest');

/**
 * For the document only: the domain checks the key itself, for both transports. It has no example, because "Try it out"
 * would send that with every order, and the second would be refused for it.
 */
export const idempotencyKeyHeader = z
  .string()
  .min(1)
  .max(IDEMPOTENCY_KEY_MAX)
  .regex(/^[ -~]+$/)
  .optional()
  .openapi({
    description:
      'Any text of printable ASCII characters that is new for each new order, such as a UUID. It is kept for a ' +
      'day, or as long as the operator says.',
  });

/** The order's id as a part of the path. */
export const orderIdParameter = int64(orderId, 1);

/** The sku as a part of the path, where every number is text. */
export const skuParameter = z.preprocess(readDecimal, sku);

const int64Reply = (description: string, example: number) =>
  z.bigint().openapi({ type: 'integer', format: 'int64', description, example });

export const createOrderReply = z
  .object({ orderID: int64Reply('The new order. Ids rise by creation.', 1) })
  .openapi('CreateOrderResponse');

export const getOrderReply = z
  .object({
    status: z.enum(orderStatuses).openapi({ example: 'awaiting payment' }),
    user: int64Reply('Who ordered.', 42),
    items: z.array(line).openapi({ description: 'Sorted by sku, one line per sku.' }),
  })
  .openapi('GetOrderResponse');

export const emptyReply = z.object({}).openapi('Empty');

export const getStockReply = z
  .object({
    count: int64Reply('Pieces that can be ordered now: the stock without what is reserved.', 10_000),
  })
  .openapi('GetStockResponse');

/**
 * Names the fields that zod found bad as a caller writes them in JSON: `items[1].count`.
 *
 * @param issues of a failed parse.
 */
export function violatedPaths(issues: readonly { readonly path: readonly PropertyKey[] }[]): string[] {
  return issues.map(({ path }) => {
    let text = '';
    for (const key of path) {
      if (typeof key === 'number') text += `[${key}]`;
      else text += text === '' ? String(key) : `.${String(key)}`;
    }
    return text;
  });
}
