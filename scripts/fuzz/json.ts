/**
 * JSON texts from a schema: valid ones, and ones with one fault. They are texts and not values, so that they
 * can hold what no value can: very long numbers, duplicate keys, literals that are not JSON.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { Expectation } from './case.ts';
import { asNumber, type OpenApi, resolve, type Schema } from './openapi.ts';

/** Up to this id there are soon orders and stock, so that requests often find something. */
const ID_MAX = 2_000n;

/** A text with a fault, and the expected answer to it as a request. */
export interface FaultyJson {
  readonly text: string;
  readonly expected: Expectation;
}

const refused = (text: string): FaultyJson => ({ text, expected: 'refused' });
const either = (text: string): FaultyJson => ({ text, expected: 'any' });

/** Literals that are no valid value of any field. */
const badLiterals = [
  ...['null', 'true', '{}', '[]', '""', '"x"', '" 1"', '"1 "', '"+1"', '"01"', '"0x1"', '"1e3"', '"-1"'],
  ...['0', '-0', '-1', '1.0', '1.5', '1e3', '1e400', '-1e-400', '00', '01', '+1', '.5', '1.', '0x10', '1n'],
  ...['NaN', 'Infinity', '-Infinity', 'undefined', '', "'1'", '"\\u0000"', '"\\ud800"', '"\\x41"', '"\n"'],
  ...['9223372036854775808', '-9223372036854775809', '18446744073709551616', '99999999999999999999'],
  ...['[1]', '[[1]]', '{"a":1}', '[null]', '[{}]', '{"__proto__":1}', '{"constructor":{"prototype":1}}'],
];

const hugeNumber = fc
  .tuple(fc.constantFrom('', '-'), fc.integer({ min: 20, max: 20_000 }), fc.constantFrom('', '.5', 'e999999'))
  .map(([sign, digits, tail]) => `${sign}${'9'.repeat(digits)}${tail}`);

/** A random text may be a number, or a string of digits, which some fields accept. Others are refused. */
const unlessNumber = (text: string) => (/^"?\d/.test(text) ? either(text) : refused(text));

const badLiteral: Arbitrary<FaultyJson> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...badLiterals).map(refused) },
  { weight: 1, arbitrary: hugeNumber.map(refused) },
  {
    weight: 1,
    arbitrary: fc
      .string({ unit: 'binary', maxLength: 50 })
      .map((text) => JSON.stringify(text))
      .map(unlessNumber),
  },
  { weight: 1, arbitrary: fc.json().map(unlessNumber) },
);

/** A whole number within a schema's limits, which were rounded when the document was parsed. */
export function validInteger({ minimum = 0, maximum = 2 ** 53, example }: Schema): Arbitrary<bigint> {
  const min = BigInt(minimum);
  const max = maximum >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(maximum);
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(BigInt(typeof example === 'number' ? example : minimum)) },
    { weight: 4, arbitrary: fc.bigInt({ min, max: max < ID_MAX ? max : ID_MAX }) },
    { weight: 2, arbitrary: fc.bigInt({ min, max }) },
    { weight: 1, arbitrary: fc.constantFrom(min, max) },
  );
}

/** Mostly off: with `validateOnly` a create writes no order for other cases. */
export const validFlag = fc.nat(4).map((each) => each === 0);

/** A text: one of a few, a time, or any of at most `maxLength` characters. */
function validText({ enum: choices, format, maxLength = 255 }: Schema): Arbitrary<string> {
  if (choices) return fc.constantFrom(...choices);
  if (format === 'date-time') return fc.constant('2026-11-26T12:00:00Z');
  return anyText(maxLength);
}

/** Characters of all planes, without NUL. */
export const anyText = (maxLength: number) =>
  fc.string({ unit: 'binary', maxLength }).map((text) => text.replaceAll('\0', ''));

/** JSON texts that match a schema. */
export function validJson(document: OpenApi, reference: Schema): Arbitrary<string> {
  const schema = resolve(document, reference);
  if (schema.anyOf) {
    const integer = validInteger(asNumber(schema));
    return fc.oneof(
      integer.map(String),
      integer.map((value) => `"${value}"`),
    );
  }
  switch (schema.type) {
    case 'integer':
      return validInteger(schema).map(String);
    case 'boolean':
      return validFlag.map(String);
    case 'string':
      return validText(schema).map((text) => JSON.stringify(text));
    case 'array': {
      const { minItems: minLength = 0, maxItems: maxLength = 10, items = {} } = schema;
      // Lines of the same sku begin alike; their sum could be too high.
      const selector = (text: string) => text.split(',', 1)[0];
      const lines = { minLength, maxLength, size: 'small', selector } as const;
      return fc.uniqueArray(validJson(document, items), lines).map(arrayText);
    }
    case 'object': {
      const properties = Object.entries(schema.properties ?? {});
      const values = properties.map(([, each]) => validJson(document, each));
      return fc.tuple(...values).map((texts) =>
        objectText(
          properties.map(([name]) => name),
          texts,
        ),
      );
    }
    default:
      throw new Error(`the document has a schema of the unknown type ${schema.type}`);
  }
}

const isFlag = (text: string) => /^(true|false)$/.test(text);

/** JSON texts, or nearly JSON, that match a schema except for one fault. */
export function faultyJson(document: OpenApi, reference: Schema): Arbitrary<FaultyJson> {
  const schema = resolve(document, reference);
  switch (schema.type) {
    case 'array':
      return faultyArray(document, schema);
    case 'object':
      return faultyObject(document, schema);
    case 'boolean':
      return badLiteral.map(({ text }) => (isFlag(text) ? either(text) : refused(text)));
    case 'string':
      return badLiteral.map(({ text }) => (text.startsWith('"') ? either(text) : refused(text)));
    default:
      return (asNumber(schema).minimum ?? 1) > 0
        ? badLiteral
        : badLiteral.map(({ text }) => unlessWhole(text));
  }
}

/** Fields that may be 0 or less accept some of the literals. */
const unlessWhole = (text: string) => (/^"?-?\d/.test(text) ? either(text) : refused(text));

function faultyArray(document: OpenApi, { maxItems = 10, items = {} }: Schema): Arbitrary<FaultyJson> {
  const valid = validJson(document, items);
  const oneBad = fc
    .tuple(valid, faultyJson(document, items))
    .map(([line, bad]) => ({ ...bad, text: arrayText([line, bad.text]) }));
  // Up to the limit it depends on the sum of the lines.
  const many = fc
    .tuple(valid, fc.integer({ min: maxItems - 1, max: maxItems + 2 }))
    .map(([line, count]) => (count > maxItems ? refused : either)(arrayText(Array(count).fill(line))));
  return fc.oneof(
    { weight: 4, arbitrary: oneBad },
    { weight: 1, arbitrary: many },
    { weight: 1, arbitrary: badLiteral.map(({ text }) => unlessArray(text)) },
  );
}

/** One of the literals is a list of a number, which some fields accept. */
const unlessArray = (text: string) => (text.startsWith('[') ? either(text) : refused(text));

function faultyObject(document: OpenApi, { properties = {}, required = [] }: Schema): Arbitrary<FaultyJson> {
  const names = Object.keys(properties);
  const valid = fc.tuple(...Object.values(properties).map((each) => validJson(document, each)));
  return fc.constantFrom(...names.entries()).chain(([at, name]) => {
    const bad = faultyJson(document, properties[name] ?? {});
    const oneBad = fc
      .tuple(valid, bad)
      .map(([texts, { text, expected }]) => ({ text: objectText(names, texts.with(at, text)), expected }));
    const missing = (texts: string[]) => objectText(names.toSpliced(at, 1), texts.toSpliced(at, 1));
    const twice = (texts: string[]) => objectText([...names, name], [...texts, '7']);
    return fc.oneof(
      { weight: 6, arbitrary: oneBad },
      { weight: 1, arbitrary: valid.map(missing).map(required.includes(name) ? refused : either) },
      // A duplicate key is refused, unless both values are the same.
      { weight: 1, arbitrary: valid.map((texts) => (texts[at] === '7' ? either : refused)(twice(texts))) },
      { weight: 1, arbitrary: valid.map((texts) => refused(objectText(names, texts).slice(0, -1))) },
      { weight: 1, arbitrary: badLiteral },
    );
  });
}

/** Deeply nested brackets. */
export const deepJson = fc
  .tuple(fc.constantFrom('[', '{"a":', '{"items":['), fc.integer({ min: 10, max: 30_000 }), fc.boolean())
  .map(([open, depth, closed]) => {
    const close = [...open].reverse().map((sign) => ({ '[': ']', '{': '}' })[sign] ?? '');
    // Just below the size limit of a body.
    const times = Math.min(depth, Math.floor(130_000 / (open.length + close.join('').length)));
    return `${open.repeat(times)}1${closed ? close.join('').repeat(times) : ''}`;
  });

function arrayText(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}

function objectText(names: readonly string[], texts: readonly string[]): string {
  return `{${names.map((name, index) => `${JSON.stringify(name)}:${texts[index]}`).join(',')}}`;
}
