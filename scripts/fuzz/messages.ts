/** Protobuf messages as bytes, valid or nearly so, from the descriptors of the contract. */
import {
  createFileRegistry,
  type DescField,
  type DescMessage,
  type DescMethod,
  fromBinary,
  getOption,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { field as fieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import fc, { type Arbitrary } from 'fast-check';
import { instantOf, type Timestamp } from '../../src/domain/instant.ts';
import { COUNT_MAX } from '../../src/domain/limits.ts';
import { descriptors } from '../../src/transport/grpc/validate.ts';
import { bytesField, numberField, tag, varint, wireTypes } from '../../test/support/protobuf.ts';
import type { Expectation } from './case.ts';
import { randomBytes } from './http-bytes.ts';
import { anyText, validFlag } from './json.ts';

/** All methods of the contract but streams, which do not end. */
export const methods: readonly DescMethod[] = [...createFileRegistry(descriptors).files]
  .filter(({ proto }) => proto.package.startsWith('loms.'))
  .flatMap(({ services }) => services)
  .flatMap(({ methods }) => methods)
  .filter(({ methodKind }) => methodKind === 'unary');

export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

const validator = createValidator();

/** The expected answer to these bytes as a request of a method, by the contract's own rules. */
export function expectationOf({ input }: DescMethod, bytes: Uint8Array): Expectation {
  let request: Message;
  try {
    request = fromBinary(input, bytes, { readUnknownFields: false });
    if (!isUncut(input, bytes)) return 'refused';
  } catch {
    return 'refused';
  }
  const result = validator.validate(input, request);
  if (result.kind === 'error') throw result.error;
  const isValid =
    result.kind === 'valid' && sumsFit(request) && skusDiffer(request) && timesFit(input, request);
  return isValid && !hasPageToken(request) ? 'accepted' : 'refused';
}

/** A made-up token of a page is refused. */
function hasPageToken(request: Message): boolean {
  const { pageToken = '' } = request as { pageToken?: string };
  return pageToken !== '';
}

/** Whether each Timestamp is one, which the contract's rules do not cover. */
function timesFit({ fields }: DescMessage, request: Message): boolean {
  const values = request as unknown as Record<string, Timestamp | Message[] | undefined>;
  return fields.every((field) => {
    const value = values[field.localName];
    if (Array.isArray(value) && field.message) {
      const { message } = field;
      return value.every((each) => timesFit(message, each));
    }
    return value === undefined || !isTime(field) || instantOf(value as Timestamp) !== undefined;
  });
}

/** Whether no change or count names a sku again. */
function skusDiffer(request: Message): boolean {
  const { changes, counts } = request as { changes?: readonly { sku: number }[]; counts?: typeof changes };
  const skus = (changes ?? counts ?? []).map(({ sku }) => sku);
  return new Set(skus).size === skus.length;
}

function isTime({ fieldKind, message }: DescField): boolean {
  return fieldKind === 'message' && message?.typeName === 'google.protobuf.Timestamp';
}

function isText(field: DescField): boolean {
  const scalar = field.fieldKind === 'list' || field.fieldKind === 'scalar' ? field.scalar : undefined;
  return scalar === ScalarType.STRING;
}

function isFlag(field: DescField): boolean {
  return field.fieldKind === 'scalar' && field.scalar === ScalarType.BOOL;
}

/**
 * Whether the library has read every field as it was sent: it cuts integers that are wider than their fields,
 * and reads a field of another wire type as if it were of its own.
 */
function isUncut(message: DescMessage, bytes: Uint8Array): boolean {
  for (const { number, wireType, value, payload } of wireFields(bytes)) {
    const field = message.fields.find((each) => each.number === number);
    if (field === undefined) continue;
    const isDelimited = field.message !== undefined || isText(field);
    if (isPacked(field) && wireType === LENGTH_DELIMITED) {
      if (![...varints(payload)].every((each) => fits(field, each))) return false;
      continue;
    }
    if (wireType !== (isDelimited ? LENGTH_DELIMITED : VARINT)) return false;
    if (field.message !== undefined && !isUncut(field.message, payload)) return false;
    if (!isDelimited && !fits(field, value)) return false;
  }
  return true;
}

/** Whether the values of a field may stand in one length-delimited field. */
function isPacked(field: DescField): boolean {
  return field.fieldKind === 'list' && field.message === undefined && !isText(field);
}

function fits(field: DescField, value: bigint): boolean {
  const scalar = field.fieldKind === 'scalar' || field.fieldKind === 'list' ? field.scalar : undefined;
  if (scalar === ScalarType.UINT32) return value < 2n ** 32n;
  // A negative number has the bits of one of 64 bits.
  if (scalar === ScalarType.INT32)
    return value < 2n ** 31n || (value >= 2n ** 64n - 2n ** 31n && value < 2n ** 64n);
  return value < 2n ** 64n;
}

interface WireField {
  readonly number: number;
  readonly wireType: number;
  /** Of a varint. */
  readonly value: bigint;
  /** Of a length-delimited field. */
  readonly payload: Uint8Array;
}

/**
 * The fields of a message on the wire, without those in groups, which are unknown to all messages.
 *
 * @throws for a varint of more than ten bytes, a length past the end, and the end of a group without its
 * beginning.
 */
function* wireFields(bytes: Uint8Array): Generator<WireField> {
  let at = 0;
  let groups = 0;
  const read = () => {
    const varint = readVarint(bytes, at);
    at = varint.end;
    return varint.value;
  };
  while (at < bytes.length) {
    const head = read();
    const wireType = Number(head & 7n);
    const value = wireType === VARINT || wireType === LENGTH_DELIMITED ? read() : 0n;
    if (wireType === wireTypes.bit32) at += 4;
    if (wireType === wireTypes.bit64) at += 8;
    if (wireType === wireTypes.endGroup) groups--;
    if (groups < 0) throw new Error('the end of a group that has not begun');
    const length = wireType === LENGTH_DELIMITED ? Number(value) : 0;
    if (at + length > bytes.length) throw new Error('a length past the end');
    const payload = bytes.subarray(at, at + length);
    at += length;
    if (groups === 0 && wireType !== wireTypes.endGroup)
      yield { number: Number(head >> 3n), wireType, value, payload };
    if (wireType === wireTypes.startGroup) groups++;
  }
}

function readVarint(bytes: Uint8Array, start: number): { readonly value: bigint; readonly end: number } {
  let value = 0n;
  for (let at = start, shift = 0n; ; shift += 7n) {
    if (shift === 70n) throw new Error('a varint of more than ten bytes');
    const byte = bytes[at++] ?? 0;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return { value, end: at };
  }
}

/** The values of a packed list. */
function* varints(bytes: Uint8Array): Generator<bigint> {
  for (let at = 0; at < bytes.length; ) {
    const { value, end } = readVarint(bytes, at);
    yield value;
    at = end;
  }
}

/** Whether merged lines keep the limit of a line, which the contract's rules do not cover. */
function sumsFit(request: Message): boolean {
  const { items = [] } = request as { items?: readonly { sku: number; count: number }[] };
  const sums = new Map<number, number>();
  for (const { sku, count } of items) sums.set(sku, (sums.get(sku) ?? 0) + count);
  return Math.max(0, ...sums.values()) <= COUNT_MAX;
}

/** Skus with stock in the seed set `development`, and small ids, which orders soon have. */
const known = [1n, 2n, 10n, 300n, 1_625_903n, 139_275_865n];

const { varint: VARINT, lengthDelimited: LENGTH_DELIMITED } = wireTypes;
const WIRE_TYPES = 8;
const LINES_USUAL_MAX = 8;
const TEXT_MAX = 255;

/** A valid message, as its encoded fields in the order of the descriptor. */
export function validFields(message: DescMessage): Arbitrary<Buffer[]> {
  return fc.tuple(...message.fields.map(validField)).map((fields) => fields.flat());
}

function validField(field: DescField): Arbitrary<Buffer[]> {
  // A run has no time for replies that wait.
  if (field.name === 'wait_seconds') return fc.constant([]);
  if (field.fieldKind === 'scalar' && isText(field)) return validText(field);
  if (isFlag(field)) return validFlag.map((flag) => [numberField(field.number, flag ? 1n : 0n)]);
  if (field.fieldKind === 'scalar') {
    return validNumber(field).map((value) => [numberField(field.number, value)]);
  }
  if (isTime(field)) return validTime.map((time) => [bytesField(field.number, Buffer.concat(time))]);
  if (field.fieldKind === 'list' && isText(field)) {
    const choices = fc.subarray([...choicesOf(field)]);
    return choices.map((all) => all.map((text) => bytesField(field.number, Buffer.from(text))));
  }
  if (field.fieldKind === 'list' && field.message === undefined) {
    const numbers = fc.array(validNumber(field), { minLength: 1, maxLength: LINES_USUAL_MAX });
    return numbers.map((all) => all.map((value) => numberField(field.number, value)));
  }
  if (field.fieldKind !== 'list') throw new Error(`${field} is of an unknown kind`);
  // Lines of the same sku are summed, and the sum could be too high.
  const lines = {
    minLength: 1,
    maxLength: LINES_USUAL_MAX,
    selector: ([sku]: Buffer[]) => sku?.toString('hex'),
  };
  return fc.uniqueArray(validFields(field.message), lines).map((all) => {
    return all.map((line) => bytesField(field.number, Buffer.concat(line)));
  });
}

/** None for page tokens, of which none can be made up. */
function validText(field: DescField): Arbitrary<Buffer[]> {
  if (field.name === 'page_token') return fc.constant([]);
  const choices = choicesOf(field);
  const text = choices.length > 0 ? fc.constantFrom(...choices) : anyText(TEXT_MAX);
  return text.map((each) => [bytesField(field.number, Buffer.from(each))]);
}

/** Seconds and nanoseconds. */
const validTime = fc
  .tuple(fc.bigInt({ min: 0n, max: 253_402_300_799n }), fc.bigInt({ min: 0n, max: 999_999_999n }))
  .map(([seconds, nanos]) => [numberField(1, seconds), numberField(2, nanos)]);

function choicesOf(field: DescField): readonly string[] {
  const { type } = getOption(field, fieldRules);
  const items = type.case === 'repeated' ? type.value.items?.type : type;
  return items?.case === 'string' ? items.value.in : [];
}

const numberMax = { int64: 2n ** 63n - 1n, uint32: 2n ** 32n - 1n, int32: 2n ** 31n - 1n };

function validNumber(field: DescField): Arbitrary<bigint> {
  const rules = getOption(field, fieldRules).type;
  const type = rules.case === 'repeated' ? rules.value.items?.type : rules;
  if (type?.case !== 'int64' && type?.case !== 'uint32' && type?.case !== 'int32') {
    throw new Error(`${field} has unknown rules`);
  }
  const { greaterThan, lessThan } = type.value;
  const min = BigInt(greaterThan.value ?? 0);
  const max = BigInt(lessThan.value ?? numberMax[type.case]);
  const usual = known.filter((value) => value >= min && value <= max);
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...usual) },
    { weight: 2, arbitrary: fc.bigInt({ min, max: max < 2_000n ? max : 2_000n }) },
    { weight: 2, arbitrary: fc.bigInt({ min, max }) },
    { weight: 1, arbitrary: fc.constantFrom(min, max) },
  );
}

/** A message with one fault, or with something unusual. */
export function faultyMessage(message: DescMessage): Arbitrary<Buffer> {
  const fault = fc.oneof(
    fc.tuple(fc.integer({ min: 0, max: 3 }), oddNumber).map(([number, value]) => numberField(number, value)),
    fc.tuple(fc.integer({ min: 1, max: 3 }), wideNumber).map(([number, value]) => numberField(number, value)),
    fc
      .tuple(fc.integer({ min: 1, max: 2 }), wideNumber)
      .map(([number, value]) => bytesField(2, numberField(number, value))),
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), overlong)
      .map(([number, bytes]) => Buffer.concat([tag(number, VARINT), bytes])),
    fc.tuple(fieldNumber, fc.nat(WIRE_TYPES - 1), randomBytes(40)).map(([number, wireType, bytes]) => {
      return Buffer.concat([tag(number, wireType), bytes]);
    }),
    fc.tuple(fieldNumber, randomBytes(200)).map(([number, bytes]) => bytesField(number, bytes)),
    fc.tuple(fieldNumber, fc.bigInt({ min: 0n, max: 2n ** 35n })).map(([number, length]) => {
      return Buffer.concat([tag(number, LENGTH_DELIMITED), varint(length)]);
    }),
    fc.integer({ min: 1, max: 60_000 }).map((depth) => Buffer.alloc(depth, tag(1, 3))),
    fc.integer({ min: 1, max: 60_000 }).map((depth) => {
      return Buffer.concat([Buffer.alloc(depth, tag(9, 3)), Buffer.alloc(depth, tag(9, 4))]);
    }),
    fc
      .integer({ min: 900, max: 1_100 })
      .map((count) => Buffer.alloc(4 * count, bytesField(2, numberField(1, 7n)))),
    randomBytes(60),
  );
  return fc.tuple(validFields(message), fault, fc.nat(10), fc.nat(3)).map(([fields, bytes, at, removed]) => {
    return Buffer.concat(fields.toSpliced(at % (fields.length + 1), removed, bytes));
  });
}

const fieldNumber = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 5, max: 2 ** 29 - 1 }));

const oddNumber = fc.oneof(
  fc.constantFrom(
    0n,
    -1n,
    65_535n,
    65_536n,
    2n ** 31n,
    2n ** 32n,
    2n ** 32n + 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

/** Numbers that no field of 32 bits holds, or none of 64, though their low bits are a valid value. */
const wideNumber = fc
  .tuple(fc.constantFrom(32n, 33n, 63n, 64n, 65n, 69n), fc.constantFrom(...known))
  .map(([bits, low]) => (1n << bits) + low);

/** Varints that are longer than necessary, or than a number can be. */
const overlong = fc.integer({ min: 1, max: 12 }).map((length) => {
  return Buffer.concat([Buffer.alloc(length, 0x81), Buffer.of(0)]);
});
