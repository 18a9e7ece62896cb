/**
 * Fields of REST requests and replies as zod schemas, with the contract's limits. They validate requests, and
 * the OpenAPI document is printed from them. They read values as `parseJson` gives them: an integer literal
 * is a bigint.
 */
import { z } from '@hono/zod-openapi';
import { formatInstant, type Instant, parseInstant } from '../../domain/instant.ts';
import { IDEMPOTENCY_KEY_MAX } from '../../domain/limits.ts';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, pageToken, pageTokenKey } from '../../domain/page.ts';

/** The contract's rule for an integer, from `src/generated/contract.ts`. */
interface IntegerRule {
  readonly min: bigint;
  readonly max: bigint;
}

/** The contract's rule for a list. */
interface ListRule {
  readonly minItems: number;
  readonly maxItems: number;
}

const decimal = /^(0|-?[1-9]\d{0,18})$/;

/** Reads an integer that was sent as text. What is not a plain decimal stays as it is and is refused. */
function readDecimal(value: unknown): unknown {
  return typeof value === 'string' && decimal.test(value) ? BigInt(value) : value;
}

/** OpenAPI's types have no bigint, but the document is printed by `stringifyJson`, with all digits. */
const limitsOf = ({ min, max }: IntegerRule) => ({
  minimum: min as unknown as number,
  maximum: max as unknown as number,
});

/** Tools look for an example at the schema or, where the field is a parameter, at the parameter. */
const described = (description: string, example: number) => ({ description, example, param: { example } });

/**
 * A 64-bit integer of a request, as a number or a decimal string: many clients cannot send a number above
 * 2^53. The document states both forms, so that generated clients and validating gateways allow both.
 */
export function int64(rule: IntegerRule, description: string, example: number): z.ZodType<bigint> {
  const read = (value: unknown, context: z.RefinementCtx): bigint => {
    const integer = readDecimal(value);
    if (typeof integer === 'bigint' && integer >= rule.min && integer <= rule.max) return integer;
    context.addIssue({ code: 'custom' });
    return z.NEVER;
  };
  return z
    .unknown()
    .transform(read)
    .openapi({
      anyOf: [
        { type: 'integer', format: 'int64', ...limitsOf(rule) },
        { type: 'string', pattern: patternOf(rule) },
      ],
      ...described(description, example),
    });
}

/** The texts that may be in range. */
function patternOf({ min }: IntegerRule): string {
  if (min > 0n) return '^[1-9][0-9]{0,18}$';
  return `^(0|${min < 0n ? '-?' : ''}[1-9][0-9]{0,18})$`;
}

const INT32_MAX = 2n ** 31n - 1n;

/**
 * An integer of at most 32 bits: it is far below 2^53, so the domain takes it as a number. OpenAPI has no
 * format for the upper half of uint32, and `int64` would make clients send it as a string.
 */
export function uint32(rule: IntegerRule, description: string, example: number): z.ZodType<number> {
  const format = rule.max <= INT32_MAX ? { format: 'int32' } : {};
  return z
    .bigint()
    .min(rule.min)
    .max(rule.max)
    .transform(Number)
    .openapi({ type: 'integer', ...format, ...limitsOf(rule), ...described(description, example) });
}

/** A list of integers of at most 32 bits. One past its limit is refused as a whole, as in `list`. */
export function integers(
  { of, minItems, maxItems }: ListRule & { readonly of: IntegerRule },
  description: string,
  example: readonly number[],
): z.ZodType<number[]> {
  const readList = (value: unknown) => (Array.isArray(value) && value.length > maxItems ? [] : value);
  const element = z.bigint().min(of.min).max(of.max).transform(Number);
  return z.preprocess(readList, z.array(element).min(minItems)).openapi({
    type: 'array',
    items: { type: 'integer', ...limitsOf(of) },
    minItems,
    maxItems,
    description,
    example: [...example],
  });
}

/** A parameter that may be repeated, each time with one of a few texts. */
export function choices<const T extends string>(
  { of, maxItems }: { readonly of: readonly T[]; readonly maxItems: number },
  description: string,
): z.ZodType<T[]> {
  const readList = (value: unknown) => {
    const values = value === undefined ? [] : [value].flat();
    // As in `list`: as a whole, or not at all.
    return values.length > maxItems ? undefined : values;
  };
  return z
    .preprocess(readList, z.array(z.enum(of)))
    .openapi({ type: 'array', items: { type: 'string', enum: [...of] }, maxItems, description });
}

/** One of a few texts. */
export function choice<const T extends string>({ of }: { readonly of: readonly T[] }, description: string) {
  return z.enum(of).openapi({ description });
}

/** A text of the caller's. Its length is in characters, not in the units of JavaScript. */
export function text({ maxLength }: { readonly maxLength: number }, description: string) {
  // Half a surrogate pair is no character, and the database keeps no NUL.
  const valid = new RegExp(`^[^\\0\\p{Surrogate}]{0,${maxLength}}$`, 'u');
  return z
    .string()
    .refine((value) => valid.test(value))
    .openapi({ maxLength, description });
}

/**
 * For the document only: the domain checks the key itself, for both transports. Blanks around a key are not
 * part of it, and a comma with a space is how two keys arrive. Without lookaheads, which not all tools have.
 */
export const idempotencyKey = z
  .string()
  .min(1)
  .max(IDEMPOTENCY_KEY_MAX)
  .regex(/^(,|[!-+\--~] *)*[!-~]$/);

/** Yes or no. */
export function flag(description: string) {
  return z.boolean().openapi({ description });
}

/** A time of a request, as a text of RFC 3339. */
export function time(description: string): z.ZodType<Instant> {
  const read = (value: unknown, context: z.RefinementCtx): Instant => {
    const instant = typeof value === 'string' ? parseInstant(value) : undefined;
    if (instant !== undefined) return instant;
    context.addIssue({ code: 'custom' });
    return z.NEVER;
  };
  return z.unknown().transform(read).openapi({ type: 'string', format: 'date-time', description });
}

/** A time of a reply. */
export function timeReply(description: string) {
  return z.string().openapi({
    type: 'string',
    format: 'date-time',
    description,
    example: '2026-11-26T12:00:00.123456Z',
  });
}

/** The same as a parameter, in path or query, where every number is text. */
export function asText<T>(schema: z.ZodType<T>): z.ZodType<T> {
  return z.preprocess(readDecimal, schema);
}

/**
 * A list of objects.
 *
 * A list past its limit is refused as a whole, as an empty one is: to describe what is wrong with each of
 * thousands of elements would help nobody and hold up all other requests. gRPC does the same. An element that
 * is not an object is read as an empty one, as gRPC reads it, so that each of its fields is named.
 */
export function list<T>(rule: ListRule, element: z.ZodType<T>, description: string): z.ZodType<T[]> {
  const readElement = z.preprocess((value) => (isJsonObject(value) ? value : {}), element);
  const readList = (value: unknown) => (Array.isArray(value) && value.length > rule.maxItems ? [] : value);
  return z
    .preprocess(readList, z.array(readElement).min(rule.minItems))
    .openapi({ minItems: rule.minItems, maxItems: rule.maxItems, description });
}

const digits = /^(0|[1-9]\d*)$/;

/** The size of a page: however large it is, it is coerced, also above the contract's type (AIP-158). */
function pageSize(rule: IntegerRule, description: string): z.ZodType<number> {
  const max = Number(rule.max);
  const read = (value: unknown, context: z.RefinementCtx): number => {
    if (typeof value === 'string' && digits.test(value)) return Math.min(Number(value), max);
    context.addIssue({ code: 'custom' });
    return z.NEVER;
  };
  const { minimum } = limitsOf(rule);
  return z
    .unknown()
    .transform(read)
    .openapi({ type: 'integer', minimum, ...described(description, 50) });
}

/** What selects a page of a list. `of` names its entries, `condition` what its token depends on. */
export function pageFields(
  rules: { readonly pageSize: IntegerRule; readonly pageToken: { readonly maxLength: number } },
  of: string,
  condition = '',
) {
  const size =
    `The most ${of} on the page: 0 for ${PAGE_SIZE_DEFAULT}, ` +
    `more than ${PAGE_SIZE_MAX} for ${PAGE_SIZE_MAX}.`;
  const token = `The \`nextPageToken\` of the page before${condition}.`;
  return {
    pageSize: pageSize(rules.pageSize, size).optional(),
    pageToken: z.string().max(rules.pageToken.maxLength).openapi({ description: token }).optional(),
  };
}

/** A token as a list makes it, for the examples of the documents. No instance has its key. */
export function exampleToken(...position: readonly bigint[]): string {
  return pageToken(pageTokenKey('example'), 'example', ...position);
}

/** The token of a list's reply. */
export const nextPageToken = z
  .string()
  .optional()
  .openapi({ description: 'Leads to the next page. Without it this is the last one.' });

/** The token as a field behind others; nothing on the last page. */
export function printNextPage(token: string | undefined): string {
  return token === undefined ? '' : `,"nextPageToken":"${token}"`;
}

/** A time as a field behind others; nothing where there is none. */
export function printTime(name: string, instant: Instant | undefined): string {
  return instant === undefined ? '' : `,"${name}":"${formatInstant(instant)}"`;
}

/** A 64-bit integer of a reply. */
export function int64Reply(description: string, example: number) {
  return z.bigint().openapi({ type: 'integer', format: 'int64', description, example });
}

export const emptyReply = z.object({}).openapi('Empty');

/** For descriptions of 64-bit fields. */
export const OR_STRING = 'A number, or a decimal string for clients that round large numbers.';

function isJsonObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Names the fields that zod found bad as a client writes them in JSON: `items[1].count`.
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
